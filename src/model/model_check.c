#include "model_check.h"
#include "model_reader.h"

const struct model_limits model_default_limits = {.max_triangles = 20000000, .max_kept_bytes = 256 << 20};

void model_check(const void *bytes, size_t len, const struct model_limits *limits, struct model_report *ret)
{
    struct model_reader *r = model_reader_create(limits);
    model_reader_feed(r, bytes, len);
    model_reader_end(r, ret);
    model_reader_destroy(r);
}
