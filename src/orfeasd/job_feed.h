/*
 * job_feed - a client that listens to one job: over a WebSocket of its own, or as Server-Sent Events.
 *
 * It begins with how the job stands and ends after its end. The feed frees itself when its connection goes.
 */
#pragma once

#include "exchange.h"
#include "job.h"

/* In finish(): answers 101, or an error. The handler's end() is ws_conn_end(). */
void job_feed_open_socket(struct exchange *x, struct job *job);
/* In finish(): answers 200, with the events. The handler's end() is job_feed_end(). */
void job_feed_open_stream(struct exchange *x, struct job *job);
void job_feed_end(struct exchange *x);
void job_feed_drained(struct exchange *x); /* the handler's drained() */
/* Ends them all, with what they were sent still on its way. */
/* The id of a stream's last event, which a browser that comes back shows: it says which end it has seen. */
enum { JOB_FEED_ID = 32 };
char *job_feed_end_id(const struct job *job, char out[JOB_FEED_ID]);
void job_feed_close_all(struct backend *b);
