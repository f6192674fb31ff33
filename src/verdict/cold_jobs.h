/*
 * cold_jobs - which of a run's first jobs were cold, by the rule of stats/cold_start.h.
 *
 * Of measured jobs that succeeded, in the order of their start: by how long they were worked on, where the
 * target told that of all of them, else by their generation. No other figure leaves them out.
 */
#pragma once

#include "cold_start.h"
#include "plan.h"
#include "record.h"

/* Returns false when they are too few, or were tallied. */
bool cold_jobs_find(const struct plan *p, const struct record *r, struct arena *arena,
                    struct cold_start *ret);
