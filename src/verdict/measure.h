/*
 * measure - what a criterion talks about, taken from a record: the number, how sure it is, or why there is
 * none.
 *
 * Rates are of the jobs that ended. A percentile or maximum that lies among the jobs which timed out is
 * INFINITY: "not reached". Texts live in the caller's arena, or are static.
 */
#pragma once

#include "interval.h"
#include "plan.h"
#include "record.h"

#define MEASURE_CONFIDENCE 0.95

enum measured_state {
    MEASURED,
    MEASURED_NOTHING, /* it exists, but there is no data that tells */
    MEASURED_ABSENT   /* its subject does not exist */
};

struct measured {
    enum measured_state state;
    double value;             /* seconds, per cent, or a count; NAN without data */
    struct interval interval; /* of the same unit; none for counts, which are exact, and for a maximum */
    double confidence;        /* NAN without an interval */
    int64_t count;            /* values it was made from */
    int64_t censored;         /* further ones that timed out */
    int64_t hits;             /* of a rate: how many of `count` */
    const char *why;          /* of a state that is not MEASURED, else "" */
};

struct measured measure_take(const struct measure *m, const struct plan *p, const struct record *r,
                             struct arena *arena);
