/*
 * table - rows of text in aligned columns, for a terminal. It copies what it is given; not thread-safe.
 */
#pragma once

#include "arena.h"
#include "terminal.h"

enum { TABLE_COLUMNS_MAX = 10, TABLE_ROWS_MAX = 500 };

struct table_column {
    const char *title; /* "" for none; a table whose titles are all "" has no head */
    bool right;        /* aligned */
    int max;           /* columns of the terminal; 0: no limit */
    bool wraps;        /* a longer text goes on below, at its spaces where it has some; else it is cut */
};

struct table_cell {
    const char *text;
    enum terminal_style style;
};

struct table {
    struct arena arena;
    const struct table_column *columns; /* not copied */
    int column_count;
    struct table_cell *cells;
    int cell_count;
};

void table_init(struct table *t, const struct table_column *columns, int column_count);
void table_finish(struct table *t);
/* The next cell, row by row; past the maximum of rows it is dropped. */
void table_add(struct table *t, enum terminal_style style, const char *text);
void table_write(const struct table *t, struct buf *out, const struct terminal *terminal, int indent);
