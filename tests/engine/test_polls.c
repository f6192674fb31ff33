#include "test.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* When a job asks whether it is done, and what it does when the target says "not now". */

#define SEC NSEC_PER_SEC
#define MSEC NSEC_PER_MSEC
#define EVERY (10 * SEC)
#define LOAD(text) "scenario: x\nworkflow: get\nload: {" text "}\n"

static void play(struct world *w, const char *scenario, const char *workflow, const struct sim_target *target)
{
    world_init_with(w, scenario, workflow, target, 1, NULL, 0);
    world_run(w);
}

/* Every request is on one list or the other. */
static void check_traffic(const struct world *w)
{
    const struct record_traffic *t = &w->record.traffic;
    int64_t polls = 0, throttled = 0, retries = 0;
    for (int i = 0; i < w->record.job_count; i++) {
        polls += w->record.jobs[i]->polls;
        throttled += w->record.jobs[i]->throttled;
        retries += w->record.jobs[i]->retries;
    }
    assert_int_equal(t->polls, polls);
    assert_int_equal(t->polls, w->target->polls);
    assert_int_equal(t->throttled, throttled);
    assert_int_equal(t->retries, retries);
    assert_int_equal(t->requests, polls + w->target->uploads + w->target->submits + w->target->downloads);
}

/* ---- how often ---- */

/* Two hundred that were submitted together: within a fifth of ten seconds, each as often as any other, and no
 * two at one time. */
static void test_polls_spread(void **state)
{
    (void)state;
    enum { JOBS = 200 };
    struct world w;
    struct sim_target target = {.service = 300 * SEC};
    double sum = 0;
    int below = 0;
    play(&w, LOAD("users: closed, concurrent: 200, jobs: 200"), "wait.yaml", &target);
    for (int i = 0; i < JOBS; i++) {
        const struct sim_job *job = &w.target->jobs[i];
        assert_in_range(job->shortest_gap, EVERY - EVERY / 5, EVERY);
        assert_in_range(job->longest_gap, EVERY, EVERY + EVERY / 5);
        sum += nsec_to_sec(job->first_gap);
        below += job->first_gap < EVERY;
        for (int k = 0; k < i; k++)
            assert_true(job->first_gap != w.target->jobs[k].first_gap);
    }
    assert_near(sum / JOBS, 10, 4 * 4 / sqrt(12.0 * JOBS)); /* of a uniform distribution four seconds wide */
    assert_near(below, JOBS / 2, 4 * sqrt(JOBS / 4));
    check_traffic(&w);
    world_finish(&w);
}

static void test_retry_after_says_when_to_ask_again(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {.service = 60 * SEC, .poll_headers = "Retry-After: 3\r\n"};
    play(&w, LOAD("users: closed, concurrent: 20, jobs: 20"), "wait.yaml", &target);
    for (int i = 0; i < 20; i++) {
        const struct sim_job *job = &w.target->jobs[i];
        assert_in_range(job->first_gap, 8 * SEC, 12 * SEC); /* the submission's answer did not say */
        assert_int_equal(job->shortest_gap, 3 * SEC);
        assert_int_equal(job->last_gap, 3 * SEC);
        assert_int_equal(job->longest_gap, job->first_gap);
    }
    world_finish(&w);
}

/* The next poll counts from when the last was sent, whatever the answer took. */
static void test_polls_count_from_when_they_are_sent(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {.service = 82 * SEC, .latency = 300 * MSEC};
    play(&w, LOAD("users: closed, concurrent: 1, jobs: 1"), NULL, &target);
    assert_int_equal(w.target->jobs[0].first_gap, SEC + 300 * MSEC); /* its answer came before */
    assert_int_equal(w.target->jobs[0].last_gap, SEC);
    assert_int_equal(w.target->jobs[0].longest_gap, SEC + 300 * MSEC);
    world_finish(&w);
}

/* A job of 82.5 s: the poll after 82 s says "not yet", the next one says so no more. What is open reaches
 * from when the one was sent to when the other was answered. */
static void test_what_polls_leave_open(void **state)
{
    (void)state;
    static const struct {
        nsec latency, service, unseen;
    } rows[] = {
        {0, 82500 * MSEC, SEC}, {300 * MSEC, 82500 * MSEC, 1300 * MSEC}, {0, 100 * MSEC, SEC}, {0, SEC, SEC}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_target target = {.service = rows[i].service, .latency = rows[i].latency};
        play(&w, LOAD("users: closed, concurrent: 1, jobs: 1"), NULL, &target);
        assert_int_equal(w.record.jobs[0]->unseen, rows[i].unseen);
        world_finish(&w);
    }
}

/* ---- "not now" ---- */

static void test_a_refused_step_is_tried_again(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        nsec wait;
    } rows[] = {
        {"", SEC},
        {"Retry-After: 7\r\n", 7 * SEC},
        {"Retry-After: 0\r\n", 0},
        {"Retry-After: soon\r\n", SEC},
        {"Retry-After: 99999999\r\nServer: nginx\r\nVia: 1.1 edge\r\n", 86400 * SEC},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_target target = {
            .service = SEC, .reject_every = 2, .reject_status = 429, .refusal_headers = rows[i].headers};
        play(&w, LOAD("users: closed, concurrent: 1, jobs: 10, timeout: 48h"), "wait.yaml", &target);
        /* Of submissions the second, fourth ... is refused: of every job but the first, the first. */
        assert_int_equal(count_outcome(&w.record, JOB_OK), 10);
        assert_int_equal(w.target->submits, 10 + 9);
        assert_int_equal(w.record.traffic.throttled, 9);
        assert_int_equal(w.record.traffic.retries, 9);
        const struct record_refusal *refusal = record_contact_refusal(&w.record.contact, 429);
        assert_int_equal(refusal->count, 9);
        assert_string_equal(refusal->said, "no room");
        assert_string_equal(refusal->server, strstr(rows[i].headers, "Server") ? "nginx" : "");
        assert_string_equal(refusal->via, strstr(rows[i].headers, "Via") ? "1.1 edge" : "");
        for (int k = 1; k < 10; k++) {
            const struct record_job *j = w.record.jobs[k];
            assert_int_equal(j->throttled, 1);
            assert_int_equal(j->retries, 1);
            assert_int_equal(record_step_took(j, 1), rows[i].wait);
        }
        check_traffic(&w);
        world_finish(&w);
    }
}

static void test_in_the_end_a_refusal_is_a_failure(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {.service = SEC, .reject_every = 1};
    play(&w, LOAD("users: closed, concurrent: 1, jobs: 5"), "wait.yaml", &target);
    assert_int_equal(count_fail(&w.record, FAIL_STATUS), 5);
    assert_string_equal(w.record.messages[0], "submit: status 503 after 3 retries, no room");
    for (int i = 0; i < 5; i++) {
        const struct record_job *j = w.record.jobs[i];
        assert_int_equal(j->failed_step, 1);
        assert_int_equal(j->throttled, 4);
        assert_int_equal(j->retries, 3);
        assert_int_equal(j->ended - j->sent, 3 * SEC);
    }
    check_traffic(&w);
    world_finish(&w);
}

/* The shipped workflow does not try again. */
static void test_without_retry_a_refusal_is_counted_and_fails(void **state)
{
    (void)state;
    static const struct {
        int status;
        int throttled;
        const char *message;
    } rows[] = {
        {429, 1, "submit: status 429, no room"},
        {503, 1, "submit: status 503, no room"},
        {500, 0, "submit: status 500, no room"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_target target = {.service = SEC,
                                    .reject_every = 1,
                                    .reject_status = rows[i].status,
                                    .refusal_headers = "Retry-After: 1\r\n"};
        play(&w, LOAD("users: closed, concurrent: 1, jobs: 1"), NULL, &target);
        const struct record_job *j = w.record.jobs[0];
        assert_int_equal(j->fail, FAIL_STATUS);
        assert_int_equal(j->throttled, rows[i].throttled);
        assert_int_equal(j->retries, 0);
        assert_int_equal(j->ended, 0);
        assert_string_equal(w.record.messages[0], rows[i].message);
        check_traffic(&w);
        world_finish(&w);
    }
}

/* A workflow says itself which statuses mean "not now". */
static void test_the_workflow_says_what_is_tried_again(void **state)
{
    (void)state;
    static const struct {
        const char *refusal;
        int ok, throttled;
    } rows[] = {
        {"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n", 10, 9},
        {"HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n", 10, 9},
        {"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", 5, 0},
        {"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 5, 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_plain plain = {.refuse_every = 2, .refusal = rows[i].refusal};
        world_init_plain(&w, LOAD("users: closed, concurrent: 1, jobs: 10"), "retry.yaml", &plain, 1);
        world_run(&w);
        const struct record_tally *t = &w.record.tallies[0];
        assert_int_equal(t->ok, rows[i].ok);
        assert_int_equal(t->kinds[FAIL_STATUS], 10 - rows[i].ok);
        assert_int_equal(t->throttled, rows[i].throttled);
        assert_int_equal(t->retries, rows[i].throttled);
        assert_int_equal(w.record.ended, rows[i].throttled * 100 * MSEC);
        world_finish(&w);
    }
}

static void test_a_refused_poll_is_tried_again(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        nsec wait;
    } rows[] = {{"", 500 * MSEC}, {"Retry-After: 5\r\n", 5 * SEC}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_target target = {
            .service = 15 * SEC, .reject_poll_every = 2, .refusal_headers = rows[i].headers};
        play(&w, LOAD("users: closed, concurrent: 1, jobs: 1"), "wait.yaml", &target);
        const struct record_job *j = w.record.jobs[0];
        assert_int_equal(j->outcome, JOB_OK);
        assert_int_equal(j->polls, 3); /* not yet, not now, done */
        assert_int_equal(j->throttled, 1);
        assert_int_equal(j->retries, 1);
        assert_int_equal(w.target->jobs[0].last_gap, rows[i].wait);
        check_traffic(&w);
        world_finish(&w);
    }
}

static void test_polls_that_are_always_refused_fail(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {.service = SEC, .reject_poll_every = 1};
    play(&w, LOAD("users: closed, concurrent: 1, jobs: 1"), "wait.yaml", &target);
    assert_int_equal(count_fail(&w.record, FAIL_STATUS), 1);
    assert_string_equal(w.record.messages[0], "wait: status 429 after 2 retries, no room");
    assert_int_equal(w.record.jobs[0]->polls, 3);
    check_traffic(&w);
    world_finish(&w);
}

/* ---- many that wait ---- */

/* Ten thousand jobs at a time, some thousand polls a second, each answered within 2 ms. */
static void test_waiting_takes_few_connections(void **state)
{
    (void)state;
    enum { JOBS = 10000 };
    struct world w;
    struct sim_target target = {.service = 60 * SEC, .latency = 2 * MSEC};
    play(&w, LOAD("users: open, rate: 500/s, duration: 20s, max_in_flight: 10000"), "wait.yaml", &target);
    assert_int_equal(count_outcome(&w.record, JOB_OK), JOBS);
    nsec first_end = NSEC_NEVER, last_start = 0;
    for (int i = 0; i < JOBS; i++) {
        const struct record_job *j = w.record.jobs[i];
        first_end = j->ended < first_end ? j->ended : first_end;
        last_start = j->sent > last_start ? j->sent : last_start;
    }
    assert_true(last_start < first_end);
    assert_in_range(w.record.traffic.polls, 5 * JOBS, 8 * JOBS);
    assert_in_range(w.record.generator.fd_most, 3, 20);
    assert_in_range(w.record.traffic.connects, 3, 20);
    check_traffic(&w);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polls_spread),
        cmocka_unit_test(test_retry_after_says_when_to_ask_again),
        cmocka_unit_test(test_polls_count_from_when_they_are_sent),
        cmocka_unit_test(test_what_polls_leave_open),
        cmocka_unit_test(test_a_refused_step_is_tried_again),
        cmocka_unit_test(test_in_the_end_a_refusal_is_a_failure),
        cmocka_unit_test(test_without_retry_a_refusal_is_counted_and_fails),
        cmocka_unit_test(test_the_workflow_says_what_is_tried_again),
        cmocka_unit_test(test_a_refused_poll_is_tried_again),
        cmocka_unit_test(test_polls_that_are_always_refused_fail),
        cmocka_unit_test(test_waiting_takes_few_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
