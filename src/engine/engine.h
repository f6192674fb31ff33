/*
 * engine - plays a plan: users or arrivals start jobs, jobs walk through the workflow, everything goes into
 * the record.
 *
 * The work is shared out among workers: each is one thread with a loop, connections, users and a record of
 * its own, and knows from the plan alone what is its part. On the way of a request nothing is shared and
 * nothing is locked. What has to be agreed on is agreed on rarely: when the load begins after a warm-up, and,
 * of a number of jobs, how many each may start (in portions that become smaller towards the end). Limits are
 * divided: of max_in_flight, concurrent jobs and connections, each worker has its share.
 *
 * A worker knows nothing of sockets or clocks but through its loop, so in virtual time the same code plays an
 * hour in milliseconds; there is one worker then. After the load, running jobs are followed to their end or
 * to their timeout.
 *
 * Law: when it has finished, every job in the record has ended exactly once.
 */
#pragma once

#include "http_client.h"
#include "payload.h"
#include "plan.h"
#include "progress.h"
#include "record.h"

struct engine;

enum { ENGINE_WORKERS_MAX = 256 };

struct engine_config {
    struct loop *loop; /* a simulated one, for one worker and no other thread; NULL: real ones */
    int workers;       /* wanted, 1 to ENGINE_WORKERS_MAX; see engine_workers() */
    const struct plan *plan;
    struct http_target target;
    const struct payload *payloads; /* pictures to upload, in turn */
    int payload_count;              /* 0 when no step uploads */
    int connections;                /* at most, in all, but one a worker; 0: no limit */
    uint64_t seed;
    struct record *record;     /* initialised by engine_create(), finished by the caller */
    struct progress *progress; /* of engine_workers() shares */
};

/* How many workers it will have: never more than can have something to do. */
int engine_workers(const struct plan *plan, int wanted);
/* How many to want with so many cores, when nobody says. Each worker has its part of every limit, and what
 * waits for a place in one part sees no free one in another: parts are not made so small that this would
 * show. */
int engine_workers_usual(const struct plan *plan, int cores);
/* How the plan's jobs are kept. */
struct record_shape engine_record_shape(const struct plan *plan);

/* NULL with errno when a loop or a thread is not to be had. Everything in the config outlives the engine. */
struct engine *engine_create(const struct engine_config *config);
void engine_destroy(struct engine *e);

/* Plays it; returns when the last job has ended, with all of it in the record. False with errno when a thread
 * could not be started: then nothing was sent. */
bool engine_run(struct engine *e);
/* The loops' time of the record's zero, once engine_run() has begun. */
nsec engine_zero(const struct engine *e);

/* From any thread and from signal handlers. Drain: no more starts, running jobs are followed. Stop: running
 * jobs end at once as unfinished. */
void engine_drain(struct engine *e);
void engine_stop(struct engine *e);
