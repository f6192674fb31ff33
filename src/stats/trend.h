/*
 * trend - a robust straight line through points: the median of all slopes (Theil 1950), with Sen's confidence
 * interval (Sen 1968). Up to 29 % of the points may be outliers.
 *
 * Memory comes from the caller's arena and stays in it. Any thread.
 */
#pragma once

#include "arena.h"
#include "interval.h"

#include <stdbool.h>

enum {
    TREND_POINTS_MAX = 600
}; /* more are thinned out to medians of equal intervals of x; n^2/2 slopes are made */

enum trend_noise {
    TREND_INDEPENDENT, /* deviations from the line do not depend on each other */
    TREND_CORRELATED   /* they may: widen the interval as Hamed and Rao 1998, lags 1 to 3, never narrow it */
};

struct trend {
    int count; /* points that were used, after thinning */
    double slope;
    struct interval interval; /* of the slope */
    double variance;          /* of Kendall's S, as used */
    double inflation;         /* >= 1: how much of that is due to correlation */
};

/*
 * The x must ascend when there are more than TREND_POINTS_MAX points. Pairs with equal x have no slope and
 * are left out. The interval's ranks are (N -+ C) / 2, outward to whole ones, of the N sorted slopes, C = z *
 * sqrt(variance). Returns false, and NANs, when no two points differ in x.
 */
bool trend_fit(const double *x, const double *y, int count, double confidence, enum trend_noise noise,
               struct arena *scratch, struct trend *ret);
