/*
 * promtext_line - one line of an exposition, its syntax alone; private to promtext.
 */
#pragma once

#include "promtext.h"

struct promtext_line {
    const char *at, *end; /* what is not read yet */
    bool strict;          /* OpenMetrics: single spaces, and only where they have to be */
    bool any_escape;      /* OpenMetrics: a backslash may stand before any character */
    const char *mistake;  /* static text; NULL: none so far */
    double bound;         /* of a label le or quantile */
    bool has_le, has_quantile;
    uint64_t name_hash;
    uint64_t labels_hash; /* of all labels */
    uint64_t group_hash;  /* of all but le */
};

/* Each returns false with `mistake` set. */

bool promtext_line_name(struct promtext_line *l, struct promtext_text *ret);
/* The whole of a sample's line: name, labels, value, time; parts of families are not its business. */
bool promtext_line_sample(struct promtext_line *l, struct promtext_sample *ret);
/* The rest of the line is the text of a HELP. */
bool promtext_line_help(struct promtext_line *l);
/* What separates two words. */
bool promtext_line_gap(struct promtext_line *l);
/* Up to the next blank. */
struct promtext_text promtext_line_word(struct promtext_line *l);
