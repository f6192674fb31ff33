#include "pieces.h"
#include "test.h"

#include <stdlib.h>

static void feed(struct model_reader *r, const char *bytes, size_t len)
{
    char *copy = malloc(len + !len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    model_reader_feed(r, copy, len);
    free(copy);
}

void check_in_pieces(const void *bytes, size_t len, size_t first, size_t step,
                     const struct model_limits *limits, struct model_report *ret)
{
    struct model_reader *r = model_reader_create(limits);
    assert_non_null(r);
    first = first < len ? first : len;
    feed(r, bytes, first);
    for (size_t at = first; at < len; at += step)
        feed(r, (const char *)bytes + at, len - at < step ? len - at : step);
    model_reader_end(r, ret);
    model_reader_destroy(r);
}

void assert_same_report(const struct model_report *a, const struct model_report *b, const char *what,
                        size_t first, size_t step)
{
    bool same = a->valid == b->valid && a->watertight == b->watertight && a->format == b->format &&
                a->triangles == b->triangles && a->vertices == b->vertices &&
                a->open_edges == b->open_edges && a->degenerate == b->degenerate &&
                !memcmp(&a->volume, &b->volume, sizeof a->volume) && !memcmp(a->low, b->low, sizeof a->low) &&
                !memcmp(a->high, b->high, sizeof a->high);
    if (!same || strcmp(a->why, b->why))
        fail_msg("%s, in pieces of %zu and %zu bytes: '%s', expected '%s'", what, first, step, b->why,
                 a->why);
}
