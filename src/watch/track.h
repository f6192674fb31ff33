/*
 * track - the metrics of the target that are kept: of every series that a selector names the value in each
 * scrape, how much it grew, and of histograms what was counted in each bucket.
 *
 * A counter that falls was reset: the target began anew, from 0. So was everything else of a target whose
 * start time has changed, also what has passed its last value meanwhile, and every series whose own time of
 * creation has, where OpenMetrics tells it. A series that turns up after the first scrape began at 0. What
 * was counted between a last scrape and a restart is lost: growth is a lower bound then.
 *
 * Memory: TRACK_SERIES_MAX series, a megabyte at most, and a point a scrape and metric in the record.
 */
#pragma once

#include "promtext_select.h"
#include "record.h"

enum { TRACK_SERIES_MAX = 8192 };

enum track_kind {
    TRACK_WHOLE,  /* it stands for the metric itself */
    TRACK_BUCKET, /* of a histogram */
    TRACK_BIRTH   /* when those with the same labels were created */
};

struct track_series {
    uint64_t key;   /* of the sample, and of the metric that it is kept for */
    uint64_t group; /* of its labels but le */
    int metric;
    enum track_kind kind;
    double bound;
    double now, last, grew;
    bool seen, known; /* in the scrape that is being read; in one before */
    bool changed;     /* TRACK_BIRTH: in the scrape that is being settled */
};

struct track_metric {
    enum promtext_type type;
    bool declared; /* it was there */
    int series;
    double first, last;
    bool moved, reset; /* ever; in the scrape that is being settled */
    int resets;
};

struct track {
    const struct promtext_selector *selectors;
    int count;
    struct track_metric *metrics;
    struct track_series *series;
    int series_count;
    int *slots; /* hash table: indices into `series`, -1: free */
    int scrapes;
    int64_t unkept;   /* samples that found no room, in all scrapes */
    int first_series; /* of the record, the others follow */
};

/* Adds a series for each selector to `log`; the selectors outlive the track. Aborts without memory. */
void track_init(struct track *t, const struct promtext_selector *selectors, int count, struct record *log);
void track_finish(struct track *t);

/* A family is declared, whether or not samples follow. */
void track_declare(struct track *t, const struct promtext_sample *s);
void track_take(struct track *t, const struct promtext_sample *s);
/* What was taken since the last scrape counts for nothing. */
void track_forget(struct track *t);
/* The scrape of the time `at` is complete. */
void track_settle(struct track *t, nsec at, bool restarted, struct record *log);

/* What was seen of a metric; points are in the log. */
void track_collect(const struct track *t, int metric, struct arena *arena, struct record_metric *ret);
