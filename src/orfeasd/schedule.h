/*
 * schedule - which job runs when: a bounded queue in front of a number of slots.
 *
 * A job takes a slot when it starts and gives it back when it ends; both are decided here, on the main
 * thread. Taking a slot hands the real work to the workers at once; with a profile the slot is kept until the
 * profile's time is over as well, which costs a timer and no thread. A job that fails ends when its failure
 * is known. Before it ends, its owner may want to write down how: meanwhile it keeps its slot.
 *
 * submitted = running + waiting + ended, at any time.
 */
#pragma once

#include "job.h"

struct schedule_events {
    void (*started)(void *context, struct job *job);
    /* Its real work is done, `work_done` says so. It ends now unless its timer is armed, which may be done
     * here, and it was neither cancelled nor failed. */
    void (*worked)(void *context, struct job *job);
    /* How it ends is decided: `outcome`, error and times are set. True: schedule_settled() will be called for
     * it, not from within. */
    bool (*settling)(void *context, struct job *job);
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
    struct job *first, *last;                 /* of the queue */
    struct job *first_running, *last_running; /* in the order of starting */
    uint64_t started, queued, accepted;
    nsec typical; /* how long a job holds its slot: a moving average of those that completed; 0: unknown */
    bool closed;  /* nothing starts any more */
};

/* Whether one more job would be taken. */
bool schedule_has_room(const struct schedule *s);
/* There is room. The job starts at once when a slot is free. */
void schedule_submit(struct schedule *s, struct job *job);
/* From the loop: collects what the workers have done. */
void schedule_collect(struct schedule *s);
/* A job that was settling is written down: it ends. */
void schedule_settled(struct schedule *s, struct job *job);
/* One that waits ends at once as cancelled; one that runs, as soon as its work stops, unless how it ends is
 * decided already. */
void schedule_cancel(struct schedule *s, struct job *job);
/* Nothing starts any more; what waits has failed as interrupted. */
void schedule_close(struct schedule *s);
/* What runs has failed as interrupted, calling `each` for it. Its work may go on until the workers are
 * destroyed, so these jobs have to stay until then. */
void schedule_interrupt(struct schedule *s, void (*each)(void *context, struct job *job), void *context);

/* From 1, for a queued job. */
int schedule_place(const struct schedule *s, const struct job *job);
/* How long until the next job is likely to end; 0 when nothing is known. */
nsec schedule_next_end(const struct schedule *s, nsec now);
/* How long until the job has likely ended; negative when nothing is known. */
nsec schedule_eta(const struct schedule *s, const struct job *job, nsec now);
/* Before the first job has completed: what the profile says. */
void schedule_expect(struct schedule *s);
