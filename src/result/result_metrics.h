/*
 * result_metrics - the part of the results document about the target's metrics: what the workflow expects of
 * them, and what they did.
 */
#pragma once

#include "plan.h"
#include "record.h"

#include <jansson.h>

json_t *result_metrics(const struct plan *p, const struct record *r);
