#include "test.h"
#include "world.h"

#include "arrivals.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Each model of a load against a server that takes a fixed time: every start is where the plan has it, to the
 * nanosecond. */

#define SEC NSEC_PER_SEC
#define MSEC NSEC_PER_MSEC
#define LOAD(text) "scenario: x\nworkflow: get\nload: {" text "}\n"

static const struct sim_plain fast = {.service = 10 * MSEC};

static void play(struct world *w, const char *scenario, const struct sim_plain *server)
{
    world_init_plain(w, scenario, NULL, server, 1);
    world_run(w);
}

/* All phases together. */
static struct record_tally sum_of(const struct record *r)
{
    struct record_tally sum = {0};
    for (int i = 0; i < r->shape.phases; i++) {
        const struct record_tally *t = &r->tallies[i];
        sum.attempted += t->attempted;
        sum.ok += t->ok;
        sum.failed += t->failed;
        sum.unfinished += t->unfinished;
    }
    return sum;
}

static void check_counts(const struct world *w, int64_t attempted, int64_t ok)
{
    struct record_tally sum = sum_of(&w->record);
    assert_int_equal(sum.attempted, attempted);
    assert_int_equal(sum.ok, ok);
    assert_int_equal(sum.failed, 0);
    assert_int_equal(w->plain->requests, attempted + w->plan->load.warmup_jobs);
    assert_int_equal(w->record.traffic.requests, w->plain->requests);
}

/* ---- users ---- */

static void test_closed_users_make_n_over_the_service_time(void **state)
{
    (void)state;
    struct world w;
    play(&w, LOAD("users: closed, concurrent: 7, duration: 9995ms"), &fast);
    check_counts(&w, 7 * 1000, 7 * 1000);
    for (int i = 0; i < 7 * 1000; i++)
        assert_int_equal(w.plain->came[i], i / 7 * 10 * MSEC);
    assert_int_equal(hist_min(w.record.tallies[0].generation), 10 * MSEC);
    assert_int_equal(hist_max(w.record.tallies[0].generation), 10 * MSEC);
    assert_int_equal(w.record.load_ended, 9995 * MSEC);
    assert_int_equal(w.record.ended, 10 * SEC);
    assert_int_equal(w.plain->connections, 7);
    world_finish(&w);
}

static void test_closed_users_think(void **state)
{
    (void)state;
    struct world w;
    play(&w, LOAD("users: closed, concurrent: 3, think: 90ms, duration: 995ms"), &fast);
    check_counts(&w, 3 * 10, 3 * 10);
    for (int i = 0; i < 3 * 10; i++)
        assert_int_equal(w.plain->came[i], i / 3 * 100 * MSEC);
    world_finish(&w);
}

/* The target takes five times as long as they think. */
static void test_paced_users_do_not_wait(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 5 * SEC};
    play(&w, LOAD("users: paced, concurrent: 3, think: 1s, start_every: 100ms, duration: 10s"), &slow);
    check_counts(&w, 3 * 10, 3 * 10);
    for (int i = 0; i < 3 * 10; i++)
        assert_int_equal(w.plain->came[i], i / 3 * SEC + i % 3 * 100 * MSEC);
    assert_int_equal(w.record.ended, 9200 * MSEC + 5 * SEC);
    assert_int_equal(hist_max(w.record.generator.start_lag), 0);
    world_finish(&w);
}

struct change {
    nsec at;
    int users;
};

static void check_users(const struct record *r, const struct change *expected, int count)
{
    for (int i = 0; i < count && i < r->user_changes; i++) {
        assert_int_equal(r->users[i].at, expected[i].at);
        assert_int_equal((int)r->users[i].value, expected[i].users);
    }
    assert_int_equal(r->user_changes, count);
}

/* Up, down to one, a rest, up again, down to none: the last to leave on a ramp leaves as its phase ends. */
static void test_ramps_of_users(void **state)
{
    (void)state;
    static const struct change changes[] = {{0, 1},        {SEC, 2},      {2 * SEC, 3},  {3 * SEC, 4},
                                            {5 * SEC, 3},  {6 * SEC, 2},  {7 * SEC, 1},  {10 * SEC, 2},
                                            {11 * SEC, 3}, {13 * SEC, 2}, {14 * SEC, 1}, {15 * SEC, 0}};
    struct world w;
    play(&w,
         LOAD("users: paced, think: 100ms, phases: ["
              "{name: up, users: 4, ramp: true, duration: 4s}, {name: down, users: 1, ramp: true, duration: "
              "3s}, "
              "{name: rest, users: 1, duration: 3s}, {name: again, users: 3, ramp: true, duration: 2s}, "
              "{name: out, users: 0, ramp: true, duration: 3s}, {name: silence, users: 0, duration: 5s}]"),
         &fast);
    check_users(&w.record, changes, COUNT(changes));
    check_counts(&w, 10 * (15 + (6 + 4) + (4 + 2) + 2), 10 * (15 + (6 + 4) + (4 + 2) + 2));
    assert_int_equal(w.record.load_ended, 20 * SEC);
    world_finish(&w);
}

static void test_steps_of_users(void **state)
{
    (void)state;
    static const struct change changes[] = {{0, 1},           {100 * MSEC, 2}, {SEC, 3},     {1100 * MSEC, 4},
                                            {1200 * MSEC, 5}, {2 * SEC, 4},    {2 * SEC, 3}, {2 * SEC, 2},
                                            {2 * SEC, 1},     {3995 * MSEC, 0}};
    struct world w;
    play(&w,
         LOAD("users: closed, start_every: 100ms, phases: [{name: a, users: 2, duration: 1s}, "
              "{name: b, users: 5, duration: 1s}, {name: c, users: 1, duration: 1995ms}]"),
         &fast);
    check_users(&w.record, changes, COUNT(changes));
    static const int attempted[] = {100 + 90, 200 + 100 + 90 + 80, 200};
    /* At the change itself the server's answer comes first: two more begin before the phase does, and four
     * before the users leave. */
    assert_int_equal(w.record.tallies[0].attempted, attempted[0] + 2);
    assert_int_equal(w.record.tallies[1].attempted, attempted[1] - 2 + 5);
    assert_int_equal(w.record.tallies[2].attempted, attempted[2] - 1);
    world_finish(&w);
}

/* A user that comes back while its last job still runs waits for it: it never has two. */
static void test_a_closed_user_that_comes_back_has_one_job(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 3 * SEC};
    play(&w,
         LOAD("users: closed, phases: [{name: a, users: 2, duration: 1s}, {name: b, users: 0, duration: 1s}, "
              "{name: c, users: 2, duration: 9s}]"),
         &slow);
    check_counts(&w, 8, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(w.plain->came[i], i / 2 * 3 * SEC);
    world_finish(&w);
}

/* ---- arrivals ---- */

static void test_constant_arrivals(void **state)
{
    (void)state;
    struct world w;
    play(&w, LOAD("users: open, rate: 1000/s, duration: 10s"), &fast);
    check_counts(&w, 10000, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(w.plain->came[i], i * MSEC);
    assert_int_equal(hist_max(w.record.generator.start_lag), 0);
    assert_int_equal(hist_max(w.record.tallies[0].generation), 10 * MSEC);
    assert_int_equal(w.record.load_ended, 10 * SEC);
    assert_int_equal(w.record.ended, 9999 * MSEC + 10 * MSEC);
    world_finish(&w);
}

/* What is sent is what `arrivals` says, whose own tests say what that is. */
static void check_arrivals(const struct world *w, uint64_t seed)
{
    struct arrivals a;
    nsec due;
    int64_t index, count = 0;
    int phase;
    arrivals_init(&a, &w->plan->load, seed, 0, 1);
    while (arrivals_next(&a, &due, &index, &phase)) {
        assert_true(count < w->plain->requests);
        assert_int_equal(w->plain->came[count], due);
        count++;
    }
    check_counts(w, count, count);
    assert_int_equal(hist_max(w->record.generator.start_lag), 0);
}

static void test_poisson_arrivals(void **state)
{
    (void)state;
    struct world w;
    play(&w, LOAD("users: open, arrivals: poisson, rate: 1000/s, duration: 20s"), &fast);
    check_arrivals(&w, 1);
    assert_near((double)w.plain->requests, 20000, 4 * sqrt(20000));
    world_finish(&w);
}

static void test_rates_that_change(void **state)
{
    (void)state;
    static const int attempted[] = {500, 200, 0, 450, 50};
    static const nsec starts[] = {0, 10, 12, 13, 16};
    struct world w;
    play(&w,
         LOAD("users: open, phases: [{name: up, rate: 100/s, ramp: true, duration: 10s}, "
              "{name: hold, rate: 100/s, duration: 2s}, {name: pause, rate: 0/s, duration: 1s}, "
              "{name: more, rate: 300/s, ramp: true, duration: 3s}, {name: step, rate: 50/s, duration: 1s}]"),
         &fast);
    check_arrivals(&w, 1);
    for (int i = 0; i < COUNT(attempted); i++) {
        assert_int_equal(w.record.tallies[i].attempted, attempted[i]);
        assert_int_equal(w.record.phases[i].start, starts[i] * SEC);
    }
    world_finish(&w);
}

static void test_replay(void **state)
{
    (void)state;
    static const nsec times[] = {0, 0, 500 * MSEC, SEC, SEC, SEC + 1, 7 * SEC};
    static const char text[] = "0\n0\n0.5\n1\n1s\n1.000000001\n7\n";
    char file[] = "/tmp/orfeas-replay-XXXXXX", scenario[200];
    int fd = mkstemp(file);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    snprintf(scenario, sizeof scenario, LOAD("users: open, arrivals: replay %s"), file);
    struct world w;
    play(&w, scenario, &fast);
    unlink(file);
    check_counts(&w, COUNT(times), COUNT(times));
    for (int i = 0; i < COUNT(times); i++)
        assert_int_equal(w.plain->came[i], times[i]);
    world_finish(&w);
}

/* First come, first served by `places`: each begins when it is due, or when the one `places` before it ends.
 */
static void check_backlog(const struct world *w, nsec every, int count, int places, nsec service)
{
    nsec *ends = calloc((size_t)count, sizeof *ends), most = 0;
    hist_sum sum = 0;
    assert_non_null(ends);
    check_counts(w, count, count);
    for (int i = 0; i < count; i++) {
        nsec due = i * every, free_at = i < places ? 0 : ends[i - places];
        nsec start = due > free_at ? due : free_at;
        assert_int_equal(w->plain->came[i], start);
        ends[i] = start + service;
        sum += (hist_sum)(ends[i] - due);
        most = ends[i] - due > most ? ends[i] - due : most;
    }
    const struct hist *generation = w->record.tallies[0].generation;
    assert_true(generation->facts.sum == sum); /* what it waited for its turn is in it */
    assert_int_equal(hist_max(generation), most);
    assert_int_equal(w->record.ended, ends[count - 1]);
    assert_int_equal(hist_max(w->record.generator.start_lag), 0); /* waiting for others is no lag of ours */
    free(ends);
}

static void test_those_beyond_the_limit_wait_for_their_turn(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 100 * MSEC};
    play(&w, LOAD("users: open, rate: 100/s, concurrent: 3, duration: 40s"), &slow);
    check_backlog(&w, 10 * MSEC, 4000, 3, 100 * MSEC);
    assert_int_equal(w.plain->most_open, 3);
    assert_int_equal(w.record.load_ended, 40 * SEC); /* those who wait then start all the same */
    world_finish(&w);
}

/* ---- starts that are skipped ---- */

static void test_arrivals_beyond_max_in_flight_are_skipped(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 95 * MSEC};
    play(&w, LOAD("users: open, rate: 100/s, max_in_flight: 3, duration: 1s"), &slow);
    check_counts(&w, 30, 30); /* three of ten */
    assert_int_equal(w.record.generator.scheduled, 100);
    assert_int_equal(w.record.generator.skipped, 70);
    world_finish(&w);
}

/* Those who wait for their turn are in flight, too. */
static void test_the_backlog_is_in_flight(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 95 * MSEC};
    play(&w, LOAD("users: open, rate: 100/s, concurrent: 1, max_in_flight: 3, duration: 1s"), &slow);
    /* 0, 10, 20, then one whenever one ends: at 95, 190 ... 950, each found by the next arrival. */
    check_counts(&w, 3 + 10, 3 + 10);
    assert_int_equal(w.record.generator.skipped, 100 - 13);
    world_finish(&w);
}

static void test_users_beyond_max_in_flight_try_again(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 95 * MSEC};
    play(&w, LOAD("users: closed, concurrent: 4, max_in_flight: 2, duration: 1s"), &slow);
    check_counts(&w, 2 * 11, 2 * 11);
    assert_int_equal(w.record.generator.skipped, 2 * 100); /* every 10 ms each */
    world_finish(&w);
}

/* ---- a number of jobs ---- */

static void test_a_number_of_jobs(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        int jobs;
        nsec load_ended, ended;
    } rows[] = {
        {LOAD("users: closed, concurrent: 7, jobs: 1000"), 1000, 1430 * MSEC, 1430 * MSEC},
        {LOAD("users: closed, concurrent: 7, jobs: 3"), 3, 10 * MSEC, 10 * MSEC},
        {LOAD("users: closed, concurrent: 7, jobs: 1000, duration: 95ms"), 70, 95 * MSEC, 100 * MSEC},
        {LOAD("users: closed, concurrent: 2, jobs: 10, duration: 1h"), 10, 50 * MSEC, 50 * MSEC},
        {LOAD("users: closed, concurrent: 2, jobs: 10, think: 5ms"), 10, 70 * MSEC, 70 * MSEC},
        {LOAD("users: open, rate: 1000/s, jobs: 500"), 500, 499 * MSEC, 509 * MSEC},
        {LOAD("users: open, rate: 1000/s, jobs: 500, duration: 1h"), 500, 499 * MSEC, 509 * MSEC},
        {LOAD("users: open, rate: 1000/s, jobs: 500, duration: 100ms"), 100, 100 * MSEC, 109 * MSEC},
        {LOAD("users: open, rate: 1000/s, jobs: 50, concurrent: 1"), 50, 49 * MSEC, 500 * MSEC},
        {LOAD("users: open, rate: 1000/s, jobs: 1"), 1, 0, 10 * MSEC},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        play(&w, rows[i].scenario, &fast);
        check_counts(&w, rows[i].jobs, rows[i].jobs);
        assert_int_equal(w.record.load_ended, rows[i].load_ended);
        assert_int_equal(w.record.ended, rows[i].ended);
        assert_false(w.record.interrupted);
        world_finish(&w);
    }
}

/* ---- warm-up ---- */

static void test_warm_up_comes_first_in_every_model(void **state)
{
    (void)state;
    static const char *const scenarios[] = {
        LOAD("warmup_jobs: 3, users: closed, concurrent: 2, duration: 45ms"),
        LOAD("warmup_jobs: 3, users: paced, concurrent: 2, think: 10ms, duration: 45ms"),
        LOAD("warmup_jobs: 3, users: open, rate: 200/s, duration: 50ms"),
        LOAD("warmup_jobs: 3, users: open, rate: 1000/s, jobs: 10, concurrent: 1"),
    };
    for (int i = 0; i < COUNT(scenarios); i++) {
        struct world w;
        play(&w, scenarios[i], &fast);
        check_counts(&w, 10, 10);
        for (int k = 0; k < 3; k++)
            assert_int_equal(w.plain->came[k], k * 10 * MSEC); /* one after the other */
        assert_int_equal(w.plain->came[3], 30 * MSEC);
        assert_int_equal(w.record.phases[0].start, 30 * MSEC);
        assert_int_equal(hist_count(w.record.tallies[0].generation), 10);
        assert_int_equal(progress_of(&w).started, 10);
        assert_int_equal(hist_max(w.record.generator.start_lag), 0);
        world_finish(&w);
    }
}

/* ---- interruption ---- */

struct interrupted {
    const char *scenario;
    int requests;  /* that have begun by 495 ms */
    int under_way; /* of them, at 495 ms */
};

static const struct interrupted interruptions[] = {
    {LOAD("users: closed, concurrent: 2, duration: 1h"), 2 * 50, 2},
    {LOAD("users: closed, concurrent: 2, jobs: 1000"), 2 * 50, 2},
    {LOAD("users: paced, concurrent: 2, think: 20ms, duration: 1h"), 2 * 25, 0},
    {LOAD("users: open, rate: 250/s, duration: 1h"), 124, 2},
    {LOAD("users: open, rate: 1000/s, duration: 1h, concurrent: 4"), 4 * 50, 4}, /* 296 wait */
    {LOAD("users: open, rate: 1000/s, jobs: 400, concurrent: 4"), 4 * 50, 4}, /* its load is over already */
    {LOAD("users: open, rate: 1000/s, duration: 1h, concurrent: 4, max_in_flight: 9"), 4 * 50, 4},
    {LOAD("warmup_jobs: 100, users: closed, concurrent: 2, duration: 1h"), 50, 1},
    {LOAD("warmup_jobs: 100, users: open, rate: 1000/s, duration: 1h, concurrent: 4"), 50, 1},
};

static void interrupt(struct world *w, const struct interrupted *i, void (*command)(struct engine *e))
{
    world_init_plain(w, i->scenario, NULL, &fast, 1);
    world_run_with(w, 495 * MSEC, command);
    assert_true(w->record.interrupted);
    assert_int_equal(w->plain->requests, i->requests);
    assert_int_equal(progress_of(w).in_flight, 0);
    assert_true(progress_of(w).draining);
}

static void test_drain_follows_what_is_under_way(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(interruptions); i++) {
        struct world w;
        interrupt(&w, &interruptions[i], engine_drain);
        struct record_tally sum = sum_of(&w.record);
        assert_int_equal(sum.ok, w.plan->load.warmup_jobs ? 0 : interruptions[i].requests);
        assert_int_equal(sum.attempted, sum.ok);
        if (w.plan->load.users == USERS_CLOSED)
            assert_int_equal(w.record.ended, 500 * MSEC);
        world_finish(&w);
    }
}

static void test_stop_ends_what_is_under_way(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(interruptions); i++) {
        struct world w;
        interrupt(&w, &interruptions[i], engine_stop);
        struct record_tally sum = sum_of(&w.record);
        bool warms_up = w.plan->load.warmup_jobs;
        assert_int_equal(sum.unfinished, warms_up ? 0 : interruptions[i].under_way);
        assert_int_equal(sum.ok, warms_up ? 0 : interruptions[i].requests - interruptions[i].under_way);
        assert_int_equal(w.record.ended, 495 * MSEC);
        assert_int_equal(w.plain->open, w.plain->connections - interruptions[i].under_way);
        world_finish(&w);
    }
}

/* ---- time limits ---- */

/* Each job's time is up when it is, counted from when it was sent; waiting for its turn is not its target's
 * doing. */
static void test_jobs_whose_time_is_up(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        int jobs;
        nsec ended;
    } rows[] = {
        {LOAD("users: open, rate: 100/s, duration: 1s, timeout: 2s"), 100, 990 * MSEC + 2 * SEC},
        {LOAD("users: open, rate: 100/s, duration: 100ms, concurrent: 2, timeout: 2s"), 10,
         10 * MSEC + 10 * SEC},
        {LOAD("users: closed, concurrent: 2, duration: 5s, timeout: 2s"), 6, 6 * SEC},
        {LOAD("users: paced, think: 1s, concurrent: 2, duration: 5s, timeout: 2s"), 10, 6 * SEC},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_plain slow = {.service = 3 * SEC};
        play(&w, rows[i].scenario, &slow);
        const struct record_tally *t = &w.record.tallies[0];
        assert_int_equal(t->attempted, rows[i].jobs);
        assert_int_equal(t->kinds[FAIL_TIMEOUT], rows[i].jobs);
        assert_int_equal(t->censored, rows[i].jobs);
        assert_int_equal(t->steps[0].censored, rows[i].jobs);
        assert_int_equal(w.record.ended, rows[i].ended);
        assert_string_equal(w.record.messages[0], "get: not done within 2 s");
        assert_int_equal(w.plain->open, 0); /* the answers are not waited for */
        world_finish(&w);
    }
}

/* Two hundred at a time have ended when their time is up; then others come. */
static void test_time_limits_of_jobs_that_have_ended(void **state)
{
    (void)state;
    struct world w;
    struct sim_plain slow = {.service = 2 * SEC};
    play(&w,
         LOAD("users: open, timeout: 5s, phases: [{name: rush, rate: 100/s, duration: 2s}, "
              "{name: pause, rate: 0/s, duration: 20s}, {name: rest, rate: 1/s, duration: 20s}]"),
         &slow);
    check_counts(&w, 220, 220);
    world_finish(&w);
}

/* ---- requests that cannot be made ---- */

/* No user spins over it, and no load with a backlog. */
static void test_requests_that_cannot_be_made_fail(void **state)
{
    (void)state;
    static const char *const scenarios[] = {
        LOAD("users: closed, concurrent: 2, duration: 1s"),
        LOAD("users: closed, concurrent: 2, jobs: 200"),
        LOAD("users: open, concurrent: 2, rate: 200/s, duration: 1s"),
        LOAD("users: open, rate: 200/s, duration: 1s"),
    };
    for (int i = 0; i < COUNT(scenarios); i++) {
        struct world w;
        char scenario[200];
        snprintf(scenario, sizeof scenario, "%svars: {path: \"http://elsewhere/x\"}\n", scenarios[i]);
        play(&w, scenario, &fast);
        const struct record_tally *t = &w.record.tallies[0];
        assert_int_equal(t->attempted, 200);
        assert_int_equal(t->kinds[FAIL_BODY], 200);
        assert_string_equal(w.record.messages[0], "get: cannot ask the target for 'http://elsewhere/x'");
        assert_int_equal(w.plain->connections, 0);
        world_finish(&w);
    }
}

/* ---- the same again ---- */

static void test_the_seed_makes_the_run(void **state)
{
    (void)state;
    static const char *const scenarios[] = {
        LOAD("users: open, arrivals: poisson, rate: 100/s, duration: 10s"),
        LOAD("users: paced, concurrent: 5, think: uniform 10ms..100ms, duration: 10s"),
        LOAD("users: closed, concurrent: 5, think: uniform 10ms..100ms, duration: 10s"),
    };
    for (int i = 0; i < COUNT(scenarios); i++) {
        struct world runs[3];
        for (int k = 0; k < 3; k++) {
            world_init_plain(&runs[k], scenarios[i], NULL, &fast, k < 2 ? 5 : 6);
            world_run(&runs[k]);
        }
        int64_t count = runs[0].plain->requests, differing = 0;
        assert_int_equal(runs[1].plain->requests, count);
        assert_memory_equal(runs[0].plain->came, runs[1].plain->came, (size_t)count * sizeof(nsec));
        for (int64_t k = 0; k < count && k < runs[2].plain->requests; k++)
            differing += runs[0].plain->came[k] != runs[2].plain->came[k];
        assert_true(differing > count / 2);
        for (int k = 0; k < 3; k++)
            world_finish(&runs[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_users_make_n_over_the_service_time),
        cmocka_unit_test(test_closed_users_think),
        cmocka_unit_test(test_paced_users_do_not_wait),
        cmocka_unit_test(test_ramps_of_users),
        cmocka_unit_test(test_steps_of_users),
        cmocka_unit_test(test_a_closed_user_that_comes_back_has_one_job),
        cmocka_unit_test(test_constant_arrivals),
        cmocka_unit_test(test_poisson_arrivals),
        cmocka_unit_test(test_rates_that_change),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_those_beyond_the_limit_wait_for_their_turn),
        cmocka_unit_test(test_arrivals_beyond_max_in_flight_are_skipped),
        cmocka_unit_test(test_the_backlog_is_in_flight),
        cmocka_unit_test(test_users_beyond_max_in_flight_try_again),
        cmocka_unit_test(test_a_number_of_jobs),
        cmocka_unit_test(test_warm_up_comes_first_in_every_model),
        cmocka_unit_test(test_drain_follows_what_is_under_way),
        cmocka_unit_test(test_stop_ends_what_is_under_way),
        cmocka_unit_test(test_jobs_whose_time_is_up),
        cmocka_unit_test(test_time_limits_of_jobs_that_have_ended),
        cmocka_unit_test(test_requests_that_cannot_be_made_fail),
        cmocka_unit_test(test_the_seed_makes_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
