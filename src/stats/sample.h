/*
 * sample - what can be said of some numbers: order, mean, percentiles.
 *
 * Numbers that were kept one by one and numbers that were only counted (hist.h) are the same to those who
 * read them. Pure functions on the caller's memory, any thread. The numbers are finite. Of no numbers
 * everything is NAN.
 */
#pragma once

#include "arena.h"
#include "hist.h"

struct sample {
    const double *values; /* ascending */
    const int64_t *upto;  /* so many are at or below the value of the same index; NULL: one each */
    int64_t distinct;     /* values there are */
    int64_t count;        /* numbers that they stand for */
    double mean;          /* of a histogram: exact, as are the first and the last value */
    double deviation;     /* of a sample (divided by count - 1); NAN of fewer than two */
};

/* Sorts the values and points at them. */
struct sample sample_of(double *values, int64_t count);
/* Points at values that ascend already. */
struct sample sample_of_sorted(const double *sorted, int64_t count);
/* Its nanoseconds as seconds; in the arena. */
struct sample sample_of_hist(const struct hist *h, struct arena *arena);

/* The value of a 0-based rank, which exists. */
double sample_at(const struct sample *s, int64_t rank);
/*
 * The percentile by linear interpolation between the neighbours of rank (count - 1) * percent / 100: type 7
 * of Hyndman and Fan 1996. `percent` is in [0, 100].
 */
double sample_percentile(const struct sample *s, double percent);
/* The same when `censored` further values are only known to lie above all others: INFINITY when the
 * percentile lies among them or leans on one of them. */
double sample_percentile_censored(const struct sample *s, int64_t censored, double percent);

struct sample_summary {
    int64_t count;
    double mean, min, max, p50, p95, p99;
};
void sample_summarise(const struct sample *s, struct sample_summary *ret);

/* Ascending. */
void sample_sort(double *values, int64_t count);
/* Of numbers in any order. */
double sample_mean(const double *values, int64_t count);
