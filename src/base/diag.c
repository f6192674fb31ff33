#include "diag.h"

#include <stdio.h>
#include <string.h>

void diag_init(struct diag_list *list)
{
    *list = (struct diag_list){0};
    arena_init(&list->arena, "diagnostics", 4 << 20);
}

void diag_finish(struct diag_list *list)
{
    arena_finish(&list->arena);
    list->first = NULL;
    list->count = 0;
}

static bool comes_before(const struct diag *a, const struct diag *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Files stay in the order of their first mistake, and each one's mistakes stay together. */
static void insert_sorted(struct diag_list *list, struct diag *d)
{
    struct diag **at = &list->first;
    while (*at && strcmp((*at)->file, d->file) != 0)
        at = &(*at)->next;
    while (*at && strcmp((*at)->file, d->file) == 0 && !comes_before(d, *at))
        at = &(*at)->next;
    d->next = *at;
    *at = d;
}

void diag_add(struct diag_list *list, const char *file, int line, int column, const char *hint,
              const char *format, ...)
{
    if (list->count++ >= DIAG_MAX)
        return;
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct diag *d = arena_new(&list->arena, struct diag, 1);
    *d = (struct diag){
        .file = arena_copy(&list->arena, file ? file : "", file ? strlen(file) : 0),
        .line = line,
        .column = column,
        .message = arena_copy(&list->arena, message, strlen(message)),
        .hint = hint ? arena_copy(&list->arena, hint, strlen(hint)) : "",
    };
    insert_sorted(list, d);
}

void diag_write(const struct diag_list *list, struct buf *out)
{
    int kept = 0;
    for (const struct diag *d = list->first; d; d = d->next, kept++) {
        if (d->file[0])
            buf_printf(out, "%s:", d->file);
        if (d->line)
            buf_printf(out, "%d:%d:", d->line, d->column);
        buf_printf(out, "%s%s\n", d->file[0] || d->line ? " " : "", d->message);
        if (d->hint[0])
            buf_printf(out, "    %s\n", d->hint);
    }
    if (list->count > kept)
        buf_printf(out, "and %d more\n", list->count - kept);
}
