#include "words.h"

#include <string.h>

void words_feed(struct words *w, const char *bytes, size_t len)
{
    w->piece = (struct scan){bytes, bytes + len};
}

static void keep(struct words *w, const char *text, size_t len)
{
    size_t room = WORDS_KEPT - w->cut_len, n = len < room ? len : room;
    memcpy(w->cut + w->cut_len, text, n);
    w->cut_len += n;
}

/* The rest of the word that was cut. */
static bool next_cut(struct words *w, struct scan_word *ret)
{
    const char *start = w->piece.at;
    while (w->piece.at < w->piece.end && !scan_is_blank(*w->piece.at))
        w->piece.at++;
    keep(w, start, (size_t)(w->piece.at - start));
    if (w->piece.at == w->piece.end)
        return false;
    *ret = words_last(w);
    return true;
}

bool words_next(struct words *w, struct scan_word *ret)
{
    if (w->cut_len)
        return next_cut(w, ret);
    *ret = scan_word(&w->piece);
    if (w->piece.at < w->piece.end)
        return true;
    keep(w, ret->text, ret->len);
    return false;
}

struct scan_word words_last(struct words *w)
{
    struct scan_word word = {w->cut, w->cut_len};
    w->cut_len = 0;
    return word;
}
