#include "listen_private.h"

#include "answer.h"

static struct listen_channel *of(struct http_exchange *x)
{
    return (struct listen_channel *)x;
}

bool channel_keep(struct http_exchange *x, const char *bytes, size_t len)
{
    struct buf *body = &of(x)->body;
    if (x->status == 200) {
        buf_add(body, bytes, len);
        return !body->failed;
    }
    size_t room = LISTEN_REFUSAL_MAX - body->len;
    buf_add(body, bytes, len < room ? len : room);
    return true;
}

bool channel_feed(struct http_exchange *x, const char *bytes, size_t len)
{
    struct listen_channel *ch = of(x);
    listen_hold(ch->listen);
    ch->feeding = true;
    bool more = ch->feed(ch->listen, bytes, len) && !ch->dropped;
    ch->feeding = false;
    ch->dropped |= !more;
    listen_let_go(ch->listen);
    return more;
}

static void on_done(struct http_exchange *x)
{
    struct listen_channel *ch = of(x);
    struct listen *l = ch->listen;
    bool dropped = ch->dropped;
    listen_hold(l);
    ch->busy = ch->dropped = false;
    if (!dropped)
        ch->done(l);
    listen_let_go(l);
}

void channel_init(struct listen_channel *ch, struct listen *l)
{
    ch->listen = l;
    ch->exchange.done = on_done;
    request_init(&ch->request);
    buf_init(&ch->body, ANSWER_JSON_MAX);
}

void channel_finish(struct listen_channel *ch)
{
    request_finish(&ch->request);
    buf_finish(&ch->body);
}

bool channel_start(struct listen_channel *ch, const struct request_form *form, char *error)
{
    struct listen *l = ch->listen;
    struct worker *w = l->all->worker;
    if (!request_render_form(&ch->request, &w->config->target, form, l->values, error))
        return false;
    buf_clear(&ch->body);
    ch->busy = true;
    ch->exchange.iov = ch->request.iov;
    ch->exchange.iov_count = ch->request.iov_count;
    http_start(&w->pool, &ch->exchange, loop_now(w->loop));
    return true;
}

/* From within its own feeding it cannot be taken back: then it says that it wants no more. */
void channel_drop(struct listen_channel *ch)
{
    if (ch->feeding) {
        ch->dropped = true;
        return;
    }
    if (ch->busy && !ch->dropped)
        http_cancel(&ch->exchange);
    ch->busy = ch->busy && ch->dropped; /* its end is about to come */
    listen_slim(&ch->body);
}
