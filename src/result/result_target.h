/*
 * result_target - the parts of the results that are about the machines: the target, its series, the
 * generator.
 */
#pragma once

#include "result_json.h"

json_t *result_target(const struct plan *p, const struct record *r, const struct result_context *context);
/* How the generation's duration and each series of the target developed, but those of single GPUs: growth.h.
 */
json_t *result_trends(const struct plan *p, const struct record *r, struct arena *arena);
json_t *result_generator(const struct record *r, const struct verdict *v, double duration);
json_t *result_traffic(const struct record *r);
