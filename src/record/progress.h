/*
 * progress - the engine's counters as others may read them while it runs.
 *
 * Written by the engine's thread alone, read by any: single values are exact, together they may be a moment
 * apart.
 */
#pragma once

#include "clock.h"

#include <stdatomic.h>

enum { PROGRESS_RECENT = 128 };

struct progress {
    atomic_int phase; /* -1: warm-up */
    atomic_int users;
    atomic_int in_flight;
    atomic_int started;
    atomic_int ok;
    atomic_int failed;
    atomic_bool draining;    /* no more starts; running jobs are followed */
    _Atomic nsec load_began; /* monotonic; 0: not yet */
    atomic_int recent_count; /* generations so far; the last PROGRESS_RECENT durations are kept, in a ring */
    _Atomic nsec recent[PROGRESS_RECENT];
};
