/*
 * sio - Socket.IO on a session: the namespace "/", a client's subscriptions, the events that it may send.
 *
 * subscribe, subscribe_job {job_id}; unsubscribe {job_id}; ping. Each of them may ask for an ack.
 */
#pragma once

#include "events.h"

enum { SIO_SUBSCRIPTIONS_MAX = 64 };

struct session;
struct sio_room;

struct sio {
    bool connected;
    int attachments; /* binary messages that belong to the last event: dropped */
    int rooms_count;
    struct sio_room *rooms;
};

/* A message of the client. NULL, or why the session is to be closed. */
const char *sio_message(struct session *s, const char *text, size_t len);
const char *sio_binary(struct session *s);
/* Nothing waits for the client any more: the latest state of what was dropped is sent. */
void sio_drained(struct session *s);
void sio_finish(struct session *s);
