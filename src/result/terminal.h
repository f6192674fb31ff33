/*
 * terminal - text for a terminal: styles that can be switched off, the width of UTF-8, wrapping at words.
 *
 * Every character counts one column: what we write ourselves is so. Control characters in texts become '?'.
 */
#pragma once

#include "buf.h"

struct terminal {
    bool colour;
    int width; /* columns; below TERMINAL_WIDTH_MIN is taken as that */
};
enum { TERMINAL_WIDTH_MIN = 60 };

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN, STYLE_RED, STYLE_YELLOW, STYLES };

int terminal_columns(const char *text);
/* At most `columns` of the text, the last an ellipsis when it was cut. */
void terminal_add(struct buf *out, const struct terminal *t, enum terminal_style style, const char *text,
                  int columns);
/* The text wrapped between `indent` and the terminal's width, without the indent of its first line; ends its
 * line. */
void terminal_wrap(struct buf *out, const struct terminal *t, enum terminal_style style, const char *text,
                   int indent);
/* Bytes of the text's first line: as many words as fit into `columns`, or a piece of one that fits no line.
 */
size_t terminal_break(const char *text, int columns);
void terminal_spaces(struct buf *out, int count);
