/*
 * metric_check - what a workflow expects of the target's metrics, judged: present, of the right type, moved,
 * and in agreement with what we have counted ourselves.
 *
 * It judges the target's metrics, not the target: no verdict depends on it. Pure; all texts in the caller's
 * arena.
 */
#pragma once

#include "plan.h"
#include "record.h"

enum metric_answer {
    METRIC_UNASKED, /* the workflow does not say */
    METRIC_UNKNOWN, /* it cannot be said: nothing to compare with, or the metrics were not read all the time
                     */
    METRIC_NO,
    METRIC_YES,
    METRIC_MORE /* of the agreement: it grew by more than we did */
};

struct metric_check {
    const struct plan_metric *expected;
    const struct record_metric *seen; /* NULL: nothing was read */
    bool counts;                      /* it is required, or there */
    bool present;
    enum metric_answer type, moved, agrees;
    int64_t ours; /* the count that it has to grow by at least */
    int64_t most; /* ... and what all of our jobs explain: those that had failed for us may have gone on */
    const char *wrong; /* "what is wrong: evidence", without the name; NULL: nothing */
    const char *next;  /* the next step; NULL when nothing is wrong */
};

struct metric_checks {
    struct metric_check *items; /* in the workflow's order */
    int count;
    int expected, present; /* of those that count */
    int moving;            /* of the present: had more than one value */
    int absent;            /* optional ones */
    int wrong;
    int agree, more, compared; /* of those that have to grow by a count */
    bool few_families;
};

void metric_check_all(const struct plan *p, const struct record *r, struct arena *arena,
                      struct metric_checks *ret);

/* Has it grown by more than any job of ours explains? Then others use the target, too. */
bool metric_check_has_others(const struct metric_check *m);
