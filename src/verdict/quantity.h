/*
 * quantity - a number with its unit as people read it: "83.1 s", "0.42 %", "50", "1.24 GiB".
 *
 * Pure functions into the caller's memory. Infinite is "not reached", NAN is "–".
 */
#pragma once

#include "interval.h"
#include "plan.h"

enum { QUANTITY_TEXT = 48 };

/* Three or four digits that count. Returns `out`. */
char *quantity_text(double value, enum measure_unit unit, char out[QUANTITY_TEXT]);
/* Seconds without the unit's change of scale in mind: "83.1 s", "2.31 s", "45.1 ms", "320 µs". */
char *quantity_seconds(double seconds, char out[QUANTITY_TEXT]);
/* "81.9..84.3 s"; an end without a bound is "∞". */
char *quantity_interval(struct interval i, enum measure_unit unit, char out[QUANTITY_TEXT]);
/* "1.24 GiB" of bytes; any other unit stands behind the number as it is. */
char *quantity_of_series(double value, const char *unit, char out[QUANTITY_TEXT]);
