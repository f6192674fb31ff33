/*
 * describe - a plan in words, for --verbose: who comes, what each does, what has to hold.
 */
#pragma once

#include "payload.h"
#include "plan.h"
#include "preflight.h"

/* `payload` may be NULL. */
void describe_plan(const struct plan *plan, const struct payload *payload, const struct preflight *preflight,
                   struct buf *out);
