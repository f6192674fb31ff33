/*
 * timeline - a run cut into equal intervals, from the zero of its time to its last job's end: for charts and
 * tables.
 *
 * Sums over the intervals equal the totals: started is attempted, done is completed. Warm-up jobs are left
 * out.
 */
#pragma once

#include "plan.h"
#include "record.h"

enum { TIMELINE_MAX = 120 };

struct timeline_row {
    int users;        /* the most that were active at a time */
    double in_flight; /* on average */
    int64_t started, done, failed;
    double p50, p95; /* of the generations that ended in it, in seconds; NAN without any */
};

struct timeline {
    double interval; /* seconds: 1, 1.5, 2, 3, 5 or 7.5 times a power of ten; of tallied jobs, whole intervals
                        of the record */
    int count; /* of rows, at most TIMELINE_MAX; some 70 or more unless nothing happened or they are tallied
                */
    struct timeline_row *rows;
};

void timeline_measure(const struct plan *p, const struct record *r, struct arena *arena,
                      struct timeline *ret);
/* The mean of a series' points in each interval, NAN where there are none; as many as the timeline has rows.
 */
double *timeline_of_series(const struct timeline *t, const struct record_series *s, struct arena *arena);
