/* multipart: a body comes to the same parts whole as in two pieces. The first line is a Content-Type, the
 * next byte says where the body is cut. */
#include "fuzz.h"
#include "multipart.h"

struct seen {
    int parts, ends;
    size_t len, sum;
};

static bool on_part(void *context, const struct multipart_part *part)
{
    struct seen *s = context;
    s->parts++;
    s->sum = s->sum * 31 + strlen(part->name) + part->has_filename + strlen(part->filename);
    return true;
}

static bool on_data(void *context, const char *bytes, size_t len)
{
    struct seen *s = context;
    s->len += len;
    for (size_t i = 0; i < len; i++)
        s->sum = s->sum * 31 + (unsigned char)bytes[i];
    return true;
}

static bool on_part_end(void *context)
{
    struct seen *s = context;
    s->ends++;
    assert(s->ends == s->parts);
    return true;
}

static const char *run(const char *boundary, const uint8_t *body, size_t len, size_t cut, struct seen *s)
{
    static const struct multipart_events events = {on_part, on_data, on_part_end};
    struct multipart m;
    char *first = fuzz_copy(body, cut), *rest = fuzz_copy(body + cut, len - cut);
    *s = (struct seen){0};
    multipart_init(&m, boundary, 16, &events, s);
    bool ok = multipart_feed(&m, first, cut) && multipart_feed(&m, rest, len - cut);
    assert(ok == !m.error && (!ok || !multipart_complete(&m) || s->ends == s->parts));
    free(first);
    free(rest);
    return m.error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *content_type = fuzz_line(&data, &size), boundary[MULTIPART_BOUNDARY_MAX + 1];
    struct seen whole, split;
    if (multipart_boundary(content_type, boundary) && size) {
        const char *error = run(boundary, data + 1, size - 1, size - 1, &whole);
        assert(run(boundary, data + 1, size - 1, data[0] % size, &split) == error);
        assert(memcmp(&whole, &split, sizeof whole) == 0);
    }
    free(content_type);
    return 0;
}
