/*
 * result_gpu - the target's GPUs in the results and in the summary: one that its own metrics show, and those
 * of this machine.
 */
#pragma once

#include "arena.h"
#include "record.h"

#include <jansson.h>

/* An array, empty without any. */
json_t *result_gpus(const struct record *r);
/* Why there is none, or not all; null otherwise. */
json_t *result_gpu_why(const struct record *r);
/* One of this machine's in a line for people. */
const char *result_gpu_line(const struct record *r, int index, struct arena *arena);
