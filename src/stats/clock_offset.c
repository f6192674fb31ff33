#include "clock_offset.h"

#include "sample.h"

#include <stdlib.h>
#include <string.h>

static struct clock_bound widened(struct clock_bound b, nsec by_time)
{
    nsec drift = by_time / 1000000 * CLOCK_DRIFT_PPM + by_time % 1000000 * CLOCK_DRIFT_PPM / 1000000;
    return (struct clock_bound){b.low - drift, b.high + drift};
}

static struct clock_bound both(struct clock_bound a, struct clock_bound b)
{
    return (struct clock_bound){a.low > b.low ? a.low : b.low, a.high < b.high ? a.high : b.high};
}

static struct clock_bound either(struct clock_bound a, struct clock_bound b)
{
    return (struct clock_bound){a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
}

static bool holds(struct clock_bound b)
{
    return b.low <= b.high;
}

static int by_time(const void *left, const void *right)
{
    const struct clock_evidence *a = left, *b = right;
    return (a->at > b->at) - (a->at < b->at);
}

/* Each point by all that came before it in its stretch. */
static void go_forward(struct clock_offset *c)
{
    for (int i = 1; i < c->count; i++) {
        struct clock_bound before = widened(c->points[i - 1].bound, c->points[i].at - c->points[i - 1].at);
        struct clock_bound now = both(before, c->points[i].bound);
        c->steps += !holds(now);
        c->stretches[i] = c->steps;
        if (holds(now))
            c->points[i].bound = now;
    }
}

/* And by all that comes after it. They hold together: each later bound was made from the earlier ones. */
static void go_back(struct clock_offset *c)
{
    for (int i = c->count - 2; i >= 0; i--) {
        if (c->stretches[i] != c->stretches[i + 1])
            continue;
        struct clock_bound after = widened(c->points[i + 1].bound, c->points[i + 1].at - c->points[i].at);
        c->points[i].bound = both(c->points[i].bound, after);
    }
}

void clock_offset_fit(struct clock_evidence *evidence, int count, struct arena *arena,
                      struct clock_offset *ret)
{
    *ret = (struct clock_offset){.points = arena_new(arena, struct clock_evidence, count),
                                 .stretches = arena_new(arena, int, count),
                                 .count = count};
    if (!count)
        return;
    qsort(evidence, (size_t)count, sizeof *evidence, by_time);
    memcpy(ret->points, evidence, (size_t)count * sizeof *evidence);
    go_forward(ret);
    go_back(ret);
}

/* The number of points at or before `at`. */
static int upto(const struct clock_offset *c, nsec at)
{
    int low = 0, high = c->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (c->points[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool clock_offset_at(const struct clock_offset *c, nsec at, struct clock_bound *ret)
{
    int next = upto(c, at), before = next - 1;
    struct clock_bound left = {0, 0}, right = {0, 0};
    if (before >= 0)
        left = widened(c->points[before].bound, at - c->points[before].at);
    if (next < c->count)
        right = widened(c->points[next].bound, c->points[next].at - at);
    if (next >= c->count || (before >= 0 && c->points[before].at == at))
        *ret = left;
    else if (before < 0)
        *ret = right;
    else if (c->stretches[before] == c->stretches[next])
        *ret = both(left, right);
    else
        *ret = either(left, right);
    return c->count > 0;
}

nsec clock_offset_width(const struct clock_offset *c, struct arena *arena)
{
    double *widths = arena_new(arena, double, c->count);
    for (int i = 0; i < c->count; i++)
        widths[i] = (double)(c->points[i].bound.high - c->points[i].bound.low);
    struct sample s = sample_of(widths, c->count);
    return c->count ? (nsec)sample_percentile(&s, 50) : -1;
}
