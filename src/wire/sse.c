#include "sse.h"

#include <string.h>

static void write_data(struct buf *out, const char *data, size_t len)
{
    for (const char *end = data + len;;) {
        const char *stop = memchr(data, '\n', (size_t)(end - data));
        buf_add_text(out, "data: ");
        buf_add(out, data, (size_t)((stop ? stop : end) - data));
        buf_add(out, "\n", 1);
        if (!stop)
            return;
        data = stop + 1;
    }
}

void sse_write(struct buf *out, const char *name, const char *id, const char *data, size_t len)
{
    if (id)
        buf_printf(out, "id: %s\n", id);
    buf_printf(out, "event: %s\n", name);
    write_data(out, data, len);
    buf_add(out, "\n", 1);
}

void sse_write_comment(struct buf *out, const char *text)
{
    buf_printf(out, ": %s\n\n", text);
}

void sse_write_retry(struct buf *out, int milliseconds)
{
    buf_printf(out, "retry: %d\n\n", milliseconds);
}
