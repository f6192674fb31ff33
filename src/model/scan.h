/*
 * scan - words and numbers out of a text that need not end with a NUL. Internal to this folder.
 *
 * Works on the caller's bytes, allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SCAN_NUMBER_MAX = 120 }; /* a longer word is no number */

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
/* The next word; words are parted by blanks, tabs, carriage returns and line ends. In the header, as they are
 * what reading a text takes its time for. */
static inline bool scan_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline struct scan_word scan_word(struct scan *s)
{
    const char *at = s->at;
    while (at < s->end && scan_is_blank(*at))
        at++;
    const char *start = at;
    while (at < s->end && !scan_is_blank(*at))
        at++;
    s->at = at;
    return (struct scan_word){start, (size_t)(at - start)};
}

static inline bool scan_is(struct scan_word word, const char *text)
{
    return word.len == strlen(text) && !memcmp(word.text, text, word.len);
}

/* A whole word as a number. False when it is none; what is too large for a double is infinite. */
bool scan_word_number(struct scan_word word, double *ret);
bool scan_number(struct scan *s, double *ret); /* of the next word */
/* A decimal integer that the text begins with, with its sign. False when there is none or beyond 2^62. */
bool scan_integer(struct scan *s, int64_t *ret);
