#include "test.h"
#include "preflight.h"
#include "tiny_server.h"


#define JSON(status, body) "HTTP/1.1 " status "\r\nServer: tiny\r\nContent-Length: " body
#define HEALTHY JSON("200 OK", "20\r\n\r\n{\"status\":\"healthy\"}")
#define LOADING JSON("503 Service Unavailable", "2\r\n\r\n{}")
#define READY JSON("200 OK", "2\r\n\r\n{}")

static const struct jsonptr_match healthy = {"/status", "healthy"};

static int waits;

static void on_waiting(void *context, nsec waited)
{
    (void)context;
    assert_true(waited >= 0);
    waits++;
}

static bool check(const struct tiny_server *s, nsec wait, struct preflight *ret)
{
    struct preflight_config config = {.target = {.place = {.addrs = {s->addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""}, .url = "http://x",
                                      .health_path = "/health", .healthy = &healthy, .healthy_count = 1, .ready_path = "/ready", .wait = wait,
                                      .waiting = on_waiting};
    return preflight_run(&config, ret);
}

static void test_outcomes(void **state)
{
    (void)state;
    static const struct {
        struct tiny_route routes[3];
        bool ok;
        const char *message;
        const char *hint;
    } rows[] = {
        {{{"/health", HEALTHY}, {"/ready", READY}}, true, "", ""},
        {{{"/health", HEALTHY}}, true, "", ""}, /* no /ready: nothing to wait for */
        {{{"/health", HEALTHY}, {"/ready", LOADING, READY, 3}}, true, "", ""},
        {{{"/health", HEALTHY}, {"/ready", LOADING}}, false, "still loading after 500 ms", "--wait"},
        {{{"/health", JSON("200 OK", "17\r\n\r\n{\"status\":\"sick\"}")}}, false, "'sick'", "log"},
        {{{"/health", JSON("500 Oops", "0\r\n\r\n")}}, false, "status 500", "health:"},
        {{{"/health", JSON("200 OK", "2\r\n\r\nok")}, {"/ready", READY}}, false, "'status 200, no JSON'", "healthy:"},
        {{{"/health", JSON("200 OK", "6\r\n\r\n[null]")}, {"/ready", READY}}, false, "'status 200'", "healthy:"},
        {{{"/health", "SSH-2.0-OpenSSH\r\n"}}, false, "HTTP/1.1", "port"},
        {{{.path = NULL}}, false, "status 404", "health:"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct tiny_server s;
        struct preflight p;
        tiny_server_start(&s, rows[i].routes);
        waits = 0;
        bool ok = check(&s, rows[i].ok ? 20 * NSEC_PER_SEC : 500 * NSEC_PER_MSEC, &p);
        tiny_server_stop(&s);
        if (ok != rows[i].ok || !strstr(p.message, rows[i].message) || !strstr(p.hint, rows[i].hint))
            fail_msg("row %d: %d, '%s', '%s'", i, ok, p.message, p.hint);
        if (ok)
            assert_int_equal(p.addr.len, s.addr.len);
        if (i == 2)
            assert_int_equal(waits, 3);
    }
}

static void test_without_a_healthy_word_any_answer_will_do(void **state)
{
    (void)state;
    static const struct tiny_route routes[] = {{"/health", JSON("200 OK", "2\r\n\r\nok")}, {.path = NULL}};
    struct tiny_server s;
    struct preflight p;
    tiny_server_start(&s, routes);
    struct preflight_config config = {.target = {.place = {.addrs = {s.addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""}, .url = "http://x",
                                      .health_path = "/health", .ready_path = ""};
    assert_true(preflight_run(&config, &p));
    tiny_server_stop(&s);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    static const struct tiny_route none[] = {{.path = NULL}};
    struct tiny_server s;
    struct preflight p;
    tiny_server_start(&s, none);
    tiny_server_stop(&s);
    assert_false(check(&s, 0, &p));
    assert_non_null(strstr(p.message, "connection refused"));
    assert_non_null(strstr(p.hint, "--target"));
}

static void test_a_cancelled_wait_ends(void **state)
{
    (void)state;
    static const struct tiny_route loading[] = {{"/health", HEALTHY}, {"/ready", LOADING}, {.path = NULL}};
    static const atomic_bool cancel = true;
    struct tiny_server s;
    struct preflight p;
    tiny_server_start(&s, loading);
    struct preflight_config config = {.target = {.place = {.addrs = {s.addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""}, .url = "http://x",
                                      .health_path = "/health", .healthy = &healthy, .healthy_count = 1, .ready_path = "/ready", .wait = NSEC_NEVER,
                                      .cancel = &cancel};
    assert_false(preflight_run(&config, &p));
    assert_non_null(strstr(p.message, "Interrupted"));
    tiny_server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_without_a_healthy_word_any_answer_will_do),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_a_cancelled_wait_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
