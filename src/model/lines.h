/*
 * lines - the lines of a text that comes in pieces. Internal to this folder.
 *
 * A line that a piece cut is kept, up to LINES_KEPT bytes; longer ones are given cut to so many, also when a
 * piece holds all of them, so that pieces make no difference. Zero it before the first use.
 */
#pragma once

#include "buf.h"
#include "scan.h"

enum { LINES_KEPT = 64 << 10 };

struct lines {
    struct scan piece; /* what is left of it, behind the last line that was given */
    struct buf cut;
    bool is_cut;    /* a line has begun in a piece before; `cut` may be empty all the same */
    bool too_long;  /* the line that was given last was longer than LINES_KEPT */
    bool no_memory; /* ...to keep one, and no line will come any more */
    bool given;     /* `cut` was given, and is free from the next call on */
};

void lines_finish(struct lines *l);
/* The next piece, when lines_next() has used up the one before. */
void lines_feed(struct lines *l, const char *bytes, size_t len);
/* The next line that ends in the piece, without its end, good until the next call. False: there is none, and
 * the piece is used up. */
bool lines_next(struct lines *l, struct scan *ret);
/* The text is over: its last line, when it has no end; false when it has. */
bool lines_last(struct lines *l, struct scan *ret);
