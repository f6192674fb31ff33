#include "growth.h"

#include "selection.h"
#include "trend.h"

#include <math.h>
#include <string.h>

struct record_span growth_settled(const struct record *r)
{
    struct record_span load = selection_load(r), settled = load;
    settled.start += (load.end - load.start) / 10;
    nsec first_end = selection_first_success(r);
    if (first_end > settled.start)
        settled.start = first_end;
    if (settled.start > settled.end)
        settled.start = settled.end;
    return settled;
}

static double first_window(const double *x, const double *y, int count, double width, struct arena *arena)
{
    int used = 0;
    while (used < count && (used < GROWTH_WINDOW_MIN || x[used] <= x[0] + width))
        used++;
    double *values = arena_new(arena, double, used);
    memcpy(values, y, (size_t)used * sizeof *values);
    struct sample window = sample_of(values, used);
    return sample_percentile(&window, 50);
}

static const char *unusable(const struct growth *g, double covered, struct arena *arena)
{
    double settled = nsec_to_sec(g->settled.end - g->settled.start);
    if (g->points < GROWTH_POINTS_MIN)
        return arena_printf(arena, "%d points after warm-up, a trend needs %d", g->points, GROWTH_POINTS_MIN);
    if (covered < settled / 2)
        return arena_printf(arena, "the points cover only %.0f %% of the time after warm-up",
                            100 * covered / settled);
    if (!(g->first > 0))
        return "it starts at zero, so that growth in per cent has no meaning";
    return NULL;
}

bool growth_measure(const struct record *r, const struct record_point *points, int count, double confidence,
                    struct arena *arena, struct growth *ret)
{
    *ret = (struct growth){.percent = NAN,
                           .percent_interval = interval_none(),
                           .per_hour = NAN,
                           .first = NAN,
                           .settled = growth_settled(r),
                           .why = ""};
    double *x = arena_new(arena, double, count), *y = arena_new(arena, double, count);
    for (int i = 0; i < count; i++) {
        if (points[i].at < ret->settled.start || points[i].at > ret->settled.end ||
            !isfinite(points[i].value))
            continue;
        x[ret->points] = nsec_to_sec(points[i].at);
        y[ret->points++] = points[i].value;
    }
    double covered = ret->points ? x[ret->points - 1] - x[0] : 0;
    if (ret->points)
        ret->first =
            first_window(x, y, ret->points, nsec_to_sec(ret->settled.end - ret->settled.start) / 10, arena);
    const char *why = unusable(ret, covered, arena);
    struct trend trend;
    if (!why && !trend_fit(x, y, ret->points, confidence, TREND_CORRELATED, arena, &trend))
        why = "all points are of the same time";
    if (why) {
        ret->why = why;
        return false;
    }
    double scale = 100 * covered / ret->first;
    ret->percent = trend.slope * scale;
    ret->percent_interval = (struct interval){trend.interval.low * scale, trend.interval.high * scale};
    ret->per_hour = trend.slope * 3600;
    return true;
}
