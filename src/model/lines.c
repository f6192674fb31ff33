#include "lines.h"

#include <string.h>

void lines_finish(struct lines *l)
{
    buf_finish(&l->cut);
}

void lines_feed(struct lines *l, const char *bytes, size_t len)
{
    l->piece = (struct scan){bytes, bytes + len};
}

/* One byte more than a line may have is kept of those that are too long. */
static void keep(struct lines *l, const char *bytes, size_t len)
{
    l->cut.max_bytes = LINES_KEPT + 1;
    size_t room = l->cut.max_bytes - l->cut.len;
    buf_add(&l->cut, bytes, len < room ? len : room);
    l->no_memory = l->cut.failed;
    l->is_cut = true;
}

static void limit(struct lines *l, struct scan *line)
{
    l->too_long = line->end - line->at > LINES_KEPT;
    if (l->too_long)
        line->end = line->at + LINES_KEPT;
}

static void give_cut(struct lines *l, struct scan *ret)
{
    const char *text = buf_text(&l->cut);
    *ret = (struct scan){text, text + l->cut.len};
    limit(l, ret);
    l->is_cut = false;
    l->given = true;
}

static void forget_given(struct lines *l)
{
    if (l->given)
        buf_clear(&l->cut);
    l->given = false;
}

bool lines_next(struct lines *l, struct scan *ret)
{
    forget_given(l);
    if (l->no_memory || l->piece.at == l->piece.end)
        return false;
    const char *start = l->piece.at, *end = memchr(start, '\n', (size_t)(l->piece.end - start));
    l->piece.at = end ? end + 1 : l->piece.end;
    if (l->is_cut || !end)
        keep(l, start, (size_t)((end ? end : l->piece.end) - start));
    if (!end || l->no_memory)
        return false;
    if (l->is_cut) {
        give_cut(l, ret);
    } else {
        *ret = (struct scan){start, end};
        limit(l, ret);
    }
    return true;
}

bool lines_last(struct lines *l, struct scan *ret)
{
    forget_given(l);
    if (!l->is_cut || l->no_memory)
        return false;
    give_cut(l, ret);
    return true;
}
