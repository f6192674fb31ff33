/*
 * json_depth - how deep brackets are nested in a text that is to be parsed: a parser's own limit is
 * thousands.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether brackets are open deeper than `max` anywhere. Those in strings do not count; what is no JSON is the
 * parser's to refuse. Any thread. */
bool json_deeper_than(const char *text, size_t len, int max);
