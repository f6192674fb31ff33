/*
 * result_process - the target's process and machine: for the results, and in a line for people.
 */
#pragma once

#include "record.h"

#include <jansson.h>

/* What was found of it; the figures that the target tells of itself; and those of all its processes (`tree`).
 */
json_t *result_process(const struct record *r);
json_t *result_machine(const struct record *r);

/* "process 4711: memory 21.1 → 25.3 MB, 0.42 cores, ..."; "": nothing that is worth a line. */
const char *result_process_line(const struct record *r, struct arena *arena);
