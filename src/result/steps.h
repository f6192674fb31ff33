/*
 * steps - how long each part of a job took: the workflow's steps by name, the wait taken apart where the
 * server tells (queue, processing, and notice: the rest, until we knew), what polls leave open (unseen), and
 * the check of the model.
 */
#pragma once

#include "plan.h"
#include "record.h"
#include "sample.h"

struct step_row {
    const char *name;
    const char *part_of;           /* the step that this is a part of; "" for a step */
    int64_t failed;                /* jobs that failed in it; of steps only */
    int64_t censored;              /* of these: their time was up */
    struct sample_summary seconds; /* of the jobs in which the step succeeded */
};

/* Rows in the order of the workflow, at most STEPS_EXTRA more than it has steps, in the arena; returns how
 * many. */
enum { STEPS_EXTRA = 5 };
int steps_measure(const struct plan *p, const struct record *r, struct arena *arena, struct step_row **ret);
