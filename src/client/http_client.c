#include "http_client.h"

#include "container.h"

#include <stdlib.h>
#include <string.h>

/*
 * A connection is connecting (conn.socket < 0) or busy (exchange set), idle (in the pool's idle list), or
 * spare. Its deadline stands in the queue of what it waits for.
 */
struct http_conn {
    struct conn conn;
    struct http_pool *pool;
    struct http_exchange *exchange;
    struct http_conn *next_idle, **idle_link; /* in the pool's list of idle ones; NULL: in none */
    struct http_conn *next, **link; /* in the pool's list of all; `next` alone in that of the spare ones */
    struct deadline deadline;
    bool used;     /* has served an exchange before */
    bool sending;  /* the request is not all sent */
    bool refused;  /* the exchange's owner wants no more of the body */
    bool switched; /* to another protocol */
    struct http1 parser;
};

static struct http_conn *of_conn(struct conn *c)
{
    return CONTAINER(struct http_conn, conn, c);
}

static struct http_conn *of_deadline(struct deadline *d)
{
    return CONTAINER(struct http_conn, deadline, d);
}

/* A body that is only counted is not copied when it is large: first as much is read as holds a head, and from
 * there on it is discarded where it lies. A small one comes with its head, as always. */
enum { HEAD_READ = 4 << 10, DISCARD_MIN = 16 << 10, SWITCHING_PROTOCOLS = 101 };

static nsec now_of(const struct http_pool *pool)
{
    return loop_now(pool->route.loop);
}

void http_render_head(struct buf *out, const char *method, const struct http_target *target, const char *path)
{
    buf_printf(out, "%s %s HTTP/1.1\r\n", method, path);
    if (!target->own[HTTP_HOST])
        buf_printf(out, "Host: %s\r\n", target->authority);
    if (!target->own[HTTP_USER_AGENT])
        buf_add_text(out, "User-Agent: orfeas/" ORFEAS_VERSION "\r\n");
    if (!target->own[HTTP_ACCEPT])
        buf_add_text(out, "Accept: */*\r\n");
    buf_add_text(out, target->headers);
}

/* ---- connections ---- */

static struct http_conn *conn_take(struct http_pool *pool)
{
    struct http_conn *c = pool->spare;
    if (c)
        pool->spare = c->next;
    else if (!(c = calloc(1, sizeof *c)))
        abort();
    c->pool = pool;
    c->used = c->sending = c->switched = false;
    c->next = pool->all;
    c->link = &pool->all;
    if (c->next)
        c->next->link = &c->next;
    pool->all = c;
    if (++pool->open_count > pool->most_open)
        pool->most_open = pool->open_count;
    return c;
}

static void put_to_idle(struct http_conn *c)
{
    struct http_pool *pool = c->pool;
    c->next_idle = pool->idle;
    c->idle_link = &pool->idle;
    if (c->next_idle)
        c->next_idle->idle_link = &c->next_idle;
    pool->idle = c;
}

static void take_from_idle(struct http_conn *c)
{
    if (!c->idle_link)
        return;
    *c->idle_link = c->next_idle;
    if (c->next_idle)
        c->next_idle->idle_link = c->idle_link;
    c->idle_link = NULL;
}

/* Closes it; the exchange, if any, is let go. */
static void conn_drop(struct http_conn *c)
{
    struct http_pool *pool = c->pool;
    conn_close(&c->conn);
    deadline_unset(&c->deadline);
    take_from_idle(c);
    if (c->exchange)
        c->exchange->conn = NULL;
    c->exchange = NULL;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->next = pool->spare;
    pool->spare = c;
    pool->open_count--;
}

/* ---- exchanges ---- */

static void send_request(struct http_conn *c, nsec now)
{
    struct http_pool *pool = c->pool;
    c->sending = true;
    pool->traffic.requests++;
    if (c->exchange->patience == HTTP_PATIENT_ALWAYS)
        deadline_unset(&c->deadline);
    else
        deadline_set(&pool->first_byte, &c->deadline, now);
    if (c->exchange->headed)
        conn_limit(&c->conn, HEAD_READ);
    conn_send(&c->conn, c->exchange->iov, c->exchange->iov_count, c->exchange->stable);
}

static void begin(struct http_conn *c, struct http_exchange *x)
{
    c->exchange = x;
    x->conn = c;
    c->refused = false;
    c->parser.names = x->names;
    c->parser.may_switch = x->switched;
    http1_init(&c->parser, x->head_request);
}

static void begin_on_new(struct http_pool *pool, struct http_exchange *x, nsec now)
{
    struct http_conn *c = conn_take(pool);
    begin(c, x);
    pool->traffic.connects++;
    deadline_set(&pool->connecting, &c->deadline, now);
    conn_open(&c->conn, &pool->route);
}

static void wait_for_connection(struct http_pool *pool, struct http_exchange *x)
{
    x->next = NULL;
    x->link = pool->waiting_end;
    *x->link = x;
    pool->waiting_end = &x->next;
}

static void stop_waiting(struct http_exchange *x)
{
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    else
        x->pool->waiting_end = x->link;
    x->link = NULL;
}

/* Has the pool room? One that waits gets it. */
static void serve_waiting(struct http_pool *pool, nsec now)
{
    while (pool->waiting && (pool->idle || pool->open_count < pool->connections)) {
        struct http_exchange *x = pool->waiting;
        struct http_conn *c = pool->idle;
        stop_waiting(x);
        if (!c) {
            begin_on_new(pool, x, now);
            continue;
        }
        take_from_idle(c);
        begin(c, x);
        send_request(c, now);
    }
}

/* The connection's part is over already. */
static void finish(struct http_exchange *x, nsec now)
{
    struct http_pool *pool = x->pool;
    x->ended = now;
    if (pool->waiting)
        serve_waiting(pool, now);
    x->done(x);
}

static void fail(struct http_conn *c, enum fail_kind kind, const char *why)
{
    struct http_exchange *x = c->exchange;
    x->fail = kind;
    x->error = why;
    conn_drop(c);
    finish(x, now_of(x->pool));
}

void http_start(struct http_pool *pool, struct http_exchange *x, nsec now)
{
    x->pool = pool;
    x->fail = FAIL_NONE;
    x->error = "";
    x->status = 0;
    x->body_bytes = 0;
    x->retry_after = -1;
    x->first_byte = x->ended = -1;
    x->again = false;
    x->started = now;
    struct http_conn *c = pool->idle;
    if (c) {
        take_from_idle(c);
        begin(c, x);
        send_request(c, now);
    } else if (!pool->connections || pool->open_count < pool->connections) {
        begin_on_new(pool, x, now);
    } else {
        wait_for_connection(pool, x);
    }
}

void http_cancel(struct http_exchange *x)
{
    if (x->link)
        stop_waiting(x);
    if (!x->conn)
        return;
    conn_drop(x->conn);
    if (x->pool->waiting)
        serve_waiting(x->pool, now_of(x->pool));
}

/* ---- answers ---- */

/* Once, when the parser has got to the body. */
static void take_head(struct http_conn *c)
{
    struct http_exchange *x = c->exchange;
    if (x->status)
        return;
    x->status = c->parser.status;
    if (x->headed)
        x->headed(x);
}

static void on_body(void *context, const char *bytes, size_t len)
{
    struct http_conn *c = context;
    struct http_exchange *x = c->exchange;
    take_head(c);
    x->body_bytes += (int64_t)len;
    if (x->take && !c->refused)
        c->refused = !x->take(x, bytes, len);
}

/* A date is the target's, and compared with our clock: near enough for a wait. */
static int64_t retry_after(const struct http1 *parser)
{
    if (parser->retry_at < 0)
        return parser->retry_after;
    int64_t wait = parser->retry_at - clock_wall() / NSEC_PER_SEC;
    return wait > 0 ? wait : 0;
}

static void complete(struct http_conn *c, bool reusable, nsec now)
{
    struct http_exchange *x = c->exchange;
    x->status = c->parser.status;
    x->retry_after = retry_after(&c->parser);
    if (reusable) {
        deadline_unset(&c->deadline);
        c->exchange = NULL;
        c->used = true;
        x->conn = NULL;
        put_to_idle(c);
    } else {
        conn_drop(c);
    }
    finish(x, now);
}

/* The part of the body that was discarded before it came here. */
static size_t skip_body(struct http_conn *c, size_t len)
{
    http1_skip(&c->parser, len);
    c->exchange->body_bytes += (int64_t)len;
    return len;
}

static void expect_more(struct http_conn *c, nsec now)
{
    if (c->exchange->patience == HTTP_PATIENT_NEVER)
        deadline_set(&c->pool->idling, &c->deadline, now);
    else
        deadline_unset(&c->deadline);
    if (c->parser.state != HTTP1_BODY)
        return;
    take_head(c);
    size_t unseen = c->exchange->take ? 0 : http1_skippable(&c->parser);
    if (unseen >= DISCARD_MIN)
        conn_discard(&c->conn, unseen);
}

/* ---- after a switch of protocols ---- */

static void take_switched(struct http_conn *c, const char *bytes, size_t len)
{
    struct http_exchange *x = c->exchange;
    x->body_bytes += (int64_t)len;
    if (!x->take(x, bytes, len))
        fail(c, FAIL_TOO_LARGE, "no more is taken");
}

/* `bytes` are the first ones of the other protocol. */
static void switch_over(struct http_conn *c, const char *bytes, size_t len)
{
    struct http_exchange *x = c->exchange;
    deadline_unset(&c->deadline);
    x->status = c->parser.status;
    c->switched = true;
    const char *why = c->sending ? "the server switched protocols before it had the request" : x->switched(x);
    if (why)
        fail(c, FAIL_PROTOCOL, why);
    else if (len)
        take_switched(c, bytes, len);
}

void http_send(struct http_exchange *x, const struct iovec *iov, int count)
{
    x->conn->sending = true;
    conn_send(&x->conn->conn, iov, count, 0);
}

/* ---- the stream ---- */

static void on_received(struct conn *conn, const char *bytes, size_t len)
{
    struct http_conn *c = of_conn(conn);
    struct http_exchange *x = c->exchange;
    if (!x) { /* something unasked: whatever it means, it is no answer of ours */
        conn_drop(c);
        return;
    }
    nsec now = now_of(c->pool);
    c->pool->traffic.bytes_received += (int64_t)len;
    if (c->switched) {
        take_switched(c, bytes, len);
        return;
    }
    if (x->first_byte < 0)
        x->first_byte = now;
    size_t used = bytes ? http1_feed(&c->parser, bytes, len, on_body, c) : skip_body(c, len);
    if (c->refused)
        fail(c, FAIL_TOO_LARGE, "the answer is larger than is taken");
    else if (c->parser.state == HTTP1_FAILED)
        fail(c, FAIL_PROTOCOL, c->parser.error);
    else if (c->parser.state == HTTP1_DONE && c->parser.status == SWITCHING_PROTOCOLS)
        switch_over(c, bytes + used, len - used);
    else if (c->parser.state == HTTP1_DONE)
        complete(c, c->parser.keep_alive && used == len && !c->sending, now);
    else
        expect_more(c, now);
}

/* The answer, if any, ends with the connection. */
static void on_ended(struct conn *conn, enum fail_kind kind, const char *why)
{
    struct http_conn *c = of_conn(conn);
    struct http_exchange *x = c->exchange;
    struct http_pool *pool = c->pool;
    if (!x) {
        conn_drop(c);
        return;
    }
    if (c->used && x->first_byte < 0 && x->idempotent && !x->again) {
        x->again = true;
        pool->traffic.resent++;
        conn_drop(c);
        begin_on_new(pool, x, now_of(pool));
        return;
    }
    if (kind != FAIL_NONE || c->switched) {
        fail(c, kind != FAIL_NONE ? kind : FAIL_RESET, c->switched ? "the connection was closed" : why);
        return;
    }
    http1_end(&c->parser);
    if (c->parser.state == HTTP1_DONE)
        complete(c, false, now_of(pool));
    else
        fail(c, FAIL_RESET, c->parser.error);
}

static void on_sent(struct conn *conn, int64_t bytes)
{
    struct http_conn *c = of_conn(conn);
    c->sending = false;
    c->pool->traffic.bytes_sent += bytes;
    if (c->switched && c->exchange->sent)
        c->exchange->sent(c->exchange);
}

static void on_opened(struct conn *conn)
{
    struct http_conn *c = of_conn(conn);
    send_request(c, now_of(c->pool));
}

static void on_failed(struct conn *conn, enum fail_kind kind, const char *why)
{
    fail(of_conn(conn), kind, why);
}

/* ---- the time is up ---- */

static void on_connecting_for_long(struct deadline *d)
{
    fail(of_deadline(d), FAIL_CONNECT, "no connection in time");
}

static void on_no_first_byte(struct deadline *d)
{
    fail(of_deadline(d), FAIL_FIRST_BYTE, "no byte of an answer in time");
}

static void on_standing_still(struct deadline *d)
{
    fail(of_deadline(d), FAIL_IDLE, "the answer stood still in the middle");
}

/* ---- the pool ---- */

void http_pool_init(struct http_pool *pool, const struct http_pool_config *config)
{
    static const struct conn_events events = {.opened = on_opened,
                                              .failed = on_failed,
                                              .sent = on_sent,
                                              .received = on_received,
                                              .ended = on_ended};
    *pool = (struct http_pool){.connections = config->connections};
    conn_route_init(&pool->route, config->loop, config->place, &events);
    pool->waiting_end = &pool->waiting;
    deadlines_init(&pool->connecting, config->loop, config->connect_timeout, on_connecting_for_long);
    deadlines_init(&pool->first_byte, config->loop, config->first_byte_timeout, on_no_first_byte);
    deadlines_init(&pool->idling, config->loop, config->idle_timeout, on_standing_still);
}

void http_pool_finish(struct http_pool *pool)
{
    while (pool->all)
        conn_drop(pool->all);
    for (struct http_conn *c = pool->spare, *next; c; c = next) {
        next = c->next;
        http1_finish(&c->parser);
        free(c);
    }
    pool->spare = NULL;
    deadlines_finish(&pool->connecting);
    deadlines_finish(&pool->first_byte);
    deadlines_finish(&pool->idling);
    conn_route_finish(&pool->route);
}
