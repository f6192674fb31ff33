/*
 * json_skim - single values out of a JSON text, in one pass that builds nothing: for the many texts of which
 * most say nothing new. Any thread; allocates nothing.
 *
 * It takes no text for JSON that is none (RFC 8259, with strings in UTF-8), but not all that is: what is
 * written in an unusual way is left to a parser. Of two members of one name the last one counts, as in
 * jansson.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_SKIM_MAX = 24,       /* values that are looked for */
    JSON_SKIM_DEPTH_MAX = 32, /* of brackets within each other */
};

struct json_skim {
    const char *pointer; /* where to look (RFC 6901), "/..." */
    bool found;          /* a string, a number, true, false or null stands there */
    bool number;
    bool plain; /* its text is `at`, byte by byte: a string without escapes, a short whole number, a word */
    const char *at; /* within the text; of a string without its quotes */
    size_t len;
};

/* Sets all of them but the pointers. False: it is no JSON, or unusual (an escape in a name, \u that is half a
 * character, an exponent, a number of more than 18 digits, deeper than JSON_SKIM_DEPTH_MAX); nothing is known
 * then. */
bool json_skim(const char *text, size_t len, struct json_skim *wanted, int count);
/* Is it plain, and this text? */
bool json_skim_is(const struct json_skim *value, const char *text);
