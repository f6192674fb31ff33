/*
 * result_series - series of the target in the results.
 */
#pragma once

#include "record.h"

#include <jansson.h>

/* A series in sum: its state, and of its values the first, the last and their summary. */
json_t *result_series(const struct record_series *s);
/* Every series whose name begins with the prefix, under the rest of its name. */
json_t *result_series_object(const struct record *r, const char *prefix);
/* Whether the series is one of a single GPU of this machine: "gpu.0.usage". */
bool result_is_one_gpu(const struct record_series *s);
/* Series that are shown: of the target, its process, its machine and its GPUs, but no counters of energy. */
bool result_shows_series(const struct record_series *s);
