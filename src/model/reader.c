#include "reader.h"

#include <stdlib.h>

/* A mesh counts in int, and a triangle may have three vertices of its own. */
static const int64_t most_triangles = INT32_MAX / 3;

static size_t at_least_none(int64_t limit)
{
    return limit > 0 ? (size_t)limit : 0;
}

struct reader *reader_create(const struct reader_kind *kind, const struct model_limits *limits)
{
    struct reader *r = calloc(1, kind->size);
    if (!r)
        return NULL;
    r->kind = kind;
    r->soup.max_triangles =
        at_least_none(limits->max_triangles < most_triangles ? limits->max_triangles : most_triangles);
    r->max_kept = limits->max_kept_bytes ? at_least_none(limits->max_kept_bytes) : SIZE_MAX;
    return r;
}

void reader_destroy(struct reader *r)
{
    if (!r)
        return;
    r->kind->finish(r);
    soup_finish(&r->soup);
    free(r);
}

void reader_feed(struct reader *r, const char *bytes, size_t len)
{
    r->kind->feed(r, bytes, len);
    r->total += len;
}
