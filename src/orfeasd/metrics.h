/*
 * metrics - counters, gauges and histograms, written in Prometheus' text format 0.0.4.
 *
 * Families are declared in a table by their owner; series appear when they are first asked for and stay. Keep
 * the pointer of a series that is needed often. One thread.
 */
#pragma once

#include "buf.h"

#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
    METRIC_LABELS_MAX = 4,
    METRIC_SERIES_MAX = 1000,    /* per family; what comes beyond is counted nowhere */
    METRIC_LABEL_TEXT_MAX = 400, /* all labels of a series, written */
    METRIC_BUCKETS_MAX = 20,
};

struct metric_def {
    const char *name;
    const char *help;
    enum metric_type type;
    const char *labels[METRIC_LABELS_MAX + 1]; /* ends with NULL */
    const double *buckets;                     /* upper bounds, rising, ends with 0; histograms only */
};

struct metric_series {
    struct metric_series *next;
    double value; /* counter, gauge; the sum of a histogram */
    uint64_t count;
    uint64_t *buckets; /* one per bound, not cumulative */
    const double *bounds;
    char labels[]; /* as written: a="x",b="y" */
};

struct metrics;

/* `defs` must outlive it. Families without labels have their series from the start. */
struct metrics *metrics_create(const struct metric_def *defs, int count);
void metrics_destroy(struct metrics *m);

/* The series of the family with these label values, in the order of the declaration; NULL values for none.
 * Never NULL. */
struct metric_series *metrics_series(struct metrics *m, int family, const char *const *values);
/* All series of a family with labels are forgotten: what they measured is gone. Nobody keeps a pointer to
 * one.
 */
void metrics_clear(struct metrics *m, int family);
/* The family is not written: what it would measure does not exist here. */
void metrics_hide(struct metrics *m, int family);

void metric_add(struct metric_series *s, double amount);
void metric_set(struct metric_series *s, double value);
void metric_observe(struct metric_series *s, double value);

void metrics_write(const struct metrics *m, struct buf *out);
