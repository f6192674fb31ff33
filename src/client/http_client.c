#include "http_client.h"

#include "http1.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 << 10 };

/*
 * A connection is connecting (socket < 0), busy (exchange set) or idle (in the pool's idle list). From the
 * moment it is connected a recv is always under way.
 */
struct http_conn {
    struct op connect, send, recv;
    struct http_pool *pool;
    struct http_exchange *exchange;
    struct http_conn *next_idle;
    struct http_conn *next, **link; /* in the pool's list of all */
    int socket;
    bool used;      /* has served an exchange before */
    bool got_bytes; /* of the answer under way */
    bool sending;
    bool body_overflow;
    struct iovec iov[HTTP_IOV_MAX]; /* what is left to send */
    int iov_count;
    struct http1_names names;
    struct http1 parser;
    char in[READ_BYTES];
};

#define CONN_OF(member, op) ((struct http_conn *)((char *)(op)-offsetof(struct http_conn, member)))

static void on_connect(struct op *op, int result);
static void on_send(struct op *op, int result);
static void on_recv(struct op *op, int result);

void http_render_head(struct buf *out, const char *method, const struct http_target *target, const char *path)
{
    buf_printf(out,
               "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: orfeas/" ORFEAS_VERSION "\r\nAccept: */*\r\n%s",
               method, path, target->authority, target->headers);
}

void http_pool_init(struct http_pool *pool, struct loop *loop, const struct loop_addr *addrs, int addr_count)
{
    *pool = (struct http_pool){.loop = loop, .addr_count = addr_count};
    memcpy(pool->addrs, addrs, (size_t)addr_count * sizeof addrs[0]);
}

/* ---- connections ---- */

static struct http_conn *conn_create(struct http_pool *pool)
{
    struct http_conn *c = malloc(sizeof *c);
    if (!c)
        abort();
    memset(c, 0, offsetof(struct http_conn, in));
    c->parser.names = &c->names;
    c->connect.done = on_connect;
    c->send.done = on_send;
    c->recv.done = on_recv;
    c->pool = pool;
    c->socket = -1;
    c->next = pool->all;
    c->link = &pool->all;
    if (c->next)
        c->next->link = &c->next;
    pool->all = c;
    return c;
}

static void take_from_idle(struct http_conn *c)
{
    for (struct http_conn **at = &c->pool->idle; *at; at = &(*at)->next_idle) {
        if (*at == c) {
            *at = c->next_idle;
            return;
        }
    }
}

/* Closes and frees; the exchange, if any, is let go. */
static void conn_destroy(struct http_conn *c)
{
    if (c->socket >= 0) {
        loop_close(c->pool->loop, c->socket);
        c->pool->open_count--;
    } else {
        loop_cancel_connect(c->pool->loop, &c->connect);
    }
    if (c->exchange)
        c->exchange->conn = NULL;
    else
        take_from_idle(c);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    http1_finish(&c->parser);
    free(c);
}

void http_pool_finish(struct http_pool *pool)
{
    while (pool->all)
        conn_destroy(pool->all);
}

/* ---- the end of an exchange ---- */

static void finish(struct http_exchange *x)
{
    x->ended = loop_now(x->pool->loop);
    x->done(x);
}

static void fail(struct http_conn *c, enum fail_kind kind, const char *why)
{
    struct http_exchange *x = c->exchange;
    x->fail = kind;
    snprintf(x->error, sizeof x->error, "%s", why);
    conn_destroy(c);
    finish(x);
}

static enum fail_kind kind_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return FAIL_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return FAIL_RESET;
    default:
        return FAIL_NETWORK;
    }
}

static void fail_errno(struct http_conn *c, int error)
{
    char why[HTTP_ERROR_TEXT];
    char text[80];
    const char *reason = strerror_r(error, text, sizeof text);
    snprintf(why, sizeof why, "%c%s", reason[0] >= 'A' && reason[0] <= 'Z' ? reason[0] + 32 : reason[0],
             reason + 1);
    fail(c, kind_of(error), why);
}

/* ---- sending ---- */

static void send_more(struct http_conn *c)
{
    c->sending = true;
    loop_send(c->pool->loop, c->socket, &c->send, c->iov, c->iov_count);
}

/* Takes `sent` bytes off what is left. */
static void advance(struct http_conn *c, size_t sent)
{
    int i = 0;
    while (i < c->iov_count && sent >= c->iov[i].iov_len)
        sent -= c->iov[i++].iov_len;
    memmove(c->iov, c->iov + i, (size_t)(c->iov_count - i) * sizeof c->iov[0]);
    c->iov_count -= i;
    if (c->iov_count) {
        c->iov[0].iov_base = (char *)c->iov[0].iov_base + sent;
        c->iov[0].iov_len -= sent;
    }
}

static void on_send(struct op *op, int result)
{
    struct http_conn *c = CONN_OF(send, op);
    c->sending = false;
    if (result < 0)
        return; /* the answer may lie there already (413, say); recv tells */
    advance(c, (size_t)result);
    if (c->iov_count)
        send_more(c);
}

static void begin(struct http_conn *c, struct http_exchange *x)
{
    c->exchange = x;
    x->conn = c;
    c->got_bytes = false;
    c->body_overflow = false;
    http1_init(&c->parser, x->head_request);
    c->iov_count = x->iov_count;
    memcpy(c->iov, x->iov, (size_t)x->iov_count * sizeof x->iov[0]);
    if (c->socket >= 0)
        send_more(c);
}

/* ---- receiving ---- */

static void receive(struct http_conn *c)
{
    loop_recv(c->pool->loop, c->socket, &c->recv, c->in, sizeof c->in);
}

static void on_body(void *context, const char *bytes, size_t len)
{
    struct http_conn *c = context;
    struct buf *body = c->exchange->body;
    if (!body)
        return;
    buf_add(body, bytes, len);
    c->body_overflow |= body->failed;
}

static void complete(struct http_conn *c, bool reusable)
{
    struct http_exchange *x = c->exchange;
    x->status = c->parser.status;
    x->retry_after = c->parser.retry_after;
    memcpy(x->server, c->names.server, sizeof x->server);
    memcpy(x->date, c->names.date, sizeof x->date);
    if (reusable) {
        c->exchange = NULL;
        c->used = true;
        x->conn = NULL;
        c->next_idle = c->pool->idle;
        c->pool->idle = c;
        receive(c);
    } else {
        conn_destroy(c);
    }
    finish(x);
}

static void on_bytes(struct http_conn *c, size_t len)
{
    if (!c->got_bytes) {
        c->got_bytes = true;
        c->exchange->first_byte = loop_now(c->pool->loop);
    }
    size_t used = http1_feed(&c->parser, c->in, len, on_body, c);
    if (c->body_overflow)
        fail(c, FAIL_TOO_LARGE, "the answer is larger than is taken");
    else if (c->parser.state == HTTP1_FAILED)
        fail(c, FAIL_PROTOCOL, c->parser.error);
    else if (c->parser.state == HTTP1_DONE)
        complete(c, c->parser.keep_alive && used == len && !c->sending && c->iov_count == 0);
    else
        receive(c);
}

static void start_on_new(struct http_pool *pool, struct http_exchange *x);

static void on_end(struct http_conn *c, int error)
{
    struct http_exchange *x = c->exchange;
    if (c->used && !c->got_bytes && x->idempotent && !x->retried) {
        x->retried = true;
        conn_destroy(c);
        start_on_new(x->pool, x);
        return;
    }
    if (error) {
        fail_errno(c, error);
        return;
    }
    http1_end(&c->parser);
    if (c->parser.state == HTTP1_DONE)
        complete(c, false);
    else
        fail(c, FAIL_RESET, c->parser.error);
}

static void on_recv(struct op *op, int result)
{
    struct http_conn *c = CONN_OF(recv, op);
    if (!c->exchange)
        conn_destroy(c); /* idle, and the target closed it or said something unasked */
    else if (result > 0)
        on_bytes(c, (size_t)result);
    else
        on_end(c, -result);
}

/* ---- connecting ---- */

static void connect_now(struct http_conn *c)
{
    c->pool->connects++;
    loop_connect(c->pool->loop, &c->connect, &c->pool->addrs[c->pool->addr_at]);
}

static void on_connect(struct op *op, int result)
{
    struct http_conn *c = CONN_OF(connect, op);
    struct http_pool *pool = c->pool;
    if (result < 0 && !pool->connected_once && pool->addr_at + 1 < pool->addr_count) {
        pool->addr_at++;
        connect_now(c);
    } else if (result < 0) {
        fail_errno(c, -result);
    } else {
        pool->connected_once = true;
        pool->open_count++;
        c->socket = result;
        receive(c);
        send_more(c);
    }
}

static void start_on_new(struct http_pool *pool, struct http_exchange *x)
{
    struct http_conn *c = conn_create(pool);
    begin(c, x);
    connect_now(c);
}

void http_start(struct http_pool *pool, struct http_exchange *x)
{
    x->pool = pool;
    x->fail = FAIL_NONE;
    x->error[0] = x->server[0] = x->date[0] = '\0';
    x->status = 0;
    x->retry_after = -1;
    x->first_byte = x->ended = -1;
    x->retried = false;
    x->started = loop_now(pool->loop);
    struct http_conn *c = pool->idle;
    if (!c) {
        start_on_new(pool, x);
        return;
    }
    pool->idle = c->next_idle;
    begin(c, x);
}

void http_cancel(struct http_exchange *x)
{
    if (x->conn)
        conn_destroy(x->conn);
}
