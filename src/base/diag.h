/*
 * diag - the user's mistakes, collected: all of them, each with its place and what to do about it.
 *
 * Libraries add, only the programs print. The list owns its texts. Not thread-safe.
 */
#pragma once

#include "arena.h"
#include "buf.h"

struct diag {
    const char *file; /* "" when the mistake is not in a file */
    int line;         /* from 1; 0: no line */
    int column;       /* from 1, in characters; 0: no column */
    const char *message;
    const char *hint; /* what to do; "" when the message says it already */
    struct diag *next;
};

enum { DIAG_MAX = 200 }; /* beyond it mistakes are counted, not kept */

struct diag_list {
    struct arena arena;
    struct diag *first;
    int count; /* all that were added, kept or not */
};

void diag_init(struct diag_list *list);
void diag_finish(struct diag_list *list);

/* `hint` may be NULL. Texts are copied. */
void diag_add(struct diag_list *list, const char *file, int line, int column, const char *hint,
              const char *format, ...) __attribute__((format(printf, 6, 7)));

/* "file:line:column: message" and, indented below it, the hint; in the order of file and place. */
void diag_write(const struct diag_list *list, struct buf *out);
