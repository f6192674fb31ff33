/*
 * scrape - answers of a target's /metrics, read one after the other: figures, metrics that are kept, and what
 * is wrong with the text.
 */
#pragma once

#include "figures.h"
#include "track.h"

enum { SCRAPE_TEXT = 200 };

struct scrape {
    struct promtext parser;
    struct track track;
    struct figures figures;    /* of the last one */
    int families;              /* in the last one */
    int64_t mistakes;          /* in the one that had most */
    char mistake[SCRAPE_TEXT]; /* the first of the first one that had any: "line 7: what: 'text'" */
    int64_t unread;            /* series beyond what is read, in the worst one */
    double start_time;         /* of the target; NAN: not told */
    int restarts;
    nsec at;                    /* of the last good one; -1 */
    struct record_span restart; /* as in the record */
};

/* `log` gets the metrics' points; `selectors` outlive the scrape. */
void scrape_init(struct scrape *s, const struct promtext_selector *selectors, int count, struct record *log);
void scrape_finish(struct scrape *s);
/* Returns false when nothing in it is a metric, or when it was cut (as `parser` tells): it counts for nothing
 * then. What a sum lacks because its other half was cut off would be a fall. */
bool scrape_read(struct scrape *s, const char *content_type, const char *body, size_t len, nsec at,
                 struct record *log);
