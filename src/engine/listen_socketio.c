#include "listen_private.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>

enum { OK = 200, OUTBOX_MAX = 2 << 20, QUERY_TEXT = 80 + 3 * ENGINEIO_SID_MAX };

/*
 * The carrier of packets:
 *
 *   SIO_ON_POLLING    `pull` asks for packets, again and again; `push` posts those in the outbox.
 *   SIO_PROBING       the same, and `socket` is being tried.
 *   SIO_PROBED        `socket` works: when the last poll and post are over it takes their place. What is to
 *                     be sent waits in the outbox.
 *   SIO_ON_WEBSOCKET  `socket`.
 */

static void pull(struct listen *l);
static void push(struct listen *l);

/* Not through this one any more: it has been lost, or nobody listens. */
static bool is_over(const struct listen *l)
{
    return !l->job || l->sio.state == SIO_CLIENT_OVER;
}

/* The server pings: if it does not for so long, it has gone. */
static void expect_ping(struct listen *l)
{
    const struct engineio_handshake *h = &l->sio.handshake;
    if (l->sio.state == SIO_CLIENT_JOINING || l->sio.state == SIO_CLIENT_JOINED)
        listen_expect(l, ((nsec)h->ping_interval_ms + h->ping_timeout_ms) * NSEC_PER_MSEC);
}

static void query_of(struct listen *l, const char *transport, char out[QUERY_TEXT])
{
    snprintf(out, QUERY_TEXT, "EIO=%d&transport=%s%s%s", ENGINEIO_VERSION, transport,
             l->sid.len ? "&sid=" : "", buf_text(&l->sid));
}

/* ---- the session ---- */

static void on_send(void *context, const char *packet, size_t len)
{
    struct listen *l = context;
    if (l->carrier == SIO_ON_WEBSOCKET) {
        socket_send(l, packet, len);
        return;
    }
    engineio_add(&l->outbox, packet, len);
    push(l);
}

/* As the official client does: the polling goes on until the WebSocket has proved to work. One that does not
 * come to be is no harm. */
static void probe(struct listen *l)
{
    char query[QUERY_TEXT], error[REQUEST_ERROR_TEXT];
    query_of(l, "websocket", query);
    if (socket_open(l, query, error))
        l->carrier = SIO_PROBING;
}

static void on_opened(void *context)
{
    struct listen *l = context;
    buf_clear(&l->sid);
    request_encode(&l->sid, l->sio.handshake.sid);
    if (l->carrier == SIO_ON_POLLING && l->step->listen.transport == TRANSPORT_UPGRADE &&
        l->sio.handshake.websocket)
        probe(l);
}

static void on_joined(void *context)
{
    struct listen *l = context;
    const struct plan_listen *p = &l->step->listen;
    l->stood = true;
    if (!p->says)
        return;
    buf_clear(&l->text);
    request_text(&l->text, &p->message, l->values);
    sio_client_emit(&l->sio, buf_text(&l->text));
}

static void on_event(void *context, const char *name, const json_t *argument)
{
    listen_hear(context, name, argument);
}

static bool glimpse(void *context, const char *name, const char *arguments, size_t len)
{
    return listen_glimpse(context, name, arguments, len);
}

static const struct sio_client_events events = {
    .send = on_send, .opened = on_opened, .joined = on_joined, .glimpse = glimpse, .event = on_event};

/* True when more may come. */
static bool take_packet(struct listen *l, const struct listen_channel *ch, const char *text, size_t len)
{
    bool more = sio_client_take(&l->sio, text, len);
    if (!l->job || ch->dropped)
        return false;
    if (!more)
        listen_lost(l, l->sio.fail, l->sio.error);
    else
        expect_ping(l);
    return more;
}

/* ---- long polling ---- */

static void take_payload(struct listen *l)
{
    const char *at = buf_text(&l->pull.body);
    size_t left = l->pull.body.len;
    struct engineio_packet packet;
    if (!left) /* asked again at once, it would go on for ever, as fast as the target answers */
        listen_lost(l, FAIL_PROTOCOL, "what came is no payload of Engine.IO 4");
    while (left) {
        const char *text = at;
        if (!engineio_next(&at, &left, &packet)) {
            listen_lost(l, FAIL_PROTOCOL, "what came is no payload of Engine.IO 4");
            return;
        }
        if (!take_packet(l, &l->pull, text, (size_t)(packet.data - text) + packet.len))
            return;
    }
}

/* The last poll and the last post are over: all else goes by the WebSocket. */
static void switch_when_quiet(struct listen *l)
{
    if (l->carrier != SIO_PROBED || l->pull.busy || l->push.busy)
        return;
    l->carrier = SIO_ON_WEBSOCKET;
    socket_send(l, "5", 1);
    const char *at = buf_text(&l->outbox);
    size_t left = l->outbox.len;
    struct engineio_packet packet;
    while (left) {
        const char *text = at;
        if (!engineio_next(&at, &left, &packet))
            break;
        socket_send(l, text, (size_t)(packet.data - text) + packet.len);
    }
    buf_clear(&l->outbox);
}

static bool went_well(struct listen *l, const struct listen_channel *ch)
{
    const struct http_exchange *x = &ch->exchange;
    if (x->fail == FAIL_NONE && x->status == OK)
        return true;
    if (x->fail != FAIL_NONE)
        listen_lost(l, x->fail, x->error);
    else
        listen_refused(l, ch);
    return false;
}

static void on_pulled(struct listen *l)
{
    if (!went_well(l, &l->pull))
        return;
    take_payload(l);
    if (is_over(l))
        return;
    if (l->sio.state == SIO_CLIENT_OPENING)
        listen_lost(l, FAIL_PROTOCOL, "what came is no handshake of Engine.IO 4");
    else if (l->carrier == SIO_PROBED)
        switch_when_quiet(l);
    else
        pull(l);
}

static bool begin_pull(struct listen *l, char *error)
{
    char query[QUERY_TEXT];
    struct http_exchange *x = &l->pull.exchange;
    query_of(l, "polling", query);
    l->pull.done = on_pulled;
    x->names = NULL;
    x->headed = NULL;
    x->take = channel_keep;
    x->idempotent = !l->sid.len; /* later an answer that is lost has taken packets along */
    x->patience = l->sid.len ? HTTP_PATIENT_ALWAYS : HTTP_PATIENT_NEVER;
    const struct request_form form = {
        .method = METHOD_GET, .path = &l->step->path, .query = query, .headers = ""};
    if (!channel_start(&l->pull, &form, error))
        return false;
    l->all->asked(l->job);
    return true;
}

static void pull(struct listen *l)
{
    char error[REQUEST_ERROR_TEXT];
    if (!begin_pull(l, error))
        listen_lost(l, FAIL_BODY, error);
}

static void on_pushed(struct listen *l)
{
    if (!l->job) /* that was goodbye */
        return;
    if (!went_well(l, &l->push))
        return;
    if (l->carrier == SIO_PROBED)
        switch_when_quiet(l);
    else
        push(l);
}

static bool post_outbox(struct listen *l, char *error)
{
    char query[QUERY_TEXT];
    query_of(l, "polling", query);
    l->push.done = on_pushed;
    l->push.exchange.take = channel_keep;
    const struct request_form form = {.method = METHOD_POST,
                                      .path = &l->step->path,
                                      .query = query,
                                      .headers = "Content-Type: text/plain;charset=UTF-8\r\n",
                                      .body = l->outbox.bytes,
                                      .body_len = l->outbox.len};
    bool started = channel_start(&l->push, &form, error);
    buf_clear(&l->outbox);
    return started;
}

static void push(struct listen *l)
{
    char error[REQUEST_ERROR_TEXT];
    if (l->outbox.len && !l->push.busy && l->carrier != SIO_PROBED && !post_outbox(l, error))
        listen_lost(l, FAIL_BODY, error);
}

/* ---- a WebSocket ---- */

static void opened(struct listen *l)
{
    if (l->carrier == SIO_PROBING)
        socket_send(l, "2probe", 6);
}

static void message(struct listen *l, bool text, const char *bytes, size_t len)
{
    static const char answer[] = "3probe";
    if (l->carrier == SIO_PROBING && len == sizeof answer - 1 && memcmp(bytes, answer, len) == 0) {
        l->carrier = SIO_PROBED;
        switch_when_quiet(l);
    } else if (text) {
        take_packet(l, &l->socket, bytes, len);
    } else if (!sio_client_take_binary(&l->sio)) {
        listen_lost(l, l->sio.fail, l->sio.error);
    }
}

static void closed(struct listen *l, enum fail_kind kind, const char *why)
{
    if (l->carrier == SIO_PROBING)
        l->carrier = SIO_ON_POLLING;
    else if (kind == FAIL_STATUS)
        listen_refused(l, &l->socket);
    else
        listen_lost(l, kind, why);
}

/* ---- the way ---- */

void listen_socketio_init(struct listen *l)
{
    sio_client_init(&l->sio, &events, l);
    buf_init(&l->auth, LISTEN_MESSAGE_MAX);
    buf_init(&l->sid, 3 * ENGINEIO_SID_MAX + 1);
    buf_init(&l->outbox, OUTBOX_MAX);
}

void listen_socketio_finish(struct listen *l)
{
    sio_client_finish(&l->sio);
    buf_finish(&l->auth);
    buf_finish(&l->sid);
    buf_finish(&l->outbox);
}

static bool start(struct listen *l, char *error)
{
    const struct plan_listen *p = &l->step->listen;
    char query[QUERY_TEXT];
    buf_clear(&l->auth);
    buf_clear(&l->sid);
    buf_clear(&l->outbox);
    if (p->has_auth)
        request_text(&l->auth, &p->auth, l->values);
    sio_client_begin(&l->sio, p->namespace, buf_text(&l->auth));
    l->carrier = p->transport == TRANSPORT_WEBSOCKET ? SIO_ON_WEBSOCKET : SIO_ON_POLLING;
    if (l->carrier == SIO_ON_POLLING)
        return begin_pull(l, error);
    query_of(l, "websocket", query);
    return socket_open(l, query, error);
}

/* A session that nobody closes is the server's for some ping intervals. Without a WebSocket a post closes it,
 * which is all that is still under way then. */
static bool leave(struct listen *l)
{
    char error[REQUEST_ERROR_TEXT];
    if (l->carrier == SIO_ON_WEBSOCKET && l->socket_stands && l->sio.state == SIO_CLIENT_JOINED)
        websocket_send_text(&l->websocket, "41", 2); /* goes with the close */
    if (l->carrier == SIO_ON_WEBSOCKET || !l->sid.len || is_over(l))
        return socket_leave(l);
    channel_drop(&l->push); /* its answer does not matter any more */
    buf_clear(&l->outbox);
    engineio_add(&l->outbox, "1", 1);
    return post_outbox(l, error);
}

const struct listen_way listen_socketio = {
    .start = start, .leave = leave, .opened = opened, .message = message, .closed = closed};
