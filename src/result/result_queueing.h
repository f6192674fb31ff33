/*
 * result_queueing - the key `queueing` of the results: what the target does with many jobs at once
 * (verdict/queueing.h). The caller owns what is returned.
 */
#pragma once

#include "plan.h"
#include "record.h"

#include <jansson.h>

json_t *result_queueing(const struct plan *p, const struct record *r);
