/*
 * overview - all scenarios of a run in one table, compared with the baseline, and the findings of each.
 *
 * It copies what it shows, so that a scenario's record may be freed before the next one starts. Not
 * thread-safe.
 */
#pragma once

#include "terminal.h"
#include "verdict.h"

enum { OVERVIEW_ROWS_MAX = 100 };

struct overview_row {
    const char *scenario, *file;
    enum verdict_kind verdict;
    int64_t started, ok, failed;
    double average, p95;   /* of the generation, in seconds; NAN, and p95 INFINITY when it was not reached */
    bool p95_unsure;       /* too few jobs to bound it */
    double baseline;       /* seconds; NAN when there is nothing to compare */
    const char **findings; /* sentences */
    int finding_count;
};

struct overview {
    struct arena arena;
    struct overview_row *rows;
    int count;
};

void overview_init(struct overview *o);
void overview_finish(struct overview *o);
/* Past the maximum a scenario is dropped. */
void overview_add(struct overview *o, const struct plan *p, const struct record *r, const struct verdict *v,
                  const char *file);
void overview_write(const struct overview *o, struct buf *out, const struct terminal *t);
