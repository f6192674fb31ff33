#include "test.h"
#include "tiny_server.h"
#include "watch.h"

#include <sched.h>
#include <unistd.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: "
#define METRICS OK "73\r\n\r\nprocess_resident_memory_bytes 1000\ngpu_memory_allocated_mb{gpu_id=\"0\"} 7\n\n"

static const struct promtext_selector metrics[] = {
    {.name = "gpu_memory_allocated_mb", .text = "gpu_memory_allocated_mb"}, {.name = "none_total", .text = "none_total"}};

/* No machine to look at: what the process itself shows is tested elsewhere. */
static const struct process_watch_config nobody = {.follow.proc = "/none"};

/* Watches until `asked` says that the server has been asked so often; there is no other end to wait for. */
static void watch_for(struct tiny_server *s, int route, int times, struct record *record)
{
    struct watch_config config = {.target = {.place = {.addrs = {s->addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""},
                                  .health_path = "/health",
                                  .metrics_path = "/metrics",
                                  .metrics = metrics,
                                  .metric_count = 2,
                                  .probe_every = 2 * NSEC_PER_MSEC,
                                  .scrape_every = 2 * NSEC_PER_MSEC,
                                  .process = nobody};
    struct watch *w = watch_create(&config);
    nsec zero = clock_monotonic();
    assert_non_null(w);
    assert_true(watch_start(w));
    while (atomic_load(&s->asked[route]) < times)
        sched_yield();
    watch_stop(w);
    record_init(record, &(struct record_shape){0});
    watch_collect(w, record, zero);
    watch_destroy(w);
}

static void test_healthy_target(void **state)
{
    (void)state;
    static const struct tiny_route routes[] = {
        {"/health", OK "0\r\n\r\n"}, {"/metrics", METRICS}, {.path = NULL}};
    struct tiny_server s;
    struct record r;
    tiny_server_start(&s, routes);
    watch_for(&s, 1, 5, &r);
    assert_true(r.metrics.readable);
    assert_int_equal(r.metrics.families, 2);
    assert_int_equal(r.metrics.scrapes, atomic_load(&s.asked[1]));
    assert_int_equal(r.metrics.failed_scrapes, 0);
    const struct record_series *memory = record_find_series(&r, "target.memory");
    assert_int_equal(memory->state, SERIES_PRESENT);
    assert_int_equal(memory->count, r.metrics.scrapes);
    assert_true(memory->points[0].value == 1000 && memory->points[0].at >= 0);
    assert_int_equal(record_find_series(&r, "gpu.memory")->state, SERIES_PRESENT);
    assert_int_equal(record_find_series(&r, "gpu.usage")->state, SERIES_ABSENT);
    assert_int_equal(record_find_series(&r, "target.cpu")->state, SERIES_UNREADABLE);
    assert_int_equal(r.metrics.count, 2);
    assert_string_equal(r.metrics.items[0].name, "gpu_memory_allocated_mb");
    assert_string_equal(r.metrics.items[0].type, "untyped");
    assert_false(r.metrics.items[0].moved);
    assert_true(r.metrics.items[0].last == 7);
    assert_null(r.metrics.items[1].type);
    assert_int_equal(record_find_series(&r, "gpu_memory_allocated_mb")->count, r.metrics.scrapes);
    assert_int_equal(record_find_series(&r, "none_total")->state, SERIES_ABSENT);
    assert_true(r.metrics.first < r.metrics.last);
    assert_int_equal(r.metrics.mistakes, 0);
    assert_true(r.probe_count > 0);
    for (int i = 0; i < r.probe_count; i++)
        assert_true(r.probes[i].ok);
    record_finish(&r);
    tiny_server_stop(&s);
}

/* The first scrape is over when the watch has been started, and the last one begins when it is stopped: also where one
 * is under way then. */
static void check_between(bool rare)
{
    static const struct tiny_route routes[] = {{"/metrics", METRICS}, {.path = NULL}};
    struct tiny_server s;
    struct record r;
    tiny_server_start(&s, routes);
    struct watch *w = watch_create(&(struct watch_config){.target = {.place = {.addrs = {s.addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""},
                                                          .health_path = "", .metrics_path = "/metrics", .scrape_every = rare ? NSEC_PER_SEC * 1000 : 1000,
                                                          .process = nobody});
    assert_true(watch_start(w));
    assert_true(atomic_load(&s.asked[0]) >= 1);
    nsec zero = clock_monotonic();
    watch_stop(w);
    record_init(&r, &(struct record_shape){0});
    watch_collect(w, &r, zero);
    watch_destroy(w);
    assert_true(rare ? r.metrics.scrapes == 2 : r.metrics.scrapes >= 2);
    assert_true(r.metrics.first <= 0 && r.metrics.last >= 0);
    record_finish(&r);
    tiny_server_stop(&s);
}

static void test_load_lies_between_scrapes(void **state)
{
    (void)state;
    check_between(true);
    for (int i = 0; i < 20; i++)
        check_between(false);
}

static void test_target_without_metrics(void **state)
{
    (void)state;
    static const struct tiny_route routes[] = {{"/health", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
                                               {.path = NULL}};
    struct tiny_server s;
    struct record r;
    tiny_server_start(&s, routes);
    watch_for(&s, 0, 5, &r);
    assert_false(r.metrics.readable);
    assert_string_equal(r.metrics.why, "/metrics answered with status 404");
    assert_int_equal(r.metrics.failed_scrapes, r.metrics.scrapes);
    assert_int_equal(record_find_series(&r, "gpu.memory")->state, SERIES_UNREADABLE);
    for (int i = 0; i < r.probe_count; i++)
        assert_false(r.probes[i].ok);
    record_finish(&r);
    tiny_server_stop(&s);
}

static void test_metrics_that_are_garbage(void **state)
{
    (void)state;
    static const struct tiny_route routes[] = {
        {"/health", OK "0\r\n\r\n"}, {"/metrics", OK "12\r\n\r\n<html>\n\xff\xfe{{{"}, {.path = NULL}};
    struct tiny_server s;
    struct record r;
    tiny_server_start(&s, routes);
    watch_for(&s, 1, 3, &r);
    assert_false(r.metrics.readable);
    assert_string_equal(r.metrics.why, "/metrics holds no metrics; line 1: a metric's name is expected: '<html>'");
    assert_int_equal(record_find_series(&r, "target.memory")->state, SERIES_UNREADABLE);
    assert_true(r.metrics.first == NSEC_NEVER);
    record_finish(&r);
    tiny_server_stop(&s);
}

/* A target without metrics of its process is served by ourselves: what the kernel tells of us fills in. */
static void test_process_in_place_of_metrics(void **state)
{
    (void)state;
    static const struct tiny_route routes[] = {
        {"/metrics", OK "41\r\n\r\nprocess_open_fds 3\nother_metric_total 77\n\n"}, {.path = NULL}};
    struct tiny_server s;
    struct record r;
    tiny_server_start(&s, routes);
    struct watch_config config = {.target = {.place = {.addrs = {s.addr}, .addr_count = 1}, .authority = "x", .prefix = "", .headers = ""},
                                  .health_path = "", .metrics_path = "/metrics", .scrape_every = NSEC_PER_SEC * 1000,
                                  .process = {.follow = {.proc = "/proc", .addr = s.addr}, .every = NSEC_PER_SEC * 1000}};
    struct watch *w = watch_create(&config);
    assert_true(watch_is_here(w));
    assert_int_equal(watch_pid(w), getpid());
    assert_true(watch_start(w));
    nsec zero = clock_monotonic();
    watch_stop(w);
    assert_true(watch_latest(w, FIGURE_MEMORY) > 0);
    assert_true(isnan(watch_latest(w, FIGURE_CPU)));
    record_init(&r, &(struct record_shape){0});
    watch_collect(w, &r, zero);
    watch_destroy(w);
    assert_int_equal(r.process.pid, getpid());
    assert_string_equal(r.process.found, "listening socket");
    const struct record_series *memory = record_find_series(&r, "target.memory"),
                               *fds = record_find_series(&r, "target.fds");
    assert_int_equal(memory->state, SERIES_PRESENT);
    assert_int_equal(memory->count, record_find_series(&r, "process.rss")->count);
    assert_true(memory->points[0].value > 0);
    assert_string_equal(memory->why, "the target's metrics have no process_resident_memory_bytes; read from its process");
    assert_int_equal(fds->count, 2);
    assert_near(fds->points[0].value, 3, 0);
    assert_string_equal(fds->why, "");
    assert_true(record_find_series(&r, "process.fds")->points[0].value > 3);
    record_finish(&r);
    tiny_server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_healthy_target),
        cmocka_unit_test(test_load_lies_between_scrapes),
        cmocka_unit_test(test_target_without_metrics),
        cmocka_unit_test(test_metrics_that_are_garbage),
        cmocka_unit_test(test_process_in_place_of_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
