#include "session.h"

#include "backend.h"
#include "container.h"
#include "engineio.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const nsec PROBE_TIME = 10 * NSEC_PER_SEC, PROBE_EVERY = NSEC_PER_SEC / 10;

enum { OUT_MAX = FEED_MAX };

static nsec now_of(const struct session *s)
{
    return loop_now(s->all->backend->loop);
}

static void set(struct session *s, struct timer *timer, nsec in)
{
    timer_set(s->all->backend->loop, timer, now_of(s) + in);
}

/* ---- the table ---- */

static void make_sid(char out[SESSION_SID_LEN + 1])
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[SESSION_SID_LEN];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        abort();
    for (int i = 0; i < SESSION_SID_LEN; i++)
        out[i] = ALPHABET[random[i] % 64];
    out[SESSION_SID_LEN] = '\0';
}

static struct session **bucket_of(struct sessions *all, const char *sid)
{
    unsigned hash = 0;
    while (*sid)
        hash = hash * 31 + (unsigned char)*sid++;
    return &all->buckets[hash % SESSION_BUCKETS];
}

struct session *session_find(struct sessions *all, const char *sid)
{
    struct session *s = *bucket_of(all, sid);
    while (s && strcmp(s->sid, sid) != 0)
        s = s->bucket_next;
    return s;
}

static void table_add(struct session *s)
{
    struct sessions *all = s->all;
    struct session **bucket = bucket_of(all, s->sid);
    s->bucket_next = *bucket;
    *bucket = s;
    s->next = all->first;
    if (all->first)
        all->first->prev = s;
    all->first = s;
    all->count++;
}

static void table_remove(struct session *s)
{
    struct session **at = bucket_of(s->all, s->sid);
    while (*at != s)
        at = &(*at)->bucket_next;
    *at = s->bucket_next;
    *(s->prev ? &s->prev->next : &s->all->first) = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->all->count--;
}

/* ---- out ---- */

static void queue(struct session *s, enum engineio_type type, const char *data, size_t len)
{
    struct buf packet;
    buf_init(&packet, OUT_MAX);
    engineio_write(&packet, type, data, len);
    if (!packet.failed)
        engineio_add(&s->out, packet.bytes, packet.len);
    if (packet.failed || s->out.failed)
        session_doom(s, "overflow");
    buf_finish(&packet);
    set(s, &s->flush, 0);
}

/* Each packet of `out` as a message. */
static bool send_packets(struct session *s)
{
    struct engineio_packet packet;
    const char *rest = buf_text(&s->out);
    size_t len = s->out.len;
    bool sent = true;
    while (sent && len && engineio_next(&rest, &len, &packet))
        sent = ws_conn_send(s->socket, packet.data - 1, packet.len + 1); /* with its type */
    buf_clear(&s->out);
    return sent;
}

static void flush_to_socket(struct session *s)
{
    if (!send_packets(s))
        session_close(s, "overflow");
    else if (!ws_conn_backlog(s->socket))
        sio_drained(s);
}

/* While a client probes, what is queued goes with the GET that waits, or else waits for the WebSocket. */
static void on_flush(struct timer *timer)
{
    struct session *s = CONTAINER(struct session, flush, timer);
    if (s->doomed)
        session_close(s, s->doomed);
    else if (!s->polling)
        flush_to_socket(s);
    else if (s->poll && s->out.len)
        exchange_release(s->poll);
}

void session_send(struct session *s, const char *text, size_t len)
{
    queue(s, ENGINEIO_MESSAGE, text, len);
}

size_t session_backlog(const struct session *s)
{
    return s->out.len + (s->polling ? 0 : ws_conn_backlog(s->socket));
}

void session_doom(struct session *s, const char *why)
{
    if (!s->doomed)
        s->doomed = why;
    set(s, &s->flush, 0);
}

/* ---- life ---- */

static enum feed_type type_of(const struct session *s)
{
    return s->polling ? FEED_SOCKETIO_POLLING : FEED_SOCKETIO_WEBSOCKET;
}

/* A connection that does not become a Socket.IO one within a ping's time and its pong's is closed, too. */
static void on_beat(struct timer *timer)
{
    struct session *s = CONTAINER(struct session, beat, timer);
    const struct settings *settings = s->all->backend->settings;
    bool connects_late = now_of(s) - s->began >= settings->ping_interval + settings->ping_timeout;
    if (s->awaits_pong) {
        session_close(s, "ping_timeout");
    } else if (!s->sio.connected && connects_late) {
        session_close(s, "connect_timeout");
    } else {
        s->awaits_pong = true;
        set(s, &s->beat, settings->ping_timeout);
        queue(s, ENGINEIO_PING, "", 0);
    }
}

static void queue_handshake(struct session *s)
{
    const struct settings *settings = s->all->backend->settings;
    struct engineio_handshake handshake = {.websocket = s->polling,
                                           .ping_interval_ms = (int)(settings->ping_interval / NSEC_PER_MSEC),
                                           .ping_timeout_ms = (int)(settings->ping_timeout / NSEC_PER_MSEC),
                                           .max_payload_bytes = SESSION_PAYLOAD_MAX};
    memcpy(handshake.sid, s->sid, sizeof s->sid);
    engineio_write_handshake(&s->out, &handshake); /* the first packet, so a payload */
    set(s, &s->flush, 0);
}

static void on_probe_turn(struct timer *timer);

struct session *session_open(struct sessions *all, struct ws_conn *socket)
{
    if (all->closed || all->count == SESSIONS_MAX)
        return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->all = all;
    s->polling = !socket;
    s->socket = socket;
    make_sid(s->sid);
    buf_init(&s->out, OUT_MAX);
    s->beat.fire = on_beat;
    s->flush.fire = on_flush;
    s->probe_turn.fire = on_probe_turn;
    s->began = now_of(s);
    table_add(s);
    queue_handshake(s);
    set(s, &s->beat, all->backend->settings->ping_interval);
    feed_opened(all->backend->metrics, type_of(s));
    return s;
}

/* The GET that waits gets the close, and when nobody is at fault what is queued before it. */
static void answer_last(struct session *s, const char *why)
{
    struct buf packet;
    buf_init(&packet, 1);
    engineio_write(&packet, why && strcmp(why, "client_close") == 0 ? ENGINEIO_NOOP : ENGINEIO_CLOSE, "", 0);
    if (why || s->out.failed || s->out.len + packet.len + 1 > OUT_MAX)
        buf_clear(&s->out);
    engineio_add(&s->out, packet.bytes, packet.len);
    buf_finish(&packet);
    exchange_release(s->poll);
}

void session_close(struct session *s, const char *why)
{
    struct backend *b = s->all->backend;
    sio_finish(s);
    if (s->poll)
        answer_last(s, why);
    if (s->socket && !s->polling && !why)
        send_packets(s);
    if (s->socket)
        ws_conn_close(s->socket, WEBSOCKET_NORMAL);
    timer_cancel(b->loop, &s->beat);
    timer_cancel(b->loop, &s->flush);
    timer_cancel(b->loop, &s->probe_turn);
    feed_closed(b->metrics, type_of(s), now_of(s) - s->began);
    if (why && strcmp(why, "client_close") != 0 && strcmp(why, "transport_close") != 0)
        feed_error(b->metrics, why);
    table_remove(s);
    buf_finish(&s->out);
    free(s);
}

/* ---- in ---- */

static void take_pong(struct session *s)
{
    if (!s->awaits_pong)
        return;
    s->awaits_pong = false;
    set(s, &s->beat, s->all->backend->settings->ping_interval);
}

/* NULL, or why the session is to be closed. */
static const char *take_packet(struct session *s, const struct engineio_packet *packet)
{
    switch (packet->type) {
    case ENGINEIO_MESSAGE:
        return sio_message(s, packet->data, packet->len);
    case ENGINEIO_BINARY:
        return sio_binary(s);
    case ENGINEIO_PONG:
        take_pong(s);
        return NULL;
    case ENGINEIO_NOOP:
        return NULL;
    case ENGINEIO_CLOSE:
        return "client_close";
    case ENGINEIO_OPEN:
    case ENGINEIO_PING: /* in this version it is the server that pings */
    case ENGINEIO_UPGRADE:
        break;
    }
    return "bad_packet";
}

bool session_payload(struct session *s, const char *payload, size_t len)
{
    struct engineio_packet packet;
    const char *why = len ? NULL : "bad_packet";
    while (len && !why && !s->doomed)
        why = engineio_next(&payload, &len, &packet) ? take_packet(s, &packet) : "bad_packet";
    if (!why)
        return true;
    bool client_close = strcmp(why, "client_close") == 0;
    session_close(s, why);
    return client_close;
}

/* ---- long polling ---- */

void session_poll_answer(struct session *s, struct exchange *x)
{
    buf_add(exchange_text(x), s->out.bytes, s->out.len);
    exchange_send(x, 200, "text/plain; charset=UTF-8");
    exchange_add_header(x, "Cache-Control", "no-store");
    buf_clear(&s->out);
    if (!s->doomed && s->polling)
        sio_drained(s);
}

void session_poll(struct session *s, struct exchange *x)
{
    if (s->out.len && !s->doomed) {
        session_poll_answer(s, x);
        return;
    }
    exchange_hold(x, &s->poll, 0);
}

void session_poll_lost(struct session *s)
{
    session_close(s, "transport_close");
}

/* ---- the WebSocket ---- */

void session_probe(struct session *s, struct ws_conn *socket)
{
    assert(s->polling && !s->socket);
    s->socket = socket;
    s->probe = PROBE_OPENED;
    s->probe_over = now_of(s) + PROBE_TIME;
    set(s, &s->probe_turn, PROBE_EVERY);
}

/* The client stays with polling. */
static void end_probe(struct session *s, const char *why)
{
    ws_conn_close(s->socket, WEBSOCKET_NORMAL);
    s->socket = NULL;
    s->probe = PROBE_NONE;
    timer_cancel(s->all->backend->loop, &s->probe_turn);
    feed_error(s->all->backend->metrics, why);
}

/* A client that was told that the WebSocket works lets its GET end before it goes over. */
static void on_probe_turn(struct timer *timer)
{
    struct session *s = CONTAINER(struct session, probe_turn, timer);
    if (now_of(s) >= s->probe_over) {
        end_probe(s, "upgrade_timeout");
        return;
    }
    set(s, &s->probe_turn, PROBE_EVERY);
    if (s->probe == PROBE_ANSWERED && s->poll && !s->out.len)
        queue(s, ENGINEIO_NOOP, "", 0);
}

static void finish_upgrade(struct session *s)
{
    s->polling = false;
    if (s->poll) { /* nothing that matters: that goes over the WebSocket, in its order */
        struct buf kept = s->out;
        buf_init(&s->out, OUT_MAX);
        engineio_write(&s->out, ENGINEIO_NOOP, "", 0);
        exchange_release(s->poll);
        buf_finish(&s->out);
        s->out = kept;
    }
    s->probe = PROBE_NONE;
    timer_cancel(s->all->backend->loop, &s->probe_turn);
    feed_upgraded(s->all->backend->metrics);
    set(s, &s->flush, 0);
}

static void take_probe(struct session *s, const struct engineio_packet *packet)
{
    static const char ANSWER[] = "3probe";
    bool is_probe = packet->len == 5 && memcmp(packet->data, "probe", 5) == 0;
    if (s->probe == PROBE_OPENED && packet->type == ENGINEIO_PING && is_probe) {
        s->probe = PROBE_ANSWERED;
        ws_conn_send(s->socket, ANSWER, sizeof ANSWER - 1);
        if (s->poll && !s->out.len)
            queue(s, ENGINEIO_NOOP, "", 0);
    } else if (s->probe == PROBE_ANSWERED && packet->type == ENGINEIO_UPGRADE) {
        finish_upgrade(s);
    } else {
        end_probe(s, "bad_probe");
    }
}

static void on_message(void *owner, bool text, const char *bytes, size_t len)
{
    struct session *s = owner;
    struct engineio_packet packet = {ENGINEIO_BINARY, bytes, len};
    if (s->doomed)
        return;
    /* Here a 'b' means nothing: a binary message is one of the WebSocket's. */
    bool good = !text || (engineio_parse(bytes, len, &packet) && packet.type != ENGINEIO_BINARY);
    if (s->polling && good) {
        take_probe(s, &packet);
    } else if (s->polling) {
        end_probe(s, "bad_probe");
    } else {
        const char *why = good ? take_packet(s, &packet) : "bad_packet";
        if (why)
            session_close(s, why);
    }
}

static void on_drained(void *owner)
{
    struct session *s = owner;
    if (!s->doomed && !s->polling)
        sio_drained(s);
}

static void on_closed(void *owner, const char *why)
{
    struct session *s = owner;
    s->socket = NULL;
    if (!s->polling) {
        session_close(s, why);
        return;
    }
    s->probe = PROBE_NONE;
    timer_cancel(s->all->backend->loop, &s->probe_turn);
}

const struct ws_conn_events session_socket_events = {
    .message = on_message, .drained = on_drained, .closed = on_closed};

/* ---- all of them ---- */

struct sessions *sessions_create(struct backend *backend)
{
    struct sessions *all = calloc(1, sizeof *all);
    if (!all)
        abort();
    all->backend = backend;
    return all;
}

void sessions_close(struct sessions *all)
{
    all->closed = true;
    while (all->first)
        session_close(all->first, NULL);
}

void sessions_destroy(struct sessions *all)
{
    free(all);
}
