#include "test.h"
#include "engine.h"
#include "tiny_server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Several threads play one load against a real server on loopback: together they do what one of them would.
 */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LOAD(text) "scenario: x\nworkflow: get\nload: {" text "}\n"

static const struct tiny_route answers_at_once[] = {{"/", OK}, {0}};
static const struct tiny_route never_answers[] = {{"/", NULL}, {0}};

/* ---- an engine on real loops ---- */

struct crew {
    struct tiny_server server;
    struct plan *plan;
    struct record record;
    struct progress progress;
    struct engine *engine;
};

static struct plan *load(const char *text, const char *workflow)
{
    char file[] = "/tmp/orfeas-workers-XXXXXX.yaml";
    struct diag_list diags;
    struct plan_options options = {.time_scale = 1, .share_dir = SOURCE_ROOT, .workflow = workflow};
    int fd = mkstemps(file, 5);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    diag_init(&diags);
    struct plan *plan = plan_load(file, &options, &diags);
    unlink(file);
    assert_non_null(plan);
    diag_finish(&diags);
    return plan;
}

static void crew_init_with(struct crew *c, const char *scenario, int workers, const struct tiny_route *routes,
                           int connections)
{
    *c = (struct crew){.plan = load(scenario, NULL)};
    tiny_server_start(&c->server, routes);
    progress_init(&c->progress, engine_workers(c->plan, workers));
    struct engine_config config = {.workers = workers,
                                   .plan = c->plan,
                                   .target = {.authority = "localhost", .prefix = "", .headers = ""},
                                   .connections = connections,
                                   .seed = 1,
                                   .record = &c->record,
                                   .progress = &c->progress};
    config.target.place.addrs[0] = c->server.addr;
    config.target.place.addr_count = 1;
    c->engine = engine_create(&config);
    assert_non_null(c->engine);
}

static void crew_init(struct crew *c, const char *scenario, int workers, const struct tiny_route *routes)
{
    crew_init_with(c, scenario, workers, routes, 0);
}

static int asked(struct crew *c)
{
    return atomic_load(&c->server.asked[0]);
}

/* Plays it; whatever was sent and answered is in the record, once. */
static void crew_run(struct crew *c)
{
    assert_true(engine_run(c->engine));
    const char *broken = record_check(&c->record);
    if (broken)
        fail_msg("law: %s", broken);
    struct progress_view view;
    progress_read(&c->progress, &view);
    assert_int_equal(view.in_flight, 0);
    assert_true(view.draining);
    assert_int_equal(c->record.generator.workers, c->progress.count);
}

static void crew_finish(struct crew *c)
{
    engine_destroy(c->engine);
    tiny_server_stop(&c->server);
    progress_finish(&c->progress);
    record_finish(&c->record);
    plan_free(c->plan);
}

static const int crews[] = {1, 2, 4};

/* All of them succeeded, and the server knows of each. */
static void check_count(struct crew *c, int64_t jobs)
{
    const struct record_tally *t = &c->record.tallies[0];
    assert_int_equal(t->attempted, jobs);
    assert_int_equal(t->ok, jobs);
    assert_int_equal(hist_count(t->generation), jobs);
    assert_int_equal(asked(c), jobs + c->plan->load.warmup_jobs);
    assert_int_equal(c->record.traffic.requests, asked(c));
    struct progress_view view;
    progress_read(&c->progress, &view);
    assert_int_equal(view.started, jobs);
    assert_int_equal(view.ok, jobs);
}

/* ---- how many ---- */

/* Of eight cores, when nobody says. */
static void test_parts_are_not_too_small(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        int usual;
    } rows[] = {
        {LOAD("users: closed, concurrent: 3, duration: 1s"), 8}, /* each user has its own turn */
        {LOAD("users: open, rate: 1/s, duration: 1s"), 8},
        {LOAD("users: open, rate: 1/s, concurrent: 3, duration: 1s"), 1},
        {LOAD("users: open, rate: 1/s, concurrent: 64, duration: 1s"), 4},
        {LOAD("users: open, rate: 1/s, max_in_flight: 40, duration: 1s"), 2},
        {LOAD("users: closed, concurrent: 900, connections: 32, duration: 1s"), 2},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan *plan = load(rows[i].scenario, NULL);
        assert_int_equal(engine_workers_usual(plan, 8), rows[i].usual);
        plan_free(plan);
    }
}

static void test_never_more_than_have_something_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        int wanted, got;
    } rows[] = {
        {LOAD("users: closed, concurrent: 7, duration: 1s"), 4, 4},
        {LOAD("users: closed, concurrent: 3, duration: 1s"), 4, 3},
        {LOAD("users: closed, concurrent: 3, duration: 1s"), 1, 1},
        {LOAD("users: closed, concurrent: 3, duration: 1s"), 0, 1},
        {LOAD("users: closed, concurrent: 1000, duration: 1s"), 1000, ENGINE_WORKERS_MAX},
        {LOAD(
             "users: closed, phases: [{name: a, users: 1, duration: 1s}, {name: b, users: 2, duration: 1s}]"),
         4, 2},
        {LOAD("users: paced, think: 1s, concurrent: 2, duration: 1s"), 4, 2},
        {LOAD("users: closed, concurrent: 9, max_in_flight: 3, duration: 1s"), 4, 3},
        {LOAD("users: closed, concurrent: 9, connections: 2, duration: 1s"), 4, 2},
        {LOAD("users: open, rate: 1/s, duration: 1s"), 4, 4},
        {LOAD("users: open, rate: 1/s, concurrent: 3, duration: 1s"), 4, 3},
        {LOAD("users: open, rate: 1/s, max_in_flight: 1, duration: 1s"), 4, 1},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan *plan = load(rows[i].scenario, NULL);
        if (engine_workers(plan, rows[i].wanted) != rows[i].got)
            fail_msg("row %d: %d workers", i, engine_workers(plan, rows[i].wanted));
        plan_free(plan);
    }
}

/* ---- the same, however many ---- */

static void test_a_number_of_jobs_is_exact(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(crews); i++) {
        struct crew c;
        crew_init(&c, LOAD("users: closed, concurrent: 7, jobs: 1000"), crews[i], answers_at_once);
        crew_run(&c);
        check_count(&c, 1000);
        /* One loop starts all before it hears of any; of several, one may come when the others have done it all. */
        assert_in_range(c.record.traffic.connects, crews[i] == 1 ? 7 : 1, 7);
        crew_finish(&c);
    }
}

/* Fewer jobs than users, and than workers. */
static void test_few_jobs_for_many(void **state)
{
    (void)state;
    for (int jobs = 1; jobs <= 9; jobs += 4) {
        struct crew c;
        char scenario[100];
        snprintf(scenario, sizeof scenario, LOAD("users: closed, concurrent: 8, jobs: %d"), jobs);
        crew_init(&c, scenario, 4, answers_at_once);
        crew_run(&c);
        check_count(&c, jobs);
        crew_finish(&c);
    }
}

static void test_arrivals_are_exact(void **state)
{
    (void)state;
    static const char *const scenarios[] = {LOAD("users: open, rate: 500/s, duration: 1s"),
                                            LOAD("users: open, rate: 500/s, jobs: 500, duration: 1h"),
                                            LOAD("users: open, rate: 5000/s, jobs: 500, concurrent: 5")};
    for (int i = 0; i < COUNT(crews); i++) {
        for (int k = 0; k < COUNT(scenarios); k++) {
            struct crew c;
            crew_init(&c, scenarios[k], crews[i], answers_at_once);
            crew_run(&c);
            check_count(&c, 500);
            assert_int_equal(c.record.generator.scheduled, 500);
            assert_int_equal(hist_count(c.record.generator.start_lag), 500);
            crew_finish(&c);
        }
    }
}

/* ---- connections are shared out ---- */

static void test_connections_are_limited_in_all(void **state)
{
    (void)state;
    static const struct {
        int limit, workers, most;
    } rows[] = {{1, 1, 1}, {5, 1, 5}, {5, 2, 5}, {5, 4, 5}, {2, 4, 4 /* one a worker */}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct crew c;
        crew_init_with(&c, LOAD("users: closed, concurrent: 20, jobs: 400"), rows[i].workers, answers_at_once,
                       rows[i].limit);
        crew_run(&c);
        check_count(&c, 400);
        assert_in_range(c.record.traffic.connects, 1, rows[i].most);
        crew_finish(&c);
    }
}

/* ---- users are shared out ---- */

static const char users_say_their_number[] =
    "workflow: numbered\nsteps:\n  - {name: get, get: '/{user}', expect: 200}\n";

static void write_file(char *file, const char *text)
{
    int fd = mkstemps(file, 5);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Seven users of four workers: each number is somebody's, and of one only. */
static void test_every_user_is_one_workers(void **state)
{
    (void)state;
    static const struct tiny_route by_user[] = {{"/0", OK}, {"/1", OK}, {"/2", OK}, {"/3", OK},
                                                {"/4", OK}, {"/5", OK}, {"/6", OK}, {0}};
    char workflow[] = "/tmp/orfeas-numbered-XXXXXX.yaml", scenario[200];
    write_file(workflow, users_say_their_number);
    snprintf(scenario, sizeof scenario,
             "scenario: x\nworkflow: %s\nload: {users: paced, think: 1h, concurrent: 7, duration: 200ms}\n",
             workflow);
    struct crew c;
    crew_init(&c, scenario, 4, by_user);
    unlink(workflow);
    crew_run(&c);
    assert_int_equal(c.progress.count, 4);
    for (int i = 0; i < 7; i++)
        assert_int_equal(atomic_load(&c.server.asked[i]), 1);
    assert_int_equal(c.record.tallies[0].ok, 7);
    int most = 0;
    for (int i = 0; i < c.record.user_changes; i++)
        most = (int)fmax(most, c.record.users[i].value);
    assert_int_equal(most, 7);
    assert_int_equal((int)c.record.users[c.record.user_changes - 1].value, 0);
    crew_finish(&c);
}

/* ---- warm-up ---- */

static void test_the_load_begins_for_all_after_the_warm_up(void **state)
{
    (void)state;
    static const char *const scenarios[] = {
        LOAD("users: closed, concurrent: 4, jobs: 100, warmup_jobs: 5"),
        LOAD("users: open, rate: 1000/s, duration: 100ms, warmup_jobs: 5")};
    for (int i = 0; i < COUNT(crews); i++) {
        for (int k = 0; k < COUNT(scenarios); k++) {
            struct crew c;
            crew_init(&c, scenarios[k], crews[i], answers_at_once);
            crew_run(&c);
            check_count(&c, 100);
            assert_true(c.record.phases[0].start > 0);
            assert_true(c.record.tallies[0].first_sent >= c.record.phases[0].start);
            crew_finish(&c);
        }
    }
}

/* ---- commands from another thread ---- */

struct commander {
    struct crew *crew;
    void (*command)(struct engine *e);
    int after; /* requests that the server has had */
};

static void *run_commander(void *context)
{
    struct commander *c = context;
    const struct timespec moment = {.tv_nsec = 1000000};
    while (asked(c->crew) < c->after)
        nanosleep(&moment, NULL);
    c->command(c->crew->engine);
    return NULL;
}

static void crew_run_with(struct crew *c, int after, void (*command)(struct engine *e))
{
    pthread_t thread;
    struct commander commander = {.crew = c, .command = command, .after = after};
    assert_int_equal(pthread_create(&thread, NULL, run_commander, &commander), 0);
    crew_run(c);
    pthread_join(thread, NULL);
    assert_true(c->record.interrupted);
}

static const char *const endless[] = {
    LOAD("users: closed, concurrent: 6, duration: 1h"),
    LOAD("users: closed, concurrent: 6, jobs: 1000000000"),
    LOAD("users: paced, think: 1ms, concurrent: 6, duration: 1h"),
    LOAD("users: open, rate: 500/s, duration: 1h"),
    LOAD("users: open, rate: 5000/s, duration: 1h, concurrent: 4"),
};

static void test_drain_loses_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(endless); i++) {
        struct crew c;
        crew_init(&c, endless[i], 4, answers_at_once);
        crew_run_with(&c, 50, engine_drain);
        const struct record_tally *t = &c.record.tallies[0];
        assert_true(t->attempted >= 50);
        assert_int_equal(t->ok, t->attempted);
        assert_int_equal(asked(&c), t->attempted);
        crew_finish(&c);
    }
}

/* The target leaves everybody waiting. */
static void test_stop_waits_for_nobody(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(endless); i++) {
        struct crew c;
        crew_init(&c, endless[i], 4, never_answers);
        crew_run_with(&c, 4, engine_stop);
        const struct record_tally *t = &c.record.tallies[0];
        assert_true(t->unfinished >= 4);
        assert_int_equal(t->attempted, t->ok + t->unfinished + t->failed);
        crew_finish(&c);
    }
}

static void test_stop_during_the_warm_up(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(crews); i++) {
        struct crew c;
        crew_init(&c, LOAD("users: closed, concurrent: 4, duration: 1h, warmup_jobs: 2"), crews[i],
                  never_answers);
        crew_run_with(&c, 1, engine_stop);
        assert_int_equal(c.record.tallies[0].attempted, 0);
        assert_int_equal(c.record.traffic.requests, 1);
        crew_finish(&c);
    }
}

/* Before it runs at all. */
static void test_a_command_may_come_early(void **state)
{
    (void)state;
    struct crew c;
    crew_init(&c, LOAD("users: closed, concurrent: 4, duration: 1h"), 4, never_answers);
    engine_stop(c.engine);
    crew_run(&c);
    assert_true(c.record.interrupted);
    assert_int_equal(c.record.tallies[0].ok, 0);
    crew_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_more_than_have_something_to_do),
        cmocka_unit_test(test_parts_are_not_too_small),
        cmocka_unit_test(test_a_number_of_jobs_is_exact),
        cmocka_unit_test(test_few_jobs_for_many),
        cmocka_unit_test(test_arrivals_are_exact),
        cmocka_unit_test(test_connections_are_limited_in_all),
        cmocka_unit_test(test_every_user_is_one_workers),
        cmocka_unit_test(test_the_load_begins_for_all_after_the_warm_up),
        cmocka_unit_test(test_drain_loses_nothing),
        cmocka_unit_test(test_stop_waits_for_nobody),
        cmocka_unit_test(test_stop_during_the_warm_up),
        cmocka_unit_test(test_a_command_may_come_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
