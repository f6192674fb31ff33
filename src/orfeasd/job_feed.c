#include "job_feed.h"

#include "backend.h"
#include "container.h"
#include "events.h"
#include "feed.h"
#include "sse.h"
#include "ws_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MESSAGE_MAX = 4 << 10, /* to us, who wait for none */
    RETRY_MS = 2000,
    STREAM_ROOM = 1 << 10, /* what frames an event */
};

struct job_feed {
    struct backend *backend;
    struct subscription subscription;
    struct ws_conn *socket;  /* or */
    struct exchange *stream; /* its request; neither: the connection is gone */
    struct timer timer;      /* a heartbeat, or its end */
    const char *ending;      /* why it ends in the next turn: "" when all is well */
    bool awaits_pong;
    bool behind;     /* something was dropped */
    uint64_t number; /* of events */
    nsec began;
    struct job_feed *next, *prev;
};

static nsec now_of(const struct job_feed *f)
{
    return loop_now(f->backend->loop);
}

static enum feed_type type_of(const struct job_feed *f)
{
    return f->stream ? FEED_SSE : FEED_WEBSOCKET;
}

/* ---- its end ---- */

static void destroy(struct job_feed *f)
{
    struct backend *b = f->backend;
    events_unsubscribe(&f->subscription);
    timer_cancel(b->loop, &f->timer);
    feed_closed(b->metrics, type_of(f), now_of(f) - f->began);
    *(f->prev ? &f->prev->next : &b->feeds) = f->next;
    if (f->next)
        f->next->prev = f->prev;
    free(f);
}

/* A stream ends when its request does; a socket looks after itself. */
static void finish(struct job_feed *f, enum websocket_code code)
{
    if (f->stream) {
        f->stream->state = NULL;
        exchange_stream_end(f->stream);
    } else {
        ws_conn_close(f->socket, code);
    }
    destroy(f);
}

static void end_soon(struct job_feed *f, const char *why)
{
    if (!f->ending)
        f->ending = why;
    timer_set(f->backend->loop, &f->timer, now_of(f));
}

/* ---- to the client ---- */

static size_t backlog(const struct job_feed *f)
{
    return f->stream ? exchange_stream_backlog(f->stream) : ws_conn_backlog(f->socket);
}

static bool send_to_socket(struct job_feed *f, enum event event, const char *json, size_t len)
{
    struct buf text;
    buf_init(&text, FEED_MAX);
    buf_printf(&text, "{\"event\":\"%s\",", event_name(event));
    buf_add(&text, json + 1, len - 1); /* its members, and the bracket */
    bool sent = !text.failed && ws_conn_send(f->socket, text.bytes, text.len);
    buf_finish(&text);
    return sent;
}

char *job_feed_end_id(const struct job *job, char out[JOB_FEED_ID])
{
    snprintf(out, JOB_FEED_ID, "end-%lld", (long long)job->finished_wall);
    return out;
}

/* The id tells a browser that comes back after the end that there is nothing more. */
static bool send_to_stream(struct job_feed *f, enum event event, const char *json, size_t len)
{
    struct buf text;
    char id[JOB_FEED_ID];
    buf_init(&text, FEED_MAX);
    if (event_is_last(event))
        job_feed_end_id(job_table_find(f->backend->jobs, &f->subscription.job), id);
    else
        snprintf(id, sizeof id, "%llu", (unsigned long long)++f->number);
    sse_write(&text, event_name(event), id, json, len);
    bool sent = !text.failed && exchange_stream(f->stream, text.bytes, text.len);
    buf_finish(&text);
    return sent;
}

static void on_event(struct subscription *subscription, enum event event, const char *json, size_t len)
{
    struct job_feed *f = CONTAINER(struct job_feed, subscription, subscription);
    if (f->ending)
        return;
    if (!event_is_last(event) && backlog(f) > FEED_SOFT) {
        f->behind = true;
        return;
    }
    bool sent = f->stream ? send_to_stream(f, event, json, len) : send_to_socket(f, event, json, len);
    if (sent)
        feed_sent(f->backend->metrics, event_name(event));
    if (!sent || event_is_last(event))
        end_soon(f, sent ? "" : "overflow");
}

static void on_gone(struct subscription *subscription)
{
    end_soon(CONTAINER(struct job_feed, subscription, subscription), "");
}

static void catch_up(struct job_feed *f)
{
    if (!f->behind || f->ending || backlog(f))
        return;
    f->behind = false;
    events_present(f->backend->events, &f->subscription);
}

/* ---- heartbeat ---- */

static bool beat_stream(struct job_feed *f)
{
    struct buf text;
    buf_init(&text, STREAM_ROOM);
    sse_write_comment(&text, "still here");
    bool sent = exchange_stream(f->stream, text.bytes, text.len);
    buf_finish(&text);
    return sent;
}

static void beat(struct job_feed *f)
{
    const struct settings *settings = f->backend->settings;
    nsec next = settings->ping_interval;
    if (f->awaits_pong) {
        end_soon(f, "ping_timeout");
        return;
    }
    if (f->socket) {
        f->awaits_pong = true;
        next = settings->ping_timeout;
    }
    if (!(f->socket ? ws_conn_ping(f->socket) : beat_stream(f)))
        end_soon(f, "overflow");
    else
        timer_set(f->backend->loop, &f->timer, now_of(f) + next);
}

static void on_timer(struct timer *timer)
{
    struct job_feed *f = CONTAINER(struct job_feed, timer, timer);
    if (!f->ending) {
        beat(f);
        return;
    }
    if (*f->ending)
        feed_error(f->backend->metrics, f->ending);
    finish(f, *f->ending ? WEBSOCKET_POLICY : WEBSOCKET_NORMAL);
}

/* ---- from the client ---- */

static void on_message(void *owner, bool text, const char *bytes, size_t len)
{
    (void)owner; /* there is nothing to ask for */
    (void)text;
    (void)bytes;
    (void)len;
}

static void on_pong(void *owner)
{
    struct job_feed *f = owner;
    if (!f->awaits_pong || f->ending)
        return;
    f->awaits_pong = false;
    timer_set(f->backend->loop, &f->timer, now_of(f) + f->backend->settings->ping_interval);
}

static void on_drained(void *owner)
{
    catch_up(owner);
}

static void on_closed(void *owner, const char *why)
{
    struct job_feed *f = owner;
    if (strcmp(why, "transport_close") != 0)
        feed_error(f->backend->metrics, why);
    destroy(f);
}

static const struct ws_conn_events SOCKET_EVENTS = {on_message, on_pong, on_drained, on_closed};

/* ---- its beginning ---- */

static struct job_feed *create(struct backend *b)
{
    struct job_feed *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->backend = b;
    f->subscription.event = on_event;
    f->subscription.gone = on_gone;
    f->timer.fire = on_timer;
    f->began = now_of(f);
    f->next = b->feeds;
    if (f->next)
        f->next->prev = f;
    b->feeds = f;
    return f;
}

static void start(struct job_feed *f, struct job *job)
{
    struct backend *b = f->backend;
    feed_opened(b->metrics, type_of(f));
    timer_set(b->loop, &f->timer, f->began + b->settings->ping_interval);
    events_subscribe(b->events, job, &f->subscription);
    events_present(b->events, &f->subscription);
}

void job_feed_open_socket(struct exchange *x, struct job *job)
{
    struct ws_conn *socket = ws_conn_open(x, MESSAGE_MAX, &SOCKET_EVENTS, NULL);
    if (!socket)
        return;
    struct job_feed *f = create(x->backend);
    f->socket = socket;
    ws_conn_give(socket, &SOCKET_EVENTS, f);
    start(f, job);
}

void job_feed_open_stream(struct exchange *x, struct job *job)
{
    struct job_feed *f = create(x->backend);
    struct buf text;
    f->stream = x;
    x->state = f;
    exchange_send_stream(x, 200, "text/event-stream", FEED_MAX + STREAM_ROOM);
    exchange_add_header(x, "Cache-Control", "no-store");
    exchange_add_header(x, "X-Accel-Buffering", "no"); /* a proxy is not to gather them */
    buf_init(&text, STREAM_ROOM);
    sse_write_retry(&text, RETRY_MS);
    exchange_stream(x, text.bytes, text.len);
    buf_finish(&text);
    start(f, job);
}

void job_feed_end(struct exchange *x)
{
    struct job_feed *f = x->state;
    x->state = NULL;
    if (f)
        destroy(f);
}

void job_feed_drained(struct exchange *x)
{
    if (x->state)
        catch_up(x->state);
}

void job_feed_close_all(struct backend *b)
{
    while (b->feeds)
        finish(b->feeds, WEBSOCKET_GOING_AWAY);
}
