/*
 * cold_start - the first jobs that were slow because something was loaded, and how slow.
 *
 * The rule: of `count` durations in the order in which their work began, the first quarter (one at least,
 * COLD_START_MOST at most) may be cold, the others are warm. Cold are the leading ones, up to the first that
 * is not, that took more than COLD_START_FACTOR times the warm median, COLD_START_LEAST seconds longer, and
 * more than Tukey's outer fence of the warm ones, q3 + 3 (q3 - q1) (Exploratory Data Analysis, 1977): a first
 * job that is merely the slowest of all is not cold. Fewer than COLD_START_NEEDS decide nothing. Pure; any
 * thread.
 */
#pragma once

#include "arena.h"

#include <stdbool.h>

#define COLD_START_FACTOR 1.5
#define COLD_START_LEAST 0.1 /* seconds; less is loaded in passing */

enum { COLD_START_NEEDS = 5, COLD_START_MOST = 64 };

struct cold_start {
    int jobs;           /* 0: none is cold */
    double seconds;     /* that the slowest of them took more than the warm median; 0 without */
    double warm_median; /* seconds */
};

/* Returns false, and nothing in *ret, when they are too few. */
bool cold_start_find(const double *seconds, int count, struct arena *scratch, struct cold_start *ret);
