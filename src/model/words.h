/*
 * words - the words of a text that comes in pieces (see scan.h). Internal to this folder.
 *
 * A word that a piece cut is kept, and of a longer one than WORDS_KEPT only so much, which is neither a
 * number nor any word that one looks for. Zero it before the first use; it needs no end.
 */
#pragma once

#include "scan.h"

enum { WORDS_KEPT = SCAN_NUMBER_MAX + 8 };

struct words {
    struct scan piece; /* what is left of it */
    char cut[WORDS_KEPT];
    size_t cut_len;
};

/* The next piece, when words_next() has used up the one before. */
void words_feed(struct words *w, const char *bytes, size_t len);
/* The next word that ends in the piece, good until the next call. False: there is none, and the piece is used
 * up. */
bool words_next(struct words *w, struct scan_word *ret);
/* The text is over: its last word, if it ends with one; len 0 when it does not. */
struct scan_word words_last(struct words *w);
