/*
 * json_value - JSON values from what was measured: never invalid, whatever a target sent. The caller owns
 * what is returned.
 */
#pragma once

#include "clock.h"

#include <jansson.h>

/* Rounded to 6 decimals; null when it is not finite. */
json_t *json_value_number(double value);
/* Seconds; null for -1, "did not happen". */
json_t *json_value_seconds(nsec t);
/* Bytes that are not UTF-8 become '?'; null for NULL. */
json_t *json_value_text(const char *text);
/* `value` under `key`, which may be any bytes, too. Adds to what stands there already. */
void json_value_add_count(json_t *object, const char *key, int64_t value);
