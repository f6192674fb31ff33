/*
 * schedule - which job runs when: a bounded queue in front of a number of slots.
 *
 * A job takes a slot when it starts and gives it back when it ends; both are decided here, on the main
 * thread. Taking a slot hands the real work to the workers at once; with a profile the slot is kept until the
 * profile's time is over as well, which costs a timer and no thread. A job that fails ends when its failure
 * is known.
 *
 * submitted = running + waiting + ended, at any time.
 */
#pragma once

#include "job.h"

struct schedule_events {
    void (*started)(void *context, struct job *job);
    /* Its real work is done, `work_done` says so. It ends now unless its timer is armed, which may be done
     * here. */
    void (*worked)(void *context, struct job *job);
    /* Its state, error and times are set; the slot is free again. */
    void (*ended)(void *context, struct job *job);
};

struct schedule {
    struct loop *loop;
    struct workers *workers;
    const struct profile *profile; /* or NULL */
    double time_scale;
    uint64_t seed;
    int slots, queue_max;
    const struct schedule_events *events;
    void *context;
    int running, waiting;
    struct job *first, *last; /* of the queue */
    uint64_t started, queued;
    bool closed; /* nothing starts any more */
};

/* Whether one more job would be taken. */
bool schedule_has_room(const struct schedule *s);
/* There is room. The job starts at once when a slot is free. */
void schedule_submit(struct schedule *s, struct job *job);
/* From the loop: collects what the workers have done. */
void schedule_collect(struct schedule *s);
/* From 1, for a queued job. */
int schedule_place(const struct schedule *s, const struct job *job);
