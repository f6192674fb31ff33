/* model: STL, OBJ, GLB and PLY files; what is valid is a closed surface. A file comes to the same end whole
 * as in two pieces, cut where its bytes say, and as in single bytes. */
#include "fuzz.h"
#include "model_reader.h"

static const struct model_limits limits = {.max_triangles = 100000};

static void feed(struct model_reader *r, const uint8_t *bytes, size_t len)
{
    char *copy = fuzz_copy(bytes, len);
    model_reader_feed(r, copy, len);
    free(copy);
}

static size_t find_cut(const uint8_t *bytes, size_t len)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash % (len + 1);
}

static void check_same(const struct model_report *a, const struct model_report *b)
{
    assert(!strcmp(a->why, b->why));
    assert(a->valid == b->valid && a->watertight == b->watertight && a->format == b->format);
    assert(a->triangles == b->triangles && a->vertices == b->vertices);
    assert(a->open_edges == b->open_edges && a->degenerate == b->degenerate);
    assert(!memcmp(&a->volume, &b->volume, sizeof a->volume));
    assert(!memcmp(a->low, b->low, sizeof a->low) && !memcmp(a->high, b->high, sizeof a->high));
}

/* The first piece is `first` bytes long, those behind it `step`. */
static void check_in_pieces(const uint8_t *bytes, size_t len, size_t first, size_t step,
                            const struct model_report *whole)
{
    struct model_report report;
    struct model_reader *r = model_reader_create(&limits);
    feed(r, bytes, first);
    for (size_t at = first; at < len; at += step)
        feed(r, bytes + at, len - at < step ? len - at : step);
    model_reader_end(r, &report);
    model_reader_destroy(r);
    check_same(whole, &report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SINGLE_MAX = 2000 };
    struct model_report r;
    model_check(data, size, &limits, &r);
    assert(r.valid == !r.why[0]);
    assert(!r.valid || (r.watertight && r.open_edges == 0 && r.triangles > r.degenerate));
    assert(!r.valid || (r.vertices >= 3 && r.low[0] <= r.high[0]));
    check_in_pieces(data, size, find_cut(data, size), size, &r);
    if (size <= SINGLE_MAX)
        check_in_pieces(data, size, 0, 1, &r);
    return 0;
}
