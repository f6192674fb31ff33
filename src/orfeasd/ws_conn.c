#include "ws_conn.h"

#include "backend.h"
#include "container.h"
#include "feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const nsec LINGER_TIME = 2 * NSEC_PER_SEC;

enum {
    READ_MAX = 16 << 10,
    CLOSE_ROOM = 256,    /* a close and some pongs still fit behind the most that may wait */
    KEEP_MAX = 16 << 10, /* memory that an idle connection may keep */
    KERNEL_BUFFER = 64 << 10,
    FRAGMENTS_ROOM = 64 << 10,
};

enum state {
    OPENING, /* the 101 is not out */
    OPEN,
    CLOSING, /* nobody's: sends what waits, reads what still comes, drops it */
    DEAD,    /* only to be freed, by its timer: not from within an event of its own */
};

struct ws_conn {
    struct backend *backend;
    enum state state;
    const struct ws_conn_events *events;
    void *owner; /* NULL: nobody's */
    struct websocket websocket;
    struct upgraded upgraded;
    struct watch_fd watch;
    size_t counted;     /* of what it has sent, in the backend's `inbound` */
    size_t held_max;    /* of a message that is not complete, with what its pieces cost */
    struct timer timer; /* CLOSING, DEAD: then it is over; OPEN: it has broken, or what waited is gone */
    bool broken, ended; /* cannot write; nothing more comes */
    bool waits;         /* something was not sent at once */
    bool half_closed;
    struct ws_conn *next, *prev;
};

/* ---- its end ---- */

static void destroy(struct ws_conn *c)
{
    struct backend *b = c->backend;
    timer_cancel(b->loop, &c->timer);
    *(c->prev ? &c->prev->next : &b->sockets) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    b->inbound -= (int64_t)c->counted;
    websocket_finish(&c->websocket);
    if (c->upgraded.handle)
        exchange_close_upgraded(b->server, &c->upgraded);
    free(c);
}

static void die(struct ws_conn *c)
{
    if (c->state == OPEN || c->state == CLOSING)
        loop_watch_remove(c->backend->loop, &c->watch);
    c->state = DEAD;
    timer_set(c->backend->loop, &c->timer, loop_now(c->backend->loop));
}

/* Tells the owner, who lets go by this. */
static void lose(struct ws_conn *c, const char *why)
{
    void *owner = c->owner;
    c->owner = NULL;
    if (owner)
        c->events->closed(owner, why);
}

/* ---- writing ---- */

static void watch_writable(struct ws_conn *c, bool on)
{
    if (c->watch.write == on)
        return;
    loop_watch_remove(c->backend->loop, &c->watch);
    c->watch.write = on;
    if (!loop_watch_add(c->backend->loop, &c->watch))
        c->broken = true;
}

/* Errors, and that nothing waits any more, are found here from within the owner's calls, and told of from the
 * loop. */
static void write_some(struct ws_conn *c)
{
    struct buf *out = &c->websocket.out;
    if (c->state != OPEN && c->state != CLOSING)
        return;
    while (out->len && !c->broken) {
        ssize_t sent = send(c->upgraded.fd, out->bytes, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            buf_consume(out, (size_t)sent);
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            c->broken = true;
    }
    watch_writable(c, out->len && !c->broken);
    bool drained = c->waits && !out->len && c->state == OPEN;
    c->waits = out->len;
    if (c->broken || drained)
        timer_set(c->backend->loop, &c->timer, loop_now(c->backend->loop));
    if (!out->len && out->capacity > KEEP_MAX) {
        size_t most = out->max_bytes;
        buf_finish(out);
        buf_init(out, most);
    }
}

/* The client closes first when it follows the protocol; else it gets our end of the stream and some time. */
static void finish_closing(struct ws_conn *c)
{
    if (c->broken || c->ended) {
        die(c);
    } else if (!c->websocket.out.len && !c->half_closed) {
        c->half_closed = true;
        shutdown(c->upgraded.fd, SHUT_WR);
    }
}

static void start_closing(struct ws_conn *c, enum websocket_code code)
{
    websocket_close(&c->websocket, code);
    if (c->state == OPENING)
        return; /* goes on when it is taken, or ended */
    c->state = CLOSING;
    timer_set(c->backend->loop, &c->timer, loop_now(c->backend->loop) + LINGER_TIME);
    write_some(c);
    if (!c->broken)
        finish_closing(c);
}

/* ---- reading ---- */

static const char *why_over(const struct ws_conn *c)
{
    switch (websocket_sent_code(&c->websocket)) {
    case WEBSOCKET_TOO_BIG:
        return "message_too_big";
    case WEBSOCKET_NORMAL:
    case 0:
        return "transport_close";
    default:
        return websocket_was_closed(&c->websocket) ? "transport_close" : "protocol_error";
    }
}

static void stream_over(struct ws_conn *c)
{
    lose(c, why_over(c));
    if (c->state == OPEN)
        start_closing(c, WEBSOCKET_NORMAL);
}

static void count_held(struct ws_conn *c, size_t held)
{
    c->backend->inbound += (int64_t)held - (int64_t)c->counted;
    c->counted = held;
}

static void feed(struct ws_conn *c, const char *bytes, size_t len)
{
    if (c->state == CLOSING)
        return;
    bool goes_on = websocket_feed(&c->websocket, bytes, len);
    count_held(c, c->websocket.held);
    if (goes_on && c->counted && (c->counted > c->held_max || c->backend->inbound > FEED_INBOUND_MAX)) {
        websocket_close(&c->websocket, WEBSOCKET_TOO_BIG);
        goes_on = false;
    }
    if (c->state == OPEN)
        write_some(c);
    if (!goes_on)
        stream_over(c);
}

static void read_some(struct ws_conn *c)
{
    char bytes[READ_MAX];
    ssize_t len = recv(c->upgraded.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (len > 0) {
        feed(c, bytes, (size_t)len);
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->ended = true;
        c->broken |= len < 0;
        stream_over(c);
    }
}

static void on_ready(struct watch_fd *watch)
{
    struct ws_conn *c = CONTAINER(struct ws_conn, watch, watch);
    read_some(c);
    if (c->state == OPEN || c->state == CLOSING)
        write_some(c);
    if (c->state == CLOSING)
        finish_closing(c);
}

static void on_timer(struct timer *timer)
{
    struct ws_conn *c = CONTAINER(struct ws_conn, timer, timer);
    if (c->state == DEAD) {
        destroy(c);
    } else if (c->state == OPEN && !c->broken) {
        if (c->owner)
            c->events->drained(c->owner);
    } else {
        lose(c, "transport_close");
        die(c);
    }
}

/* ---- its beginning ---- */

bool ws_conn_wanted(const struct exchange *x)
{
    const char *upgrade = exchange_header(x, "Upgrade"), *connection = exchange_header(x, "Connection");
    return x->method == METHOD_GET && upgrade && connection && strcasecmp(upgrade, "websocket") == 0 &&
           strcasestr(connection, "upgrade");
}

/* Answers what is wrong with the request. */
static bool check_request(struct exchange *x)
{
    const char *key = exchange_header(x, "Sec-WebSocket-Key"),
               *version = exchange_header(x, "Sec-WebSocket-Version");
    if (!ws_conn_wanted(x)) {
        exchange_send_error(x, 426, "Expected a WebSocket");
        exchange_add_header(x, "Upgrade", "websocket");
    } else if (!exchange_origin_allowed(x)) {
        feed_error(x->backend->metrics, "forbidden_origin");
        exchange_send_error(x, 403, "Origin not allowed");
    } else if (!version || strcmp(version, "13") != 0) {
        exchange_send_error(x, 426, "Expected version 13 of WebSocket");
        exchange_add_header(x, "Sec-WebSocket-Version", "13");
    } else if (!key || !websocket_key_valid(key)) {
        exchange_send_error(x, 400, "Bad Sec-WebSocket-Key");
    } else {
        return true;
    }
    return false;
}

static void on_taken(void *state, const struct upgraded *upgraded)
{
    struct ws_conn *c = state;
    int size = KERNEL_BUFFER;
    setsockopt(upgraded->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    c->upgraded = *upgraded;
    c->watch = (struct watch_fd){on_ready, upgraded->fd};
    if (!loop_watch_add(c->backend->loop, &c->watch)) {
        lose(c, "transport_close");
        die(c);
        return;
    }
    c->state = OPEN;
    if (!c->owner) { /* who has let go meanwhile */
        start_closing(c, WEBSOCKET_NORMAL);
        return;
    }
    write_some(c);
    if (upgraded->len)
        feed(c, upgraded->bytes, upgraded->len);
}

static void on_message(void *context, bool text, const char *bytes, size_t len)
{
    struct ws_conn *c = context;
    if (c->owner)
        c->events->message(c->owner, text, bytes, len);
}

static void on_pong(void *context)
{
    struct ws_conn *c = context;
    if (c->owner && c->events->pong)
        c->events->pong(c->owner);
}

struct ws_conn *ws_conn_open(struct exchange *x, size_t message_max, const struct ws_conn_events *events,
                             void *owner)
{
    static const struct websocket_events WEBSOCKET_EVENTS = {on_message, on_pong};
    struct backend *b = x->backend;
    char accept[WEBSOCKET_ACCEPT_TEXT];
    if (!check_request(x))
        return NULL;
    struct ws_conn *c = calloc(1, sizeof *c);
    if (!c || !websocket_init(&c->websocket, WEBSOCKET_SERVER, &WEBSOCKET_EVENTS, c, message_max,
                              FEED_MAX + CLOSE_ROOM))
        abort();
    c->backend = b;
    c->held_max = 2 * message_max + FRAGMENTS_ROOM;
    c->timer.fire = on_timer;
    ws_conn_give(c, events, owner);
    c->next = b->sockets;
    if (c->next)
        c->next->prev = c;
    b->sockets = c;
    exchange_upgrade(x, "websocket", on_taken);
    exchange_add_header(x, "Sec-WebSocket-Accept",
                        websocket_accept(exchange_header(x, "Sec-WebSocket-Key"), accept));
    x->state = c;
    return c;
}

/* The client has left before the 101 was out. */
void ws_conn_end(struct exchange *x)
{
    struct ws_conn *c = x->state;
    x->state = NULL;
    if (!c)
        return;
    lose(c, "transport_close");
    die(c);
}

void ws_conn_give(struct ws_conn *c, const struct ws_conn_events *events, void *owner)
{
    c->events = events;
    c->owner = owner;
}

/* ---- the owner's ---- */

bool ws_conn_send(struct ws_conn *c, const char *text, size_t len)
{
    if (c->websocket.out.len + len + CLOSE_ROOM > FEED_MAX || !websocket_send_text(&c->websocket, text, len))
        return false;
    write_some(c);
    return true;
}

bool ws_conn_ping(struct ws_conn *c)
{
    bool sent = websocket_send_ping(&c->websocket);
    write_some(c);
    return sent;
}

size_t ws_conn_backlog(const struct ws_conn *c)
{
    return c->websocket.out.len;
}

void ws_conn_close(struct ws_conn *c, enum websocket_code code)
{
    c->owner = NULL;
    if (c->state == OPEN || c->state == OPENING)
        start_closing(c, code);
}

void ws_conn_destroy_all(struct backend *b)
{
    for (struct ws_conn *c = b->sockets, *next; c; c = next) {
        next = c->next;
        if (c->state == OPENING)
            continue; /* its request ends with the server, and then it is dead */
        if (c->state != DEAD)
            loop_watch_remove(b->loop, &c->watch);
        lose(c, "stopping");
        destroy(c);
    }
}
