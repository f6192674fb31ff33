/*
 * scrapes - the target's metrics, fetched at a steady pace and read (scrape.h): the first one at the start,
 * the last one at the end.
 *
 * On a loop, from its thread; scrapes_latest() from any.
 */
#pragma once

#include "fetch.h"
#include "scrape.h"

#include <stdatomic.h>

struct scrapes_config {
    struct loop *loop;
    struct http_pool *pool;
    const struct http_target *target;
    const char *path; /* "": none */
    nsec every;
    const struct promtext_selector *metrics; /* that are kept over time */
    int metric_count;
    struct record *log; /* gets series: the figures' first and then the metrics'; in loop time */
    void (*first_over)(void *context);
    void (*last_over)(void *context);
    void *context;
};

struct scrapes {
    struct scrapes_config config;
    struct timer timer;
    struct fetch exposition;
    struct scrape scrape;
    bool under_way;
    bool ending; /* one more that begins from now on */
    bool last;   /* it is the one under way */
    int count, failed;
    nsec first_good, last_good; /* as in the record */
    char why[SCRAPE_TEXT + 64]; /* the last one failed */
    _Atomic double latest[FIGURES];
};

/* What the config points to outlives it. */
void scrapes_init(struct scrapes *s, const struct scrapes_config *config);
void scrapes_finish(struct scrapes *s);
void scrapes_start(struct scrapes *s);
/* One more, then `last_over`, within twice 5 seconds. With path "" at once. */
void scrapes_end(struct scrapes *s);

/* After the end: the state of the target's metrics; `zero` is the record's. */
void scrapes_collect(const struct scrapes *s, struct record *record, nsec zero);
bool scrapes_readable(const struct scrapes *s);
/* NaN: none yet. */
double scrapes_latest(const struct scrapes *s, enum figure figure);
