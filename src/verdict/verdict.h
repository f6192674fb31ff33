/*
 * verdict - a record judged by its plan's criteria.
 *
 * The point estimate decides; the interval beside it says how sure that is, and under `strict` it must lie
 * wholly on one side of the limit, or the criterion is inconclusive. No data is never a pass.
 *
 * The whole scenario is INVALID when the generator could not keep its schedule, whatever the criteria say:
 * then nothing is claimed. Else it is FAIL if any criterion failed, INCONCLUSIVE if any could not be decided
 * or the run was interrupted, PASS otherwise. Criteria that are not applicable do not count. Without criteria
 * it passes when at least one job succeeded.
 *
 * A verdict points into its plan, which has to outlive it; the record may go. Texts live in the verdict's
 * arena.
 */
#pragma once

#include "interval.h"
#include "measure.h"
#include "plan.h"
#include "record.h"

enum verdict_kind {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_INCONCLUSIVE,
    VERDICT_INVALID,       /* of scenarios only */
    VERDICT_NOT_APPLICABLE /* of criteria only */
};
const char *
verdict_name(enum verdict_kind kind); /* "pass", "fail", "inconclusive", "invalid", "not_applicable" */

struct outcome { /* of a criterion */
    const struct criterion *criterion;
    enum verdict_kind verdict;
    struct measured measured;
    struct interval limits; /* what is allowed, in the unit of the measure; open ends are infinite */
    bool decided;           /* no interval, or all of it on one side of the limits */
    const char *why;        /* a sentence; "" when it passed */
    const char *evidence;   /* one line: "avg of 24 generations is 83.1 s, 95 % interval 81.9..84.3 s" */
};

struct verdict_generator {
    int64_t starts;
    double start_lag_p50, start_lag_p99, start_lag_max; /* seconds; NAN without jobs */
    double allowed;                                     /* max(5 ms, 1 % of the median generation) */
    bool fit;
};

struct verdict {
    struct arena arena;
    enum verdict_kind kind;
    const char *reason;       /* a sentence */
    struct outcome *outcomes; /* one a criterion, in the plan's order */
    int outcome_count;
    struct verdict_generator generator;
};

/* The record and the plan belong together: the same steps, the same phases. */
void verdict_judge(struct verdict *v, const struct plan *p, const struct record *r, bool strict);
void verdict_finish(struct verdict *v);
