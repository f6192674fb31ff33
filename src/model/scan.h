/*
 * scan - words and numbers out of a text that need not end with a NUL. Internal to this folder.
 *
 * Works on the caller's bytes, allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
    const char *at;
    const char *end;
};

struct scan_word {
    const char *text; /* in the scanned bytes, no NUL behind it */
    size_t len;       /* 0: there was none */
};

/* The next line without its end, and false when there is none left. */
bool scan_line(struct scan *s, struct scan *ret);
/* The next word; words are parted by blanks, tabs, carriage returns and line ends. */
struct scan_word scan_word(struct scan *s);
bool scan_is(struct scan_word word, const char *text);
/* A whole word as a number. False when it is none; what is too large for a double is infinite. */
bool scan_number(struct scan *s, double *ret);
/* A decimal integer that the text begins with, with its sign. False when there is none or beyond 2^62. */
bool scan_integer(struct scan *s, int64_t *ret);
