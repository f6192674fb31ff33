#include "test.h"
#include "container.h"
#include "dns_server.h"
#include "resolver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct dns_zone zone[] = {
    {.name = "both.test", .a = "10.1.2.3", .aaaa = "2001:db8::1"},
    {.name = "four.test", .a = "10.1.2.4"},
    {.name = "six.test", .aaaa = "2001:db8::6"},
    {.name = "two.test", .a = "10.1.2.5 10.1.2.6"},
    {.name = "many.test",
     .a = "10.1.3.1 10.1.3.2 10.1.3.3 10.1.3.4 10.1.3.5 10.1.3.6 10.1.3.7 10.1.3.8 10.1.3.9"},
    {.name = "long.test", .a = "10.1.2.7", .manner = DNS_TCP_ONLY},
    {.name = "empty.test"},
    {.name = "fails.test", .rcode = 2},
    {.name = "refuses.test", .rcode = 5},
    {.name = "silent.test", .manner = DNS_SILENT},
    {.name = "cut.test", .a = "10.1.2.8", .aaaa = "2001:db8::8", .manner = DNS_CUT_RECORD},
    {.name = "noise.test", .a = "10.1.2.9", .manner = DNS_NOISE},
    {NULL},
};

static const char unhelpful[] = "no name server can be reached, or none is willing to answer";

/* A resolver, its name server and a query that stops the loop. */
struct scene {
    struct loop *loop;
    struct dns_server server;
    struct resolver *resolver;
    struct resolver_query query;
    struct timer give_up;
    bool gave_up;
    int ended;
};

static struct scene *of_query(struct resolver_query *q)
{
    return CONTAINER(struct scene, query, q);
}

static void on_done(struct resolver_query *q)
{
    struct scene *s = of_query(q);
    s->ended++;
    loop_stop(s->loop);
}

static void on_give_up(struct timer *timer)
{
    struct scene *s = CONTAINER(struct scene, give_up, timer);
    s->gave_up = true;
    loop_stop(s->loop);
}

static void scene_start(struct scene *s)
{
    *s = (struct scene){.loop = loop_epoll_create(), .query.done = on_done, .give_up.fire = on_give_up};
    assert_non_null(s->loop);
    dns_server_start(&s->server, s->loop, zone);
    s->resolver = resolver_create(s->loop, s->server.address);
    assert_non_null(s->resolver);
}

static void scene_stop(struct scene *s)
{
    resolver_destroy(s->resolver);
    dns_server_stop(&s->server);
    loop_destroy(s->loop);
}

static void run(struct scene *s)
{
    timer_set(s->loop, &s->give_up, loop_now(s->loop) + 20 * NSEC_PER_SEC);
    loop_run(s->loop);
    timer_cancel(s->loop, &s->give_up);
    assert_false(s->gave_up);
}

static void look_up(struct scene *s, const char *host)
{
    int before = s->ended;
    resolver_start(s->resolver, &s->query, host, 8080);
    assert_int_equal(s->ended, before); /* never from inside the call that started it */
    run(s);
    assert_int_equal(s->ended, before + 1);
    assert_int_equal(s->query.addr_count == 0, s->query.error[0] != '\0');
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The addresses in alphabetical order: which of two families comes first depends on the machine. */
static void addrs_text(const struct resolver_query *q, char *ret, size_t size)
{
    char rows[ADDR_MAX][64];
    for (int i = 0; i < q->addr_count; i++) {
        const struct loop_addr *a = &q->addrs[i];
        char host[INET6_ADDRSTRLEN] = "?";
        bool six = a->storage.ss_family == AF_INET6;
        const struct sockaddr_in *in = (const struct sockaddr_in *)&a->storage;
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->storage;
        inet_ntop(a->storage.ss_family, six ? (const void *)&in6->sin6_addr : &in->sin_addr, host,
                  sizeof host);
        assert_int_equal(a->len, six ? sizeof *in6 : sizeof *in);
        snprintf(rows[i], sizeof rows[i], "%s:%d", host, ntohs(six ? in6->sin6_port : in->sin_port));
    }
    qsort(rows, (size_t)q->addr_count, sizeof rows[0], by_text);
    ret[0] = '\0';
    for (int i = 0; i < q->addr_count; i++)
        snprintf(ret + strlen(ret), size - strlen(ret), "%s%s", i ? " " : "", rows[i]);
}

static void test_names_have_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *host, *addrs;
    } rows[] = {
        {"four.test", "10.1.2.4:8080"},
        {"FOUR.test", "10.1.2.4:8080"},
        {"four.test.", "10.1.2.4:8080"},
        {"six.test", "2001:db8::6:8080"},
        {"both.test", "10.1.2.3:8080 2001:db8::1:8080"},
        {"two.test", "10.1.2.5:8080 10.1.2.6:8080"},
    };
    struct scene s;
    scene_start(&s);
    for (int r = 0; r < COUNT(rows); r++) {
        look_up(&s, rows[r].host);
        char text[500];
        addrs_text(&s.query, text, sizeof text);
        assert_string_equal(s.query.error, "");
        assert_string_equal(text, rows[r].addrs);
    }
    look_up(&s, "many.test");
    assert_int_equal(s.query.addr_count, ADDR_MAX);
    scene_stop(&s);
}

static void test_names_have_none(void **state)
{
    (void)state;
    static const struct {
        const char *host, *error;
    } rows[] = {
        {"unheard-of.test", "there is no such host"},
        {"empty.test", "the host has no address"},
        {"fails.test", unhelpful},
        {"refuses.test", unhelpful},
        {"cut.test", "the name server's answer makes no sense"},
        {"a..b", "this is no host name"},
    };
    struct scene s;
    scene_start(&s);
    for (int r = 0; r < COUNT(rows); r++) {
        look_up(&s, rows[r].host);
        assert_int_equal(s.query.addr_count, 0);
        assert_string_equal(s.query.error, rows[r].error);
    }
    scene_stop(&s);
}

static void test_patience_ends(void **state)
{
    (void)state;
    static const char *const hosts[] = {"silent.test", "noise.test"};
    struct scene s;
    scene_start(&s);
    s.query.patience = NSEC_PER_SEC / 20;
    for (int h = 0; h < COUNT(hosts); h++) {
        nsec start = loop_now(s.loop);
        look_up(&s, hosts[h]);
        assert_true(loop_now(s.loop) - start >= s.query.patience);
        assert_string_equal(s.query.error, "no name server has answered in time");
    }
    look_up(&s, "four.test");
    assert_int_equal(s.query.addr_count, 1);
    scene_stop(&s);
}

static void test_a_long_answer_comes_by_tcp(void **state)
{
    (void)state;
    struct scene s;
    scene_start(&s);
    look_up(&s, "long.test");
    char text[500];
    addrs_text(&s.query, text, sizeof text);
    assert_string_equal(text, "10.1.2.7:8080");
    assert_int_equal(s.server.asked_tcp, 2); /* for both kinds of addresses */
    scene_stop(&s);
}

static void test_no_server_listens(void **state)
{
    (void)state;
    struct scene s;
    scene_start(&s);
    resolver_destroy(s.resolver);
    dns_server_stop(&s.server);
    s.resolver = resolver_create(s.loop, s.server.address);
    look_up(&s, "four.test");
    assert_string_equal(s.query.error, unhelpful);
    resolver_destroy(s.resolver);
    loop_destroy(s.loop);
}

static void test_literals_ask_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *host, *addrs;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:8080"},
        {"::1", "::1:8080"},
        {"2001:db8::17", "2001:db8::17:8080"},
    };
    struct scene s;
    scene_start(&s);
    for (int r = 0; r < COUNT(rows); r++) {
        look_up(&s, rows[r].host);
        char text[500];
        addrs_text(&s.query, text, sizeof text);
        assert_string_equal(text, rows[r].addrs);
    }
    assert_int_equal(s.server.asked, 0);
    scene_stop(&s);
}

static void test_localhost_is_known_here(void **state)
{
    (void)state;
    struct scene s;
    scene_start(&s);
    look_up(&s, "localhost");
    char text[500];
    addrs_text(&s.query, text, sizeof text);
    assert_non_null(strstr(text, "127.0.0.1:8080"));
    assert_int_equal(s.server.asked, 0);
    scene_stop(&s);
}

static void test_cancelled_under_way(void **state)
{
    (void)state;
    static const char *const hosts[] = {"four.test", "silent.test", "127.0.0.1", "localhost"};
    struct scene s;
    scene_start(&s);
    resolver_cancel(&s.query); /* nothing to cancel */
    for (int h = 0; h < COUNT(hosts); h++) {
        resolver_start(s.resolver, &s.query, hosts[h], 80);
        resolver_cancel(&s.query);
        resolver_cancel(&s.query);
    }
    assert_int_equal(s.ended, 0);
    look_up(&s, "two.test"); /* the same memory, while answers for others come in */
    assert_int_equal(s.query.addr_count, 2);
    assert_int_equal(s.ended, 1);
    resolver_start(s.resolver, &s.query, "silent.test", 80); /* ends with the resolver */
    scene_stop(&s);
    assert_int_equal(s.ended, 1);
}

static void on_done_destroy(struct resolver_query *q)
{
    struct scene *s = of_query(q);
    resolver_destroy(s->resolver);
    s->resolver = NULL;
    on_done(q);
}

static void must_not_end(struct resolver_query *q)
{
    (void)q;
    fail();
}

static void test_done_may_destroy_the_resolver(void **state)
{
    (void)state;
    static const char *const hosts[] = {"four.test", "unheard-of.test", "127.0.0.1"};
    for (int h = 0; h < COUNT(hosts); h++) {
        struct scene s;
        scene_start(&s);
        s.query.done = on_done_destroy;
        struct resolver_query bystander = {.done = must_not_end};
        resolver_start(s.resolver, &bystander, "silent.test", 80);
        look_up(&s, hosts[h]);
        assert_null(bystander.resolver);
        scene_stop(&s);
    }
}

enum { CROWD = 100 };

static void on_one_of_many(struct resolver_query *q)
{
    assert_null(q->resolver);
}

static void test_many_at_once(void **state)
{
    (void)state;
    struct scene s;
    scene_start(&s);
    struct resolver_query *many = calloc(CROWD, sizeof many[0]);
    for (int i = 0; i < CROWD; i++) {
        many[i] = (struct resolver_query){.done = on_one_of_many};
        resolver_start(s.resolver, &many[i], i % 2 ? "two.test" : "four.test", 80);
    }
    for (int i = 0; i < CROWD; i++) {
        while (many[i].resolver)
            look_up(&s, "four.test");
        assert_int_equal(many[i].addr_count, 1 + i % 2);
    }
    free(many);
    scene_stop(&s);
}

static void test_too_many_at_once(void **state)
{
    (void)state;
    struct scene s;
    scene_start(&s);
    struct resolver_query *many = calloc(RESOLVER_UNDER_WAY_MAX, sizeof many[0]);
    for (int i = 0; i < RESOLVER_UNDER_WAY_MAX; i++) {
        many[i].done = must_not_end;
        resolver_start(s.resolver, &many[i], "silent.test", 80);
    }
    look_up(&s, "four.test");
    assert_string_equal(s.query.error, "1024 names are being looked up already");
    look_up(&s, "127.0.0.1"); /* asks nobody */
    assert_int_equal(s.query.addr_count, 1);
    assert_int_equal(s.ended, 2);
    scene_stop(&s);
    free(many);
}

static void test_servers_that_are_none(void **state)
{
    (void)state;
    struct loop *loop = loop_epoll_create();
    assert_null(resolver_create(loop, "not an address"));
    struct resolver *r = resolver_create(loop, NULL);
    assert_non_null(r);
    resolver_destroy(r);
    resolver_destroy(NULL);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_have_addresses),
        cmocka_unit_test(test_names_have_none),
        cmocka_unit_test(test_patience_ends),
        cmocka_unit_test(test_a_long_answer_comes_by_tcp),
        cmocka_unit_test(test_no_server_listens),
        cmocka_unit_test(test_literals_ask_nobody),
        cmocka_unit_test(test_localhost_is_known_here),
        cmocka_unit_test(test_cancelled_under_way),
        cmocka_unit_test(test_done_may_destroy_the_resolver),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_too_many_at_once),
        cmocka_unit_test(test_servers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
