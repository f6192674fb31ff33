/*
 * record_intervals - tallied jobs over time: the run cut into equal intervals, from the record's zero.
 *
 * They are 100 ms long at first. When time runs past the last of RECORD_INTERVALS_MAX, neighbours are joined
 * and the length doubles, so that a run of any length has between half of them and all. The neighbours'
 * histograms are joined one pair at a time, whenever an interval is over: all at once would hold the writer
 * up for long enough to be seen in what it measures. Time within one writer goes forward: what is told of an
 * interval that is over counts in the open one.
 *
 * Memory: 112 KiB, one histogram for the open interval, and for each that is over 8 bytes a bucket in use,
 * twice that at most. Buckets in use are fewer than jobs: with 70,000 jobs an interval that differ by a
 * factor of ten they are some 4000, which makes 32 MiB in the worst moment; with a hundred jobs an interval,
 * 1 MiB.
 */
#pragma once

#include "hist.h"

enum { RECORD_INTERVALS_MAX = 512 };
#define RECORD_INTERVAL_FIRST (100 * NSEC_PER_MSEC)

struct record_job;

struct record_interval {
    int64_t started;                          /* jobs that were sent in it */
    int64_t accepted, ok, failed, unfinished; /* jobs that ended in it */
    int64_t censored;                         /* of the failed: their time was up */
    nsec under_way; /* time that jobs were under way in it, where those that were so at its start count as
                       none: a job adds what is left of the interval when it starts, and takes it back when it
                       ends */
    struct hist_compact generation; /* of those that succeeded in it; the open one's are in `open` */
    struct hist_compact second;     /* of its second half, while that is not joined with the first */
};

struct record_intervals {
    nsec length;
    int count;                     /* how many have begun; the last is the open one */
    struct record_interval *items; /* room for RECORD_INTERVALS_MAX, zero beyond the count */
    struct hist *open; /* generations of the open interval; NULL: all are over, no more is written */
    nsec open_until;
    int joined;            /* of so many intervals the halves are joined */
    int halved;            /* ... of so many that have halves */
    struct arena arena;    /* of those that are over */
    struct arena previous; /* of halves */
};

/* `items` is zero and belongs to the caller. */
void record_intervals_init(struct record_intervals *v, struct record_interval *items);
/* Safe on intervals that are zero. */
void record_intervals_finish(struct record_intervals *v);
void record_intervals_started(struct record_intervals *v, const struct record_job *job);
/* `generation` of the job, -1: none. */
void record_intervals_ended(struct record_intervals *v, const struct record_job *job, nsec generation);
/* All intervals of both are over afterwards; the length is the longer one. */
void record_intervals_merge(struct record_intervals *into, struct record_intervals *from);

/* For readers: adds the generations of an interval, open or over, to `into`. */
void record_intervals_add_to(const struct record_intervals *v, int interval, struct hist *into);
int64_t record_intervals_generations(const struct record_intervals *v, int interval);
