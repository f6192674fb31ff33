/* sse: a stream of events is read the same whole as in two pieces, and what is read can be written and read
 * again. The first byte says where it is cut. */
#include "fuzz.h"
#include "sse.h"
#include "sse_reader.h"

enum { MOST = 1 << 16 };

static bool note(void *context, const struct sse_event *e)
{
    assert(e->data[e->len] == '\0' && strlen(e->name) <= SSE_NAME_MAX);
    buf_printf(context, "%s\n", e->name);
    sse_write(context, e->name, NULL, e->data, e->len);
    return true;
}

/* As much as was read before it failed, if it did. */
static bool read_all(struct buf *seen, const char *bytes, size_t len, size_t cut)
{
    struct sse_reader r;
    sse_reader_init(&r, MOST);
    buf_init(seen, 16 << 20);
    bool good = sse_feed(&r, bytes, cut, note, seen) && sse_feed(&r, bytes + cut, len - cut, note, seen);
    assert(good || sse_too_long(&r));
    sse_reader_finish(&r);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;
    if (size < 1 || size > MOST)
        return 0;
    char *bytes = fuzz_copy(data + 1, size - 1);
    size_t at = data[0] < size ? data[0] : size - 1;
    bool good = read_all(&whole, bytes, size - 1, 0);
    assert(read_all(&cut, bytes, size - 1, at) == good);
    assert(whole.len == cut.len && (!whole.len || memcmp(whole.bytes, cut.bytes, whole.len) == 0));
    buf_finish(&whole);
    buf_finish(&cut);
    free(bytes);
    return 0;
}
