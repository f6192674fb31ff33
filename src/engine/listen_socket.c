#include "listen_private.h"

#include <stdio.h>
#include <string.h>

/* Each piece of a message that is not complete takes some memory, however small it is. */
enum { HELD_MAX = 2 * LISTEN_MESSAGE_MAX };

static void on_message(void *context, bool text, const char *bytes, size_t len)
{
    struct listen *l = context;
    if (l->job && !l->socket.dropped)
        l->way->message(l, text, bytes, len);
}

static const struct websocket_events events = {.message = on_message};

void socket_init(struct listen *l)
{
    l->websocket = (struct websocket){.events = &events, .context = l, .message_max = LISTEN_MESSAGE_MAX};
    buf_init(&l->websocket.out, 2 * LISTEN_MESSAGE_MAX);
    buf_init(&l->going, 2 * LISTEN_MESSAGE_MAX);
}

void socket_finish(struct listen *l)
{
    websocket_finish(&l->websocket);
    buf_finish(&l->going);
}

/* ---- out ---- */

/* What was gathered goes on its way, and the empty buffer takes its place. */
static void flush(struct listen *l)
{
    struct buf *out = &l->websocket.out, empty = l->going;
    if (l->going.len || !out->len)
        return;
    l->going = *out;
    *out = empty;
    l->going_iov = (struct iovec){l->going.bytes, l->going.len};
    http_send(&l->socket.exchange, &l->going_iov, 1);
}

static void on_sent(struct http_exchange *x)
{
    struct listen *l = ((struct listen_channel *)x)->listen;
    buf_clear(&l->going);
    flush(l);
}

void socket_send(struct listen *l, const char *text, size_t len)
{
    websocket_send_text(&l->websocket, text, len);
    flush(l);
}

bool socket_leave(struct listen *l)
{
    if (l->socket_stands) {
        websocket_close(&l->websocket, WEBSOCKET_NORMAL);
        flush(l);
    }
    return false;
}

/* ---- in ---- */

static bool feed(struct listen *l, const char *bytes, size_t len)
{
    struct websocket *w = &l->websocket;
    char why[80];
    bool more = websocket_feed(w, bytes, len), fits = w->held <= HELD_MAX;
    if (!l->job || l->socket.dropped)
        return false;
    flush(l);
    if (more && fits)
        return true;
    l->socket_stands = false;
    snprintf(why, sizeof why, "the target closed the WebSocket (code %d)", websocket_closed_code(w));
    if (more)
        l->way->closed(l, FAIL_TOO_LARGE, "a message comes in more pieces than are taken");
    else if (websocket_was_closed(w))
        l->way->closed(l, FAIL_RESET, why);
    else if (websocket_sent_code(w) == WEBSOCKET_TOO_BIG)
        l->way->closed(l, FAIL_TOO_LARGE, "a message is larger than is taken");
    else
        l->way->closed(l, FAIL_PROTOCOL, "what came is no WebSocket");
    return false;
}

/* ---- the opening handshake ---- */

static const char *on_switched(struct http_exchange *x)
{
    struct listen *l = ((struct listen_channel *)x)->listen;
    char accept[WEBSOCKET_ACCEPT_TEXT];
    if (strcasecmp(l->names.upgrade, "websocket") != 0)
        return "the server switched to something else than a WebSocket";
    if (strcmp(l->names.accept, websocket_accept(l->key, accept)) != 0)
        return "the server's Sec-WebSocket-Accept does not fit";
    if (!websocket_restart(&l->websocket, WEBSOCKET_CLIENT))
        return "no memory for a WebSocket";
    buf_clear(&l->going);
    l->socket_stands = true;
    x->take = channel_feed;
    l->way->opened(l);
    return NULL;
}

static void on_headed(struct http_exchange *x)
{
    x->take = channel_keep;
}

static void on_done(struct listen *l)
{
    const struct http_exchange *x = &l->socket.exchange;
    l->socket_stands = false;
    if (x->fail != FAIL_NONE)
        l->way->closed(l, x->fail, x->error);
    else
        l->way->closed(l, FAIL_STATUS, "");
}

bool socket_open(struct listen *l, const char *query, char *error)
{
    char headers[160];
    struct http_exchange *x = &l->socket.exchange;
    snprintf(
        headers, sizeof headers,
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
        websocket_make_key(l->key));
    l->socket.feed = feed;
    l->socket.done = on_done;
    x->names = &l->names;
    x->headed = on_headed;
    x->switched = on_switched;
    x->sent = on_sent;
    x->idempotent = true;
    const struct request_form form = {
        .method = METHOD_GET, .path = &l->step->path, .query = query, .headers = headers};
    return channel_start(&l->socket, &form, error);
}
