#include "fetch.h"

#include "container.h"

#include <stdio.h>

static struct loop *loop_of(const struct fetch *f)
{
    return f->exchange.pool->route.loop;
}

static void on_done(struct http_exchange *x)
{
    struct fetch *f = CONTAINER(struct fetch, exchange, x);
    timer_cancel(loop_of(f), &f->deadline);
    snprintf(f->error, sizeof f->error, "%s", x->error);
    f->done(f);
}

static bool on_body(struct http_exchange *x, const char *bytes, size_t len)
{
    struct fetch *f = CONTAINER(struct fetch, exchange, x);
    buf_add(&f->body, bytes, len);
    return !f->body.failed;
}

static void on_deadline(struct timer *timer)
{
    struct fetch *f = CONTAINER(struct fetch, deadline, timer);
    http_cancel(&f->exchange);
    f->exchange.fail = FAIL_TIMEOUT;
    f->exchange.ended = loop_now(loop_of(f));
    snprintf(f->error, sizeof f->error, "no answer in time");
    f->done(f);
}

void fetch_init(struct fetch *f, void (*done)(struct fetch *f), size_t max_body)
{
    *f = (struct fetch){.done = done, .exchange.done = on_done, .deadline.fire = on_deadline};
    buf_init(&f->body, max_body);
    buf_init(&f->head, 64 << 10);
    f->exchange.take = on_body;
    f->exchange.names = &f->names;
    f->exchange.iov = &f->iov;
    f->exchange.iov_count = 1;
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
    struct http_target asked = *target;
    struct buf whole; /* the target's prefix belongs to the path */
    asked.own[HTTP_ACCEPT] |= f->accept != NULL;
    buf_init(&whole, 8 << 10);
    buf_printf(&whole, "%s%s", target->prefix, path);
    http_render_head(&f->head, "GET", &asked, buf_text(&whole));
    buf_finish(&whole);
    if (asked.own[HTTP_ACCEPT] && !target->own[HTTP_ACCEPT])
        buf_printf(&f->head, "Accept: %s\r\n", f->accept);
    buf_add_text(&f->head, "\r\n");
    f->iov = (struct iovec){f->head.bytes, f->head.len};
    nsec now = loop_now(pool->route.loop);
    timer_set(pool->route.loop, &f->deadline, now + timeout);
    http_start(pool, &f->exchange, now);
}

void fetch_cancel(struct fetch *f)
{
    if (f->exchange.pool)
        timer_cancel(loop_of(f), &f->deadline);
    http_cancel(&f->exchange);
}

bool fetch_ok(const struct fetch *f)
{
    return f->exchange.fail == FAIL_NONE && f->exchange.status / 100 == 2;
}
