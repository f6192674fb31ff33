/*
 * hist - a histogram of durations that loses none: any number of values in constant memory, to three digits.
 *
 * The buckets are those of an HDR histogram (Gil Tene): 2048 of one nanosecond each, then 1024 an octave, so
 * that a bucket is never wider than a 1024th of its values and its middle is off by at most 0.05 %. The range
 * is all of int64 >= 0. Count, smallest, largest and sum are exact; so is the mean.
 *
 * The array is dense, 432 KiB, and comes from calloc: pages that no value falls into are never touched and
 * cost nothing. An octave is two pages; latencies of 100 us to 100 ms touch some 80 KiB.
 *
 * One writer at a time; no locks.
 */
#pragma once

#include "arena.h"
#include "clock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HIST_BITS = 10, /* an octave is cut into 2^10 */
    HIST_BUCKETS = (64 - HIST_BITS) << HIST_BITS
};

__extension__ typedef unsigned __int128 hist_sum;

struct hist_facts { /* what is known exactly, but for the squares */
    int64_t count;
    nsec min, max; /* without values: INT64_MAX and -1 */
    nsec origin;   /* the first value: squares are of the distance from it, which keeps small deviations of
                      large   values apart */
    hist_sum sum;
    double squares;
};

struct hist {
    struct hist_facts facts;
    int64_t counts[HIST_BUCKETS];
};

/* Aborts without memory. */
struct hist *hist_create(void);
/* NULL-safe. */
void hist_destroy(struct hist *h);
/* Costs what lies between the smallest and the largest value. */
void hist_clear(struct hist *h);

/* The bucket of a value: its eleven highest bits, and how far they had to be shifted. No branches. */
static inline int hist_index(nsec value)
{
    int shift = 63 - HIST_BITS - __builtin_clzll((unsigned long long)value | 1ULL << HIST_BITS);
    return (shift << HIST_BITS) + (int)(value >> shift);
}

/* `value` >= 0, `count` > 0. A few nanoseconds. */
static inline void hist_add_many(struct hist *h, nsec value, int64_t count)
{
    struct hist_facts *f = &h->facts;
    assert(value >= 0 && count > 0);
    if (f->count == 0)
        f->origin = value;
    double distance = (double)(value - f->origin);
    f->count += count;
    f->min = value < f->min ? value : f->min;
    f->max = value > f->max ? value : f->max;
    f->sum += (hist_sum)value * (hist_sum)count;
    f->squares += distance * distance * (double)count;
    h->counts[hist_index(value)] += count;
}

static inline void hist_add(struct hist *h, nsec value)
{
    hist_add_many(h, value, 1);
}

/* Afterwards `into` is as if all values had been added to it. */
void hist_merge(struct hist *into, const struct hist *from);

int64_t hist_count(const struct hist *h);
/* Exact; -1 without values. */
nsec hist_min(const struct hist *h);
nsec hist_max(const struct hist *h);
/* In nanoseconds; NAN without values. */
double hist_mean(const struct hist *h);
/* Of a sample (divided by count - 1), in nanoseconds; NAN of fewer than two. */
double hist_deviation(const struct hist *h);

/*
 * The values in ascending order: the smallest and the largest are exact, all others are the middles of their
 * buckets, never outside those two. Begin with a cursor that is zero.
 */
struct hist_cursor {
    nsec value;
    int64_t count; /* values that are told as `value` */
    int64_t upto;  /* this many values are told by now, these included */
    int index;     /* the bucket to look at next */
};
bool hist_next(const struct hist *h, struct hist_cursor *c);
/* The value of a 0-based rank in that order; the rank exists. */
nsec hist_at_rank(const struct hist *h, int64_t rank);

/*
 * A histogram that is over: only the buckets that hold something, ascending, in the arena that it was made
 * in. A count above 32 bits takes several entries of one index.
 */
struct hist_bucket {
    uint32_t index, count;
};
struct hist_compact {
    struct hist_facts facts;
    const struct hist_bucket *buckets;
    int bucket_count;
};
struct hist_compact hist_compact_of(const struct hist *h, struct arena *arena);
/* Both together; either may be zero or hold nothing. */
struct hist_compact hist_compact_join(const struct hist_compact *a, const struct hist_compact *b,
                                      struct arena *arena);
void hist_add_compact(struct hist *into, const struct hist_compact *from);
