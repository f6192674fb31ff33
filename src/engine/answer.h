/*
 * answer - what an answer's JSON says. It comes from outside: every value is bounded, nothing is taken on
 * trust.
 */
#pragma once

#include "arena.h"
#include "buf.h"

#include <jansson.h>

enum {
    ANSWER_JSON_MAX = 4 << 20, /* bytes that are parsed; parsed they take up to fifty times as much memory */
    ANSWER_TEXT_MAX = 4 << 10, /* bytes of one value */
    ANSWER_ERROR = 200
};

#define ANSWER_TIME_MAX 9e9 /* seconds since 1970, in the year 2255: what lies between two such fits nsec */

/* The caller owns what is returned. NULL with a reason for people when it is no JSON that can be read. Whole
 * numbers that 64 bits cannot hold are read as floating-point ones. */
json_t *answer_parse(const char *bytes, size_t len, char error[ANSWER_ERROR]);

/* The string, number or boolean at the pointer as text in the arena; NULL when there is none, or a longer one
 * than ANSWER_TEXT_MAX. `root` may be NULL. */
const char *answer_text(const json_t *root, const char *pointer, struct arena *arena);

/* Seconds since 1970 at the pointer, as an RFC 3339 time in UTC or a number; negative when it is neither,
 * before 1970 or past ANSWER_TIME_MAX. */
double answer_time(const json_t *root, const char *pointer, struct arena *arena);
