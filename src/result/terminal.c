#include "terminal.h"

#include <limits.h>
#include <string.h>

static const char *const codes[STYLES] = {
    [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",     [STYLE_GREEN] = "\033[32m",
    [STYLE_RED] = "\033[31;1m", [STYLE_YELLOW] = "\033[33m",
};

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

int terminal_columns(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += !continues(*text);
    return columns;
}

/* Bytes of the first so many columns. */
static size_t bytes_of(const char *text, int columns)
{
    size_t at = 0;
    while (text[at] && (continues(text[at]) || columns-- > 0))
        at++;
    return at;
}

static void add_clean(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
        buf_add(out, &c, 1);
    }
}

static void add_styled(struct buf *out, const struct terminal *t, enum terminal_style style, const char *text,
                       size_t len)
{
    bool styled = t->colour && codes[style] && len > 0;
    if (styled)
        buf_add_text(out, codes[style]);
    add_clean(out, text, len);
    if (styled)
        buf_add_text(out, "\033[0m");
}

void terminal_add(struct buf *out, const struct terminal *t, enum terminal_style style, const char *text,
                  int columns)
{
    if (terminal_columns(text) <= columns) {
        add_styled(out, t, style, text, strlen(text));
        return;
    }
    add_styled(out, t, style, text, bytes_of(text, columns - 1));
    buf_add_text(out, "…");
}

void terminal_spaces(struct buf *out, int count)
{
    for (int i = 0; i < count; i++)
        buf_add_text(out, " ");
}

/* A number is not parted from its unit. */
static bool breaks_at(const char *text, size_t at)
{
    return !text[at] || (text[at] == ' ' && !(at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9'));
}

size_t terminal_break(const char *text, int columns)
{
    size_t all = bytes_of(text, columns);
    for (size_t at = all; at > 0; at--)
        if (breaks_at(text, at))
            return at;
    return all;
}

void terminal_wrap(struct buf *out, const struct terminal *t, enum terminal_style style, const char *text,
                   int indent)
{
    int columns = (t->width < TERMINAL_WIDTH_MIN ? TERMINAL_WIDTH_MIN : t->width) - indent;
    if (columns < 20)
        columns = 20;
    for (bool first = true; first || *text; first = false) {
        if (!first)
            terminal_spaces(out, indent);
        size_t len = terminal_break(text, columns);
        add_styled(out, t, style, text, len);
        buf_add_text(out, "\n");
        text += len;
        text += strspn(text, " ");
    }
}
