/*
 * bucket - quantiles of what was only counted in buckets, as a target's histograms do. Pure.
 *
 * By linear interpolation within the bucket, with the rules of Prometheus' histogram_quantile(), so that a
 * dashboard shows the same number: the first bucket begins at 0 (unless its bound is not above 0: then its
 * bound is the answer), and what lies in the last one is told as the bound below it.
 */
#pragma once

struct bucket {
    double bound; /* its upper end */
    double count; /* cumulative: of all values at or below the bound */
};

/* Sorts by the bound, adds up those of one bound, and levels counts that fall where they cannot: several
 * series were read one after the other. Returns how many there are then. */
int bucket_tidy(struct bucket *buckets, int count);
/* `quantile` from 0 to 1, of tidy buckets; NAN when the last bound is not infinite, there are fewer than two,
 * or nothing was counted. */
double bucket_quantile(const struct bucket *buckets, int count, double quantile);
