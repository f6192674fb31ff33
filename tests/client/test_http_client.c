#include "test.h"
#include "http_client.h"
#include "loop_sim.h"

#include <errno.h>

/* A scripted peer in virtual time: the n-th connection is answered by the n-th script. */
struct script {
    int refuse;              /* -errno at connecting */
    const char *answers[3];  /* to the first, second ... request on the connection; NULL: silence */
    bool end, reset;         /* after the last answer, or at once without one */
    bool end_idle;           /* a second after the last answer */
};

struct peer {
    struct loop *loop;
    const struct script *scripts;
    int connections;
    int requests[8]; /* by connection */
    int of_socket[8];
};

static int on_connected(void *context, int socket)
{
    struct peer *p = context;
    const struct script *s = &p->scripts[p->connections];
    p->of_socket[socket] = p->connections++;
    return s->refuse;
}

static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    struct peer *p = context;
    if (len < 4 || memcmp((const char *)bytes + len - 4, "\r\n\r\n", 4) != 0)
        return;
    int number = p->of_socket[socket];
    const struct script *s = &p->scripts[number];
    int request = p->requests[number]++;
    const char *answer = s->answers[request];
    if (answer)
        loop_sim_reply(p->loop, socket, answer, strlen(answer), NSEC_PER_SEC);
    bool last = request == 2 || !s->answers[request + 1];
    if (s->reset && last)
        loop_sim_reset(p->loop, socket, NSEC_PER_SEC);
    if ((s->end && last) || (s->end_idle && last))
        loop_sim_end(p->loop, socket, s->end ? NSEC_PER_SEC : 2 * NSEC_PER_SEC);
}

struct world {
    struct peer peer;
    struct loop *loop;
    struct http_pool pool;
    struct http_exchange exchange;
    struct iovec iov[2];
    struct buf body;
    int done;
};

static struct world *the_world;

static void on_done(struct http_exchange *x)
{
    (void)x;
    the_world->done++;
    loop_stop(the_world->loop);
}

static bool on_body(struct http_exchange *x, const char *bytes, size_t len)
{
    (void)x;
    buf_add(&the_world->body, bytes, len);
    return !the_world->body.failed;
}

static void setup_pool(struct world *w, const struct script *scripts, const struct http_pool_config *config)
{
    *w = (struct world){.peer.scripts = scripts};
    the_world = w;
    struct sim_server server = {.context = &w->peer, .connected = on_connected, .received = on_received};
    struct http_pool_config pool = *config;
    pool.loop = w->loop = w->peer.loop = loop_sim_create(&server);
    http_pool_init(&w->pool, &pool);
    buf_init(&w->body, 100);
    w->exchange.done = on_done;
    w->exchange.take = on_body;
    w->exchange.iov = w->iov;
}

static void setup(struct world *w, const struct script *scripts, int addrs)
{
    struct conn_place place = {.addr_count = addrs};
    setup_pool(w, scripts, &(struct http_pool_config){.place = &place});
}

static void teardown(struct world *w)
{
    http_pool_finish(&w->pool);
    buf_finish(&w->body);
    loop_destroy(w->loop);
}

/* One request; afterwards the outcome stands in w->exchange. */
static void ask(struct world *w, bool idempotent)
{
    struct http_exchange *x = &w->exchange;
    w->iov[0] = (struct iovec){(char *)"GET / HTTP/1.1\r\n", 16};
    w->iov[1] = (struct iovec){(char *)"Host: x\r\n\r\n", 11};
    x->iov_count = 2;
    x->idempotent = idempotent;
    buf_clear(&w->body);
    int done = w->done;
    http_start(&w->pool, x, loop_now(w->loop));
    assert_int_equal(w->done, done); /* never from inside */
    loop_run(w->loop);
    assert_int_equal(w->done, done + 1);
}

static struct timer sleep_timer;

static void wake_up(struct timer *timer)
{
    (void)timer;
    loop_stop(the_world->loop);
}

static void rest(struct world *w, nsec time)
{
    sleep_timer = (struct timer){.fire = wake_up};
    timer_set(w->loop, &sleep_timer, loop_now(w->loop) + time);
    loop_run(w->loop);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void test_connection_is_used_again(void **state)
{
    (void)state;
    struct world w;
    setup(&w, (struct script[]){{.answers = {OK, OK, OK}}}, 1);
    for (int i = 0; i < 3; i++) {
        ask(&w, true);
        assert_int_equal(w.exchange.fail, FAIL_NONE);
        assert_int_equal(w.exchange.status, 200);
        assert_string_equal(buf_text(&w.body), "ok");
        assert_int_equal(w.exchange.ended - w.exchange.started, NSEC_PER_SEC);
    }
    assert_int_equal(w.peer.connections, 1);
    teardown(&w);
}

static void test_close_is_honoured(void **state)
{
    (void)state;
    struct world w;
    static const char close[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    setup(&w, (struct script[]){{.answers = {close}}, {.answers = {close}}}, 1);
    ask(&w, true);
    ask(&w, true);
    assert_int_equal(w.peer.connections, 2);
    assert_int_equal(w.pool.open_count, 0);
    teardown(&w);
}

static void test_closed_while_idle_costs_nothing(void **state)
{
    (void)state;
    struct world w;
    setup(&w, (struct script[]){{.answers = {OK}, .end_idle = true}, {.answers = {OK}}}, 1);
    ask(&w, false);
    rest(&w, 5 * NSEC_PER_SEC);
    assert_int_equal(w.pool.open_count, 0);
    ask(&w, false);
    assert_int_equal(w.exchange.fail, FAIL_NONE);
    assert_int_equal(w.peer.connections, 2);
    teardown(&w);
}

/* The target closes a used connection just as the next request arrives. */
static void test_only_idempotent_requests_are_sent_again(void **state)
{
    (void)state;
    static const struct script scripts[] = {{.answers = {OK, NULL}, .reset = false}, {.answers = {OK}}};
    for (int idempotent = 0; idempotent < 2; idempotent++) {
        struct world w;
        setup(&w, scripts, 1);
        ask(&w, true);
        loop_sim_end(w.loop, 0, 500 * NSEC_PER_MSEC); /* after the second request has been sent */
        ask(&w, idempotent);
        assert_int_equal(w.exchange.fail, idempotent ? FAIL_NONE : FAIL_RESET);
        assert_int_equal(w.peer.connections, idempotent ? 2 : 1);
        teardown(&w);
    }
}

static void test_failures_by_kind(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        enum fail_kind fail;
        const char *error;
    } rows[] = {
        {{.refuse = -ECONNREFUSED}, FAIL_REFUSED, "connection refused"},
        {{.refuse = -ENETUNREACH}, FAIL_NETWORK, "network is unreachable"},
        {{.reset = true}, FAIL_RESET, "connection reset"},
        {{.end = true}, FAIL_RESET, "without an answer"},
        {{.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"}, .end = true}, FAIL_RESET, "middle"},
        {{.answers = {"220 smtp ready\r\n"}}, FAIL_PROTOCOL, "HTTP/1.1"},
        {{.answers = {"HTTP/1.1 200 OK\r\n\r\n"
                      "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
                      "01234567890123456789"},
          .end = true},
         FAIL_TOO_LARGE,
         "larger"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        setup(&w, &rows[i].script, 1);
        ask(&w, true);
        assert_int_equal(w.exchange.fail, rows[i].fail);
        if (!strstr(w.exchange.error, rows[i].error))
            fail_msg("row %d: '%s' has no '%s'", i, w.exchange.error, rows[i].error);
        assert_int_equal(w.pool.open_count, 0);
        teardown(&w);
    }
}

static void test_the_next_address_is_tried(void **state)
{
    (void)state;
    struct world w;
    setup(&w, (struct script[]){{.refuse = -ECONNREFUSED}, {.answers = {OK}}}, 2);
    ask(&w, true);
    assert_int_equal(w.exchange.fail, FAIL_NONE);
    assert_int_equal(w.pool.route.addr_at, 1);
    teardown(&w);
}

static void test_cancelled_never_ends(void **state)
{
    (void)state;
    struct world w;
    setup(&w, (struct script[]){{.answers = {OK}}, {.answers = {OK}}}, 1);
    w.iov[0] = (struct iovec){(char *)"GET / HTTP/1.1\r\n\r\n", 18};
    w.exchange.iov_count = 1;
    http_start(&w.pool, &w.exchange, loop_now(w.loop));
    http_cancel(&w.exchange);
    rest(&w, 5 * NSEC_PER_SEC);
    http_start(&w.pool, &w.exchange, loop_now(w.loop));
    rest(&w, 500 * NSEC_PER_MSEC); /* sent, not answered */
    http_cancel(&w.exchange);
    http_cancel(&w.exchange);
    rest(&w, 5 * NSEC_PER_SEC);
    assert_int_equal(w.done, 0);
    assert_int_equal(w.pool.open_count, 0);
    teardown(&w);
}

/* ---- as many connections as are allowed ---- */

static struct http_exchange more[3];

static void test_the_others_wait_for_a_connection(void **state)
{
    (void)state;
    struct world w;
    struct conn_place place = {.addr_count = 1};
    setup_pool(&w, (struct script[]){{.answers = {OK, OK, OK}}},
               &(struct http_pool_config){.place = &place, .connections = 1});
    w.iov[0] = (struct iovec){(char *)"GET / HTTP/1.1\r\n\r\n", 18};
    nsec start = loop_now(w.loop);
    for (int i = 0; i < 3; i++) {
        more[i] = (struct http_exchange){.iov = w.iov, .iov_count = 1, .done = on_done};
        http_start(&w.pool, &more[i], start);
    }
    w.exchange.iov_count = 1;
    http_start(&w.pool, &w.exchange, start); /* the last in the queue leaves it */
    http_cancel(&w.exchange);
    while (w.done < 3)
        loop_run(w.loop);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(more[i].fail, FAIL_NONE);
        assert_int_equal(more[i].ended - start, (i + 1) * NSEC_PER_SEC);
    }
    assert_int_equal(w.peer.connections, 1);
    assert_int_equal(w.pool.most_open, 1);
    assert_int_equal(w.pool.traffic.requests, 3);
    teardown(&w);
}

/* A connection that is given up makes room for one who waits. */
static void test_a_cancelled_one_makes_room(void **state)
{
    (void)state;
    struct world w;
    struct conn_place place = {.addr_count = 1};
    setup_pool(&w, (struct script[]){{.answers = {NULL}}, {.answers = {OK}}},
               &(struct http_pool_config){.place = &place, .connections = 1});
    w.iov[0] = (struct iovec){(char *)"GET / HTTP/1.1\r\n\r\n", 18};
    w.exchange.iov_count = 1;
    more[0] = (struct http_exchange){.iov = w.iov, .iov_count = 1, .done = on_done};
    http_start(&w.pool, &w.exchange, loop_now(w.loop));
    http_start(&w.pool, &more[0], loop_now(w.loop));
    rest(&w, 10 * NSEC_PER_SEC);
    assert_int_equal(w.done, 0);
    http_cancel(&w.exchange);
    loop_run(w.loop);
    assert_int_equal(w.done, 1);
    assert_int_equal(more[0].status, 200);
    teardown(&w);
}

/* ---- time limits ---- */

static void test_each_time_limit_has_its_kind(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        int fault; /* the operation that hangs */
        enum fail_kind fail;
        nsec after;
    } rows[] = {
        {{.answers = {OK}}, 1, FAIL_CONNECT, 5 * NSEC_PER_SEC},
        {{.answers = {NULL}}, 0, FAIL_FIRST_BYTE, 7 * NSEC_PER_SEC},
        {{.answers = {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"}}, 0, FAIL_IDLE, 4 * NSEC_PER_SEC},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct conn_place place = {.addr_count = 1};
        setup_pool(&w, &rows[i].script,
                   &(struct http_pool_config){.place = &place,
                                              .connect_timeout = 5 * NSEC_PER_SEC,
                                              .first_byte_timeout = 7 * NSEC_PER_SEC,
                                              .idle_timeout = 3 * NSEC_PER_SEC});
        loop_sim_fault(w.loop, rows[i].fault, SIM_FAULT_HANG);
        nsec start = loop_now(w.loop);
        ask(&w, true);
        assert_int_equal(w.exchange.fail, rows[i].fail);
        assert_int_equal(w.exchange.ended - start, rows[i].after);
        assert_int_equal(w.pool.open_count, 0);
        teardown(&w);
    }
}

/* The answer comes a few bytes at a time, and the request leaves so: its last piece is the end of the head. */
static void test_in_pieces(void **state)
{
    (void)state;
    for (size_t chunk = 4; chunk < 40; chunk++) {
        struct world w;
        setup(&w, (struct script[]){{.answers = {OK}}}, 1);
        loop_sim_chunk(w.loop, chunk);
        char padding[40] = {0};
        memset(padding, 'x', chunk);
        w.iov[0] = (struct iovec){padding, chunk};
        w.iov[1] = (struct iovec){(char *)"\r\n\r\n", 4};
        w.exchange.iov_count = 2;
        http_start(&w.pool, &w.exchange, loop_now(w.loop));
        loop_run(w.loop);
        assert_int_equal(w.exchange.fail, FAIL_NONE);
        assert_string_equal(buf_text(&w.body), "ok");
        teardown(&w);
    }
}

/* ---- another protocol ---- */

#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"

static const char *refusal;
static int sent;

static const char *on_switched(struct http_exchange *x)
{
    static const struct iovec hello = {(char *)"\r\n\r\n", 4};
    assert_int_equal(x->status, 101);
    if (!refusal)
        http_send(x, &hello, 1);
    return refusal;
}

static void on_sent(struct http_exchange *x)
{
    (void)x;
    sent++;
}

static const struct {
    struct script script;
    const char *refusal;
    size_t room; /* of what is taken */
    enum fail_kind fail;
    int status;
    const char *taken, *error;
} switches[] = {
    {{.answers = {SWITCHED "abc", "def"}, .end = true}, NULL, 100, FAIL_RESET, 101, "abcdef", "the connection was closed"},
    {{.answers = {SWITCHED, "def"}, .reset = true}, NULL, 100, FAIL_RESET, 101, "def", "the connection was closed"},
    {{.answers = {SWITCHED "abcd", "def"}}, NULL, 5, FAIL_TOO_LARGE, 101, "abcd", "no more is taken"},
    {{.answers = {SWITCHED "abc"}}, "not mine", 100, FAIL_PROTOCOL, 101, "", "not mine"},
    {{.answers = {OK}}, NULL, 100, FAIL_NONE, 200, "ok", ""},
    {{.answers = {"HTTP/1.1 404 X\r\nContent-Length: 1\r\n\r\nx"}}, NULL, 100, FAIL_NONE, 404, "x", ""},
};

static void test_switches(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(switches); i++)
        for (size_t chunk = 0; chunk <= 7; chunk += 7) {
            struct world w;
            setup(&w, (struct script[]){switches[i].script}, 1);
            loop_sim_chunk(w.loop, chunk);
            w.body.max_bytes = switches[i].room;
            w.exchange.switched = on_switched;
            w.exchange.sent = on_sent;
            refusal = switches[i].refusal;
            sent = 0;
            ask(&w, true);
            assert_int_equal(w.exchange.fail, switches[i].fail);
            assert_int_equal(w.exchange.status, switches[i].status);
            if (chunk == 0 || switches[i].fail != FAIL_TOO_LARGE)
                assert_string_equal(buf_text(&w.body), switches[i].taken);
            assert_string_equal(w.exchange.error, switches[i].error);
            assert_int_equal(w.pool.open_count, w.exchange.fail == FAIL_NONE);
            assert_int_equal(sent, switches[i].status == 101 && !refusal);
            teardown(&w);
        }
}

/* Nobody is idle for too long who has nothing to say. */
static void test_patience(void **state)
{
    (void)state;
    static const struct {
        enum http_patience patience;
        const char *answers[2];
        enum fail_kind fail;
    } patiences[] = {
        {HTTP_PATIENT_NEVER, {NULL}, FAIL_FIRST_BYTE},
        {HTTP_PATIENT_NEVER, {"HTTP/1.1 200 OK\r\n\r\nx"}, FAIL_IDLE},
        {HTTP_PATIENT_IN_BODY, {NULL}, FAIL_FIRST_BYTE},
        {HTTP_PATIENT_IN_BODY, {"HTTP/1.1 200 OK\r\n\r\nx"}, FAIL_NONE},
        {HTTP_PATIENT_ALWAYS, {"HTTP/1.1 200 OK\r\n\r\nx"}, FAIL_NONE},
    };
    for (int i = 0; i < COUNT(patiences); i++) {
        struct world w;
        struct conn_place place = {.addr_count = 1};
        struct script script = {.answers = {patiences[i].answers[0]}, .end_idle = patiences[i].answers[0]};
        nsec limit = NSEC_PER_SEC / 2;
        nsec first = patiences[i].answers[0] && patiences[i].patience != HTTP_PATIENT_ALWAYS ? 5 * limit : limit;
        setup_pool(&w, &script,
                   &(struct http_pool_config){.place = &place, .first_byte_timeout = first, .idle_timeout = limit});
        w.exchange.patience = patiences[i].patience;
        ask(&w, false);
        assert_int_equal(w.exchange.fail, patiences[i].fail);
        teardown(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection_is_used_again),
        cmocka_unit_test(test_close_is_honoured),
        cmocka_unit_test(test_closed_while_idle_costs_nothing),
        cmocka_unit_test(test_only_idempotent_requests_are_sent_again),
        cmocka_unit_test(test_failures_by_kind),
        cmocka_unit_test(test_the_next_address_is_tried),
        cmocka_unit_test(test_cancelled_never_ends),
        cmocka_unit_test(test_the_others_wait_for_a_connection),
        cmocka_unit_test(test_a_cancelled_one_makes_room),
        cmocka_unit_test(test_each_time_limit_has_its_kind),
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
