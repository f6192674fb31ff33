/*
 * plans - the scenarios that the command line means, loaded: those named, all five, or an ad-hoc one of a
 * workflow.
 */
#pragma once

#include "options.h"

enum { SCENARIOS_MAX = 100 };

/* Says every mistake of every file on standard error. Returns EXIT_PASS or EXIT_USAGE; in any case the caller
 * frees
 * `*ret_count` plans. */
int plans_load(struct options *o, struct plan *plans[SCENARIOS_MAX], int *ret_count);
