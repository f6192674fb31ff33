/*
 * result_times - the keys of the results that say where jobs' time went: `completion` (verdict/completion.h),
 * `stages` of the target's work, and `jobs`, one by one. The caller owns what is returned.
 */
#pragma once

#include "plan.h"
#include "record.h"

#include <jansson.h>

enum { RESULT_JOBS_MAX = 500 }; /* the first ones; all others are counted */

json_t *result_completion(const struct plan *p, const struct record *r);
/* In the order in which the target told of them first. */
json_t *result_stages(const struct record *r, struct arena *arena);
json_t *result_jobs(const struct plan *p, const struct record *r);
