/*
 * interval - how sure a number is: confidence intervals that hold for small samples.
 *
 * `confidence` is of the two-sided interval, 0.95 for 95 %. An end that the sample cannot bound is infinite;
 * an interval that does not exist at all is NAN on both ends. Pure functions, any thread.
 */
#pragma once

#include "sample.h"

#include <stdbool.h>

struct interval {
    double low, high;
};

struct interval interval_none(void);
bool interval_exists(struct interval i);

/* Of a share, in [0, 1], after `hits` of `count`: Clopper and Pearson 1934. None without any. */
struct interval interval_proportion(int64_t hits, int64_t count, double confidence);

/*
 * Ranks, from 1, of the order statistics that bound a percentile with one-sided confidence (Wilks 1948; David
 * and Nagaraja, Order Statistics, chapter 7); 0: the sample is too small.
 */
int64_t interval_lower_rank(int64_t count, double percent, double confidence);
int64_t interval_upper_rank(int64_t count, double percent, double confidence);
/* How many values it takes for the percentile to have an upper bound with one-sided confidence. */
int interval_percentile_needs(double percent, double confidence);
/* Of a percentile of values above which lie `censored` more that are not known. */
struct interval interval_percentile(const struct sample *s, int64_t censored, double percent,
                                    double confidence);

/* Of a mean, by Student's t; none of fewer than two values. */
struct interval interval_mean(const struct sample *s, double confidence);
