#include "server_impl.h"

#include <string.h>

/* How long a client may take nothing of what waits for it. */
static const nsec STALL_TIME = 60 * NSEC_PER_SEC;

static size_t take(struct exchange *x, char *to, size_t room)
{
    size_t len = x->stream.len < room ? x->stream.len : room;
    memcpy(to, x->stream.bytes, len);
    buf_consume(&x->stream, len);
    x->response_bytes += (int64_t)len;
    x->deadline = loop_now(x->server->loop) + STALL_TIME;
    return len;
}

/* MHD has sent what it had. With nothing to give it the connection sleeps: asked again at once, MHD would
 * never stop asking. */
static ssize_t on_read(void *context, uint64_t at, char *to, size_t room)
{
    (void)at;
    struct exchange *x = context;
    if (x->gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!x->stream.len && !x->stream_ended && x->handler->drained)
        x->handler->drained(x);
    if (x->stream.len)
        return (ssize_t)take(x, to, room);
    if (x->stream_ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    exchange_suspend(x);
    return 0;
}

void exchange_send_stream(struct exchange *x, int status, const char *content_type, size_t most)
{
    enum { BLOCK = 4096 };
    buf_init(&x->stream, most);
    x->streaming = true;
    exchange_give(x, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, x, NULL), status, 0,
                  content_type);
}

static void wake(struct exchange *x)
{
    if (x->suspended)
        exchange_release(x);
    if (x->deadline == NSEC_NEVER)
        x->deadline = loop_now(x->server->loop) + STALL_TIME;
}

bool exchange_stream(struct exchange *x, const void *bytes, size_t len)
{
    if (len > x->stream.max_bytes - x->stream.len)
        return false;
    buf_add(&x->stream, bytes, len);
    wake(x);
    return !x->stream.failed;
}

void exchange_stream_end(struct exchange *x)
{
    x->stream_ended = true;
    wake(x);
}

size_t exchange_stream_backlog(const struct exchange *x)
{
    return x->stream.len;
}
