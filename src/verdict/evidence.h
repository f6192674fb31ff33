/*
 * evidence - the sentences that tell people what was seen and why it was judged so. Texts in the caller's
 * arena.
 */
#pragma once

#include "verdict.h"

/* "avg of 24 generations is 83.1 s, 95 % interval 81.9..84.3 s" */
const char *evidence_text(const struct outcome *o, const struct plan *p, struct arena *arena);
/* "below 90 s", "at least 50", "75..90 s" */
const char *evidence_limits(const struct outcome *o, struct arena *arena);
/* "163.2 s is not below 150 s" */
const char *evidence_of_failure(const struct outcome *o, struct arena *arena);
/* Why a strict judgement cannot decide, and how many more would help where that is known. */
const char *evidence_of_doubt(const struct outcome *o, struct arena *arena);
