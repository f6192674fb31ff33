#include "told.h"

#include "buf.h"

#include <inttypes.h>

enum { SENTENCE_MAX = 1000, NAMED_MAX = 3 };

static void add(struct buf *out, const char *text)
{
    buf_add_text(out, out->len ? "; " : "");
    buf_add_text(out, text);
}

static void add_unknown(const struct record_words *w, struct buf *out)
{
    if (!w->count)
        return;
    add(out, "the target says ");
    for (int i = 0; i < w->count && i < NAMED_MAX; i++)
        buf_printf(out, "%s'%s' (%" PRId64 " time%s)", i ? ", " : "", w->items[i].text, w->items[i].times,
                   w->items[i].times == 1 ? "" : "s");
    buf_add_text(out, w->count > NAMED_MAX ? " and others, which the workflow does not know"
                                           : ", which the workflow does not know");
}

static void add_count(int64_t count, const char *one, const char *many, struct buf *out)
{
    if (!count)
        return;
    add(out, "");
    buf_printf(out, "%" PRId64 " %s", count, count == 1 ? one : many);
}

const char *told_sentence(const struct record *r, struct arena *arena)
{
    const struct record_traffic *t = &r->traffic;
    struct buf text;
    buf_init(&text, SENTENCE_MAX);
    add_unknown(&r->unknown, &text);
    add_count(t->out_of_order, "message or poll was out of order: it says less than the one before",
              "messages or polls were out of order: they say less than those before", &text);
    add_count(t->contradicted, "job was told of one way and polled another: both cannot be true",
              "jobs were told of one way and polled another: both cannot be true", &text);
    const char *sentence = text.len ? arena_copy(arena, text.bytes, text.len) : NULL;
    buf_finish(&text);
    return sentence;
}
