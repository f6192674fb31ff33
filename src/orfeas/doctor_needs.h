/*
 * doctor_needs - how many connections a scenario needs at once, by its plan alone. Pure.
 */
#pragma once

#include "plan.h"

struct doctor_needs {
    int64_t least;   /* when every user, or every job that may be under way, has one */
    int64_t most;    /* when the target lets every job run into its timeout, too */
    double a_second; /* requests at `least`, where the plan says it; 0: as many as the target answers */
};

void doctor_needs_of(const struct plan *plan, struct doctor_needs *ret);
