/*
 * sample - what can be said of some numbers: order, mean, percentiles.
 *
 * Pure functions on the caller's memory, any thread. The numbers are finite. Of no numbers everything is NAN.
 */
#pragma once

struct sample_summary {
    int count;
    double mean, min, max, p50, p95, p99;
};

/* Ascending. */
void sample_sort(double *values, int count);
double sample_mean(const double *values, int count);
/* Of a sample (divided by count - 1); NAN of fewer than two. */
double sample_deviation(const double *values, int count);

/*
 * The percentile by linear interpolation between the neighbours of rank (count - 1) * percent / 100: type 7
 * of Hyndman and Fan 1996. `percent` is in [0, 100].
 */
double sample_percentile(const double *sorted, int count, double percent);
/* The same when `censored` further values are only known to lie above all others: INFINITY when the
 * percentile lies among them or leans on one of them. */
double sample_percentile_censored(const double *sorted, int count, int censored, double percent);

/* Sorts the values. */
void sample_summarise(double *values, int count, struct sample_summary *ret);
