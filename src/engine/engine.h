/*
 * engine - plays a plan: virtual users start jobs, jobs walk through the workflow, everything goes into the
 * record.
 *
 * It lives on the thread of its loop and knows nothing of sockets or clocks but through it, so in virtual
 * time the same code plays an hour in milliseconds. Users: *paced* ones start a job, think, and start the
 * next whether or not the first has ended; *closed* ones wait for their job's end and then think. After the
 * load, running jobs are followed to their end or to their timeout.
 *
 * Law: when it has finished, every job in the record has ended exactly once.
 */
#pragma once

#include "payload.h"
#include "plan.h"
#include "progress.h"
#include "record.h"
#include "request.h"

struct engine;

struct engine_config {
    struct loop *loop;
    const struct plan *plan;
    const struct loop_addr *addr; /* the target's; not used by a simulation */
    struct http_target target;
    const struct payload *payload; /* NULL when no step uploads a picture */
    uint64_t seed;
    bool threads;              /* a thread for checks; false in virtual time */
    struct record *record;     /* initialised; the engine writes jobs, phases, users, times */
    struct progress *progress; /* zeroed */
};

/* NULL with errno when a thread could not be started. Everything in the config outlives the engine. */
struct engine *engine_create(const struct engine_config *config);
void engine_destroy(struct engine *e);

/* Begins now; loop_run() returns when the last job has ended. On the loop's thread. */
void engine_start(struct engine *e);

/* From any thread and from signal handlers. Drain: no more starts, running jobs are followed. Stop: running
 * jobs end at once as unfinished. */
void engine_drain(struct engine *e);
void engine_stop(struct engine *e);
