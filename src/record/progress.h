/*
 * progress - the workers' counters as others may read them while they run.
 *
 * Each worker has a share that only its thread writes; any thread reads them summed: single values are exact,
 * together they may be a moment apart.
 */
#pragma once

#include "clock.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { PROGRESS_RECENT = 128 };

struct progress_share {
    _Alignas(64) atomic_int phase; /* -1: warm-up */
    atomic_int users;
    atomic_int_fast64_t in_flight, started, ok, failed;
    atomic_bool draining;    /* no more starts; running jobs are followed */
    _Atomic nsec load_began; /* monotonic; 0: not yet */
    atomic_int recent_count; /* generations so far; the last PROGRESS_RECENT durations are kept, in a ring */
    _Atomic nsec recent[PROGRESS_RECENT];
};

struct progress {
    struct progress_share *shares;
    int count;
};

/* Aborts without memory. */
void progress_init(struct progress *p, int workers);
void progress_finish(struct progress *p);

/* By the share's own thread. */
void progress_add(atomic_int_fast64_t *counter, int64_t change);
void progress_generation(struct progress_share *s, nsec took);

struct progress_view {
    int phase, users;
    int64_t in_flight, started, ok, failed;
    bool draining;   /* all of them are */
    nsec load_began; /* 0: not yet */
};
void progress_read(const struct progress *p, struct progress_view *ret);
/* The durations of the last generations of every worker, ascending, at most `room`. Returns how many. */
int progress_recent(const struct progress *p, nsec *ret, int room);
