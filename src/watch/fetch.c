#include "fetch.h"

#include <stdio.h>

static void on_done(struct http_exchange *x)
{
    struct fetch *f = (struct fetch *)((char *)x - offsetof(struct fetch, exchange));
    timer_cancel(x->pool->loop, &f->deadline);
    f->done(f);
}

static void on_deadline(struct timer *timer)
{
    struct fetch *f = (struct fetch *)((char *)timer - offsetof(struct fetch, deadline));
    http_cancel(&f->exchange);
    f->exchange.fail = FAIL_TIMEOUT;
    f->exchange.ended = loop_now(f->exchange.pool->loop);
    snprintf(f->exchange.error, sizeof f->exchange.error, "no answer in time");
    f->done(f);
}

void fetch_init(struct fetch *f, void (*done)(struct fetch *f), size_t max_body)
{
    *f = (struct fetch){.done = done, .exchange.done = on_done, .deadline.fire = on_deadline};
    buf_init(&f->body, max_body);
    buf_init(&f->head, 64 << 10);
    f->exchange.body = &f->body;
    f->exchange.idempotent = true;
}

void fetch_finish(struct fetch *f)
{
    fetch_cancel(f);
    buf_finish(&f->body);
    buf_finish(&f->head);
}

void fetch_start(struct fetch *f, struct http_pool *pool, const struct http_target *target, const char *path,
                 nsec timeout)
{
    buf_clear(&f->body);
    buf_clear(&f->head);
    struct buf whole; /* the target's prefix belongs to the path */
    buf_init(&whole, 8 << 10);
    buf_printf(&whole, "%s%s", target->prefix, path);
    http_render_head(&f->head, "GET", target, buf_text(&whole));
    buf_finish(&whole);
    buf_add_text(&f->head, "\r\n");
    f->exchange.iov[0] = (struct iovec){f->head.bytes, f->head.len};
    f->exchange.iov_count = 1;
    timer_set(pool->loop, &f->deadline, loop_now(pool->loop) + timeout);
    http_start(pool, &f->exchange);
}

void fetch_cancel(struct fetch *f)
{
    if (f->exchange.pool)
        timer_cancel(f->exchange.pool->loop, &f->deadline);
    http_cancel(&f->exchange);
}

bool fetch_ok(const struct fetch *f)
{
    return f->exchange.fail == FAIL_NONE && f->exchange.status / 100 == 2;
}
