#include "test.h"
#include "container.h"
#include "http_client.h"
#include "loop_sim.h"

#include <stdlib.h>

/* Many exchanges and connections at a time: what becomes of them when they end together, are taken back, or
 * are dropped with the pool. */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

enum { MANY = 200 };

/* Answers each request, which has no body, a second after it came, or at once. */
struct peer {
    struct loop *loop;
    bool at_once;
    const char *answer; /* NULL: it never does */
    size_t piece;       /* so many bytes of it at a time, a second apart; 0: all at once */
    int connections, closed, requests;
};

struct world;

struct item {
    struct http_exchange exchange;
    struct world *world;
    int done;
};

struct world {
    struct peer peer;
    struct loop *loop;
    struct http_pool pool;
    struct item items[MANY];
    int done;
    void (*then)(struct world *w, struct item *item); /* within `done`; NULL: nothing */
    bool backwards;                                   /* it goes through the others from the last */
    struct timer rest;
};

static int on_connected(void *context, int socket)
{
    struct peer *p = context;
    (void)socket;
    p->connections++;
    return 0;
}

static void on_closed(void *context, int socket)
{
    struct peer *p = context;
    (void)socket;
    p->closed++;
}

static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    struct peer *p = context;
    if (len < 4 || memcmp((const char *)bytes + len - 4, "\r\n\r\n", 4) != 0)
        return;
    p->requests++;
    size_t all = p->answer ? strlen(p->answer) : 0, piece = p->piece ? p->piece : all;
    nsec delay = 0;
    for (size_t at = 0; at < all; at += piece)
        loop_sim_reply(p->loop, socket, p->answer + at, all - at < piece ? all - at : piece,
                       delay += p->at_once ? 0 : NSEC_PER_SEC);
}

static void on_done(struct http_exchange *x)
{
    struct item *item = (struct item *)x;
    item->done++;
    item->world->done++;
    if (item->world->then)
        item->world->then(item->world, item);
}

static void on_rested(struct timer *timer)
{
    loop_stop((CONTAINER(struct world, rest, timer))->loop);
}

static const struct conn_place place = {.addr_count = 1};

static struct world *create_with(const char *answer, const struct http_pool_config *config)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    struct sim_server server = {
        .context = &w->peer, .connected = on_connected, .received = on_received, .closed = on_closed};
    struct http_pool_config pool = *config;
    w->peer.answer = answer;
    pool.loop = w->loop = w->peer.loop = loop_sim_create(&server);
    pool.place = &place;
    http_pool_init(&w->pool, &pool);
    w->rest.fire = on_rested;
    return w;
}

static struct world *create(const char *answer, int connections)
{
    return create_with(answer, &(struct http_pool_config){.connections = connections});
}

static void destroy(struct world *w)
{
    http_pool_finish(&w->pool);
    loop_destroy(w->loop);
    free(w);
}

static void start(struct world *w, int number)
{
    static const struct iovec get = {(char *)"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27};
    struct item *item = &w->items[number];
    item->world = w;
    item->exchange.iov = &get;
    item->exchange.iov_count = 1;
    item->exchange.done = on_done;
    http_start(&w->pool, &item->exchange, loop_now(w->loop));
}

static void start_many(struct world *w, int count)
{
    for (int i = 0; i < count; i++)
        start(w, i);
}

static void rest(struct world *w, nsec time)
{
    timer_set(w->loop, &w->rest, loop_now(w->loop) + time);
    loop_run(w->loop);
}

static void check_all(const struct world *w, int count, int times, enum fail_kind fail)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(w->items[i].done, times);
        assert_int_equal(w->items[i].exchange.fail, fail);
    }
}

/* ---- ending together ---- */

static void test_many_idle_ones_are_dropped_at_once(void **state)
{
    (void)state;
    struct world *w = create(OK, 0);
    start_many(w, MANY);
    rest(w, 2 * NSEC_PER_SEC);
    check_all(w, MANY, 1, FAIL_NONE);
    assert_int_equal(w->pool.open_count, MANY);
    for (int i = 0; i < MANY; i++)
        if (i % 3)
            loop_sim_end(w->loop, i, NSEC_PER_SEC);
        else
            loop_sim_reset(w->loop, i, NSEC_PER_SEC);
    rest(w, 2 * NSEC_PER_SEC);
    assert_int_equal(w->pool.open_count, 0);
    assert_null(w->pool.idle);
    assert_int_equal(w->peer.closed, MANY);
    start_many(w, MANY);
    rest(w, 2 * NSEC_PER_SEC);
    check_all(w, MANY, 2, FAIL_NONE);
    assert_int_equal(w->peer.connections, 2 * MANY);
    assert_int_equal(w->pool.most_open, MANY);
    destroy(w);
}

/* They are in use again as the target closes them: what is idempotent goes out once more, each on a new one.
 */
static void test_many_used_ones_are_closed_at_once(void **state)
{
    (void)state;
    for (int idempotent = 0; idempotent < 2; idempotent++) {
        struct world *w = create(OK, 0);
        start_many(w, MANY);
        rest(w, 2 * NSEC_PER_SEC);
        for (int i = 0; i < MANY; i++) {
            w->items[i].exchange.idempotent = idempotent;
            loop_sim_end(w->loop, i, NSEC_PER_SEC / 2);
        }
        start_many(w, MANY);
        rest(w, 5 * NSEC_PER_SEC);
        check_all(w, MANY, 2, idempotent ? FAIL_NONE : FAIL_RESET);
        assert_int_equal(w->peer.connections, idempotent ? 2 * MANY : MANY);
        assert_int_equal(w->pool.traffic.requests, idempotent ? 3 * MANY : 2 * MANY);
        assert_int_equal(w->pool.open_count, idempotent ? MANY : 0);
        destroy(w);
    }
}

/* ---- taken back within `done` ---- */

static void cancel_the_others(struct world *w, struct item *item)
{
    for (int i = 0; i < MANY; i++) {
        struct item *other = &w->items[w->backwards ? MANY - 1 - i : i];
        if (other != item)
            http_cancel(&other->exchange);
    }
    http_cancel(&item->exchange); /* over already */
}

/* All end at one moment, and the first to hear of it takes the others back: those that are served and those
 * that wait for a connection. */
static void test_cancelled_within_done(void **state)
{
    (void)state;
    static const int limits[] = {0, 1, 7, MANY};
    for (int i = 0; i < 2 * COUNT(limits); i++) {
        struct world *w = create(OK, limits[i / 2]);
        w->backwards = i % 2;
        w->then = cancel_the_others;
        start_many(w, MANY);
        rest(w, 5 * NSEC_PER_SEC);
        assert_int_equal(w->done, 1);
        assert_in_range(w->pool.open_count, 0, 1);
        assert_null(w->pool.waiting);
        w->then = NULL; /* and it goes on as if nothing had been */
        start_many(w, MANY);
        rest(w, (MANY + 1) * NSEC_PER_SEC);
        assert_int_equal(w->done, 1 + MANY);
        destroy(w);
    }
}

static void test_cancelled_as_the_time_is_up(void **state)
{
    (void)state;
    struct world *w = create_with(NULL, &(struct http_pool_config){.first_byte_timeout = 3 * NSEC_PER_SEC});
    w->then = cancel_the_others;
    start_many(w, MANY);
    rest(w, 10 * NSEC_PER_SEC);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->pool.open_count, 0);
    assert_int_equal(w->peer.closed, MANY);
    destroy(w);
}

static void start_again(struct world *w, struct item *item)
{
    if (item->done < 10)
        start(w, (int)(item - w->items));
}

static void test_started_again_within_done(void **state)
{
    (void)state;
    struct world *w = create(OK, 5);
    w->then = start_again;
    start_many(w, 20);
    rest(w, (20 * 10 / 5 + 1) * NSEC_PER_SEC);
    check_all(w, 20, 10, FAIL_NONE);
    assert_int_equal(w->peer.connections, 5);
    assert_int_equal(w->peer.requests, 20 * 10);
    destroy(w);
}

/* ---- the pool's end ---- */

/* One of each: connecting, sending, waiting for its answer, in the middle of it, waiting for a connection;
 * idle. */
static void test_a_pool_is_finished_with_all_under_way(void **state)
{
    (void)state;
    for (int hanging = 0; hanging <= 3; hanging++) {
        struct world *w =
            create_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                        &(struct http_pool_config){.connections = 3,
                                                   .connect_timeout = 60 * NSEC_PER_SEC,
                                                   .first_byte_timeout = 60 * NSEC_PER_SEC,
                                                   .idle_timeout = 60 * NSEC_PER_SEC});
        w->peer.piece = 12; /* in the middle of lines */
        loop_sim_fault(w->loop, hanging, SIM_FAULT_HANG);
        start_many(w, 6);
        for (int seconds = 0; seconds < 8; seconds++) {
            rest(w, NSEC_PER_SEC);
            if (seconds % 4 == hanging)
                break;
        }
        int done = w->done;
        destroy(w); /* the address sanitizer sees what is left */
        assert_true(done < 6);
    }
}

static void test_a_finished_pool_calls_nobody(void **state)
{
    (void)state;
    struct world *w = create(OK, 3);
    start_many(w, 6);
    rest(w, NSEC_PER_SEC / 2);
    http_pool_finish(&w->pool);
    rest(w, 100 * NSEC_PER_SEC);
    assert_int_equal(w->done, 0);
    assert_int_equal(w->peer.closed, 3);
    loop_destroy(w->loop);
    free(w);
}

/* ---- used again, or not ---- */

static void test_which_answers_leave_a_connection_to_be_used_again(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool again;
    } rows[] = {
        {OK, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n", true},
        {"HTTP/1.1 204 No Content\r\n\r\n", true},
        {"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false},
        /* More than was asked for: whose answer would that be? */
        {OK "x", false},
        {OK OK, false},
        {OK "\r\n", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", false},
    };
    static const size_t pieces[] = {0, 1, 5};
    for (int i = 0; i < COUNT(rows); i++) {
        for (int k = 0; k < COUNT(pieces); k++) {
            struct world *w = create(rows[i].answer, 0);
            w->peer.piece = pieces[k];
            for (int n = 1; n <= 2; n++) {
                start(w, 0);
                rest(w, 200 * NSEC_PER_SEC);
                assert_int_equal(w->done, n);
                assert_int_equal(w->items[0].exchange.fail, FAIL_NONE);
                assert_int_equal(w->pool.open_count, rows[i].again);
            }
            assert_int_equal(w->peer.connections, rows[i].again ? 1 : 2);
            destroy(w);
        }
    }
}

/* ---- an answer that comes before all is sent ---- */

static void test_an_answer_before_the_upload_has_gone_out(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool ends; /* the target closes behind it */
        int status;
        enum fail_kind fail;
    } rows[] = {
        {"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", false, 413, FAIL_NONE},
        {"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", true, 413, FAIL_NONE},
        {"HTTP/1.1 413 Too Large\r\n\r\nbig", true, 413, FAIL_NONE},
        {"", true, 0, FAIL_RESET},
    };
    static const size_t chunks[] = {0, 9, 23}; /* the end of a request is in one of them */
    enum { SEND = 2 };                         /* the operation: its buffer is full, and stays so */
    for (int i = 0; i < COUNT(rows); i++) {
        for (int k = 0; k < COUNT(chunks); k++) {
            struct world *w = create(OK, 1);
            loop_sim_chunk(w->loop, chunks[k]);
            loop_sim_fault(w->loop, SEND, SIM_FAULT_HANG);
            start(w, 0);
            start(w, 1); /* waits for a connection: not for this one */
            rest(w, NSEC_PER_SEC);
            loop_sim_reply(w->loop, 0, rows[i].answer, strlen(rows[i].answer), 0);
            if (rows[i].ends)
                loop_sim_end(w->loop, 0, 0);
            rest(w, 5 * NSEC_PER_SEC);
            assert_int_equal(w->items[0].done, 1);
            assert_int_equal(w->items[0].exchange.fail, rows[i].fail);
            assert_int_equal(w->items[0].exchange.status, rows[i].status);
            assert_int_equal(w->items[1].done, 1);
            assert_int_equal(w->items[1].exchange.status, 200);
            assert_int_equal(w->peer.connections, 2);
            assert_int_equal(w->peer.closed, 1);
            destroy(w);
        }
    }
}

/* One that was sent whole is never taken for one that was not, however soon its answer comes. */
static void test_an_answer_at_once_leaves_the_connection(void **state)
{
    (void)state;
    struct world *w = create(OK, 1);
    w->peer.at_once = true;
    w->then = start_again;
    start(w, 0);
    rest(w, NSEC_PER_SEC);
    assert_int_equal(w->done, 10);
    assert_int_equal(w->peer.connections, 1);
    destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_idle_ones_are_dropped_at_once),
        cmocka_unit_test(test_many_used_ones_are_closed_at_once),
        cmocka_unit_test(test_cancelled_within_done),
        cmocka_unit_test(test_cancelled_as_the_time_is_up),
        cmocka_unit_test(test_started_again_within_done),
        cmocka_unit_test(test_a_pool_is_finished_with_all_under_way),
        cmocka_unit_test(test_a_finished_pool_calls_nobody),
        cmocka_unit_test(test_which_answers_leave_a_connection_to_be_used_again),
        cmocka_unit_test(test_an_answer_before_the_upload_has_gone_out),
        cmocka_unit_test(test_an_answer_at_once_leaves_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
