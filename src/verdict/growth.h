/*
 * growth - by how much something rose over a run, in per cent, by a robust trend instead of "first against
 * last".
 *
 *   growth = 100 * slope * (last point's time - first point's time) / median of the first window
 *
 * Only points within the settled part of the load count. It begins when a tenth of the load's time is over
 * and the first measured job has ended, whichever is later: models are loaded and pools are filled by then.
 * It ends with the load. The first window is the first tenth of the settled part, or its first
 * GROWTH_WINDOW_MIN points when those reach further. The slope is Theil and Sen's over time, its interval
 * widened for correlation (trend.h).
 */
#pragma once

#include "interval.h"
#include "record.h"

enum {
    GROWTH_POINTS_MIN = 10, /* fewer decide nothing */
    GROWTH_WINDOW_MIN = 3
};

struct growth {
    double percent; /* NAN when there is none */
    struct interval percent_interval;
    double per_hour; /* the slope, in the points' own unit an hour */
    double first;    /* median of the first window */
    int points;      /* within the settled part */
    struct record_span settled;
    const char *why; /* why there is none; static text, or in the arena */
};

struct record_span growth_settled(const struct record *r);
/* `points` ascend in time. Returns false, with `why`, when they cannot tell. */
bool growth_measure(const struct record *r, const struct record_point *points, int count, double confidence,
                    struct arena *arena, struct growth *ret);
