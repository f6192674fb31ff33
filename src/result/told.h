/*
 * told - what is odd in what the target says of its jobs' states, as a sentence. Pure.
 */
#pragma once

#include "arena.h"
#include "record.h"

/* States that the workflow does not know, news out of order, and messages and polls that contradict each
 * other; in the arena. NULL: nothing is odd. */
const char *told_sentence(const struct record *r, struct arena *arena);
