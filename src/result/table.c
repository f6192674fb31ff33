#include "table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { TABLE_MAX_BYTES = 4 << 20, GAP = 2, CELL_MAX_BYTES = 600 };

void table_init(struct table *t, const struct table_column *columns, int column_count)
{
    assert(column_count <= TABLE_COLUMNS_MAX);
    *t = (struct table){.columns = columns, .column_count = column_count};
    arena_init(&t->arena, "table", TABLE_MAX_BYTES);
    t->cells = arena_new(&t->arena, struct table_cell, TABLE_ROWS_MAX * column_count);
}

void table_finish(struct table *t)
{
    arena_finish(&t->arena);
}

void table_add(struct table *t, enum terminal_style style, const char *text)
{
    if (t->cell_count == TABLE_ROWS_MAX * t->column_count)
        return;
    size_t len = strnlen(text, CELL_MAX_BYTES);
    t->cells[t->cell_count++] = (struct table_cell){arena_copy(&t->arena, text, len), style};
}

static int shown_columns(const struct table *t, int column, const char *text)
{
    int columns = terminal_columns(text), max = t->columns[column].max;
    return max && columns > max ? max : columns;
}

static void measure_columns(const struct table *t, int widths[TABLE_COLUMNS_MAX])
{
    for (int c = 0; c < t->column_count; c++)
        widths[c] = terminal_columns(t->columns[c].title);
    for (int i = 0; i < t->cell_count; i++) {
        int columns = shown_columns(t, i % t->column_count, t->cells[i].text);
        if (columns > widths[i % t->column_count])
            widths[i % t->column_count] = columns;
    }
}

/* Writes one line of a row; returns whether a cell that wraps goes on below. `texts` move on. */
static bool write_line(const struct table *t, struct buf *out, const struct terminal *terminal, int indent,
                       const int widths[TABLE_COLUMNS_MAX], const struct table_cell *cells,
                       const char **texts)
{
    terminal_spaces(out, indent);
    int last = t->column_count - 1;
    bool more = false;
    while (last > 0 && !*texts[last])
        last--;
    for (int c = 0; c <= last; c++) {
        const char *text = texts[c];
        size_t bytes = t->columns[c].wraps ? terminal_break(text, widths[c]) : strlen(text);
        char line[CELL_MAX_BYTES + 1];
        snprintf(line, sizeof line, "%.*s", (int)bytes, text);
        int columns = shown_columns(t, c, line), padding = widths[c] - columns;
        terminal_spaces(out, t->columns[c].right ? padding : 0);
        terminal_add(out, terminal, cells[c].style, line, columns);
        if (c < last)
            terminal_spaces(out, (t->columns[c].right ? 0 : padding) + GAP);
        texts[c] = text + bytes + strspn(text + bytes, " ");
        more |= *texts[c] != '\0';
    }
    buf_add_text(out, "\n");
    return more;
}

static void write_row(const struct table *t, struct buf *out, const struct terminal *terminal, int indent,
                      const int widths[TABLE_COLUMNS_MAX], const struct table_cell *cells)
{
    const char *texts[TABLE_COLUMNS_MAX];
    for (int c = 0; c < t->column_count; c++)
        texts[c] = cells[c].text;
    while (write_line(t, out, terminal, indent, widths, cells, texts))
        ;
}

void table_write(const struct table *t, struct buf *out, const struct terminal *terminal, int indent)
{
    int widths[TABLE_COLUMNS_MAX];
    struct table_cell head[TABLE_COLUMNS_MAX];
    bool titled = false;
    measure_columns(t, widths);
    for (int c = 0; c < t->column_count; c++) {
        head[c] = (struct table_cell){t->columns[c].title, STYLE_DIM};
        titled |= *t->columns[c].title != '\0';
    }
    if (titled)
        write_row(t, out, terminal, indent, widths, head);
    for (int i = 0; i + t->column_count <= t->cell_count; i += t->column_count)
        write_row(t, out, terminal, indent, widths, &t->cells[i]);
}
