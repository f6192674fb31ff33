/*
 * jsonptr - a value out of a JSON document by its pointer (RFC 6901). Any thread; nothing is kept.
 */
#pragma once

#include "arena.h"

#include <jansson.h>
#include <stdbool.h>

enum {
    JSONPTR_MAX = 512,           /* bytes of a pointer */
    JSONPTR_TEXT_MAX = 64 << 10, /* bytes of a value as text */
};

/* Is it "" (the whole document), or '/' and parts with only ~0 and ~1 escaped, and at most JSONPTR_MAX long?
 */
bool jsonptr_valid(const char *pointer);

/* A borrowed reference, or NULL: nothing is there, or the pointer is not valid. */
json_t *jsonptr_get(const json_t *root, const char *pointer);

struct jsonptr_match { /* the value at `pointer`, as text, equals `value` */
    const char *pointer;
    const char *value;
};
/* Does one of them hold? Allocates nothing. */
bool jsonptr_any(const json_t *root, const struct jsonptr_match *matches, int count);

/* The value as text in the arena: a string as it is, all else as JSON (a number in its shortest form, 100.0
 * as "100"). NULL when `value` is NULL, longer than JSONPTR_TEXT_MAX, or a string with a NUL inside. */
const char *jsonptr_text(const json_t *value, struct arena *arena);
