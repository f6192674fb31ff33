#include "test.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* The shipped scenarios against a backend in virtual time: an hour takes milliseconds, and every count is
 * exact. */

static const struct sim_target healthy = {.slots = 64, .service = 82 * NSEC_PER_SEC};

static void test_baseline_is_closed(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "baseline", &healthy, 1, NULL, 0);
    world_run(&w);
    assert_int_equal(w.record.job_count, 5);
    assert_int_equal(count_outcome(&w.record, JOB_OK), 5);
    for (int i = 0; i < 5; i++) {
        const struct record_job *j = w.record.jobs[i];
        /* No time passes but the service and the way to the next poll. */
        assert_int_equal(j->due, i * 82 * NSEC_PER_SEC);
        assert_int_equal(j->sent, j->due);
        assert_int_equal(record_generation(&w.record, j), 82 * NSEC_PER_SEC);
        assert_int_equal(j->polls, 82);
        assert_int_equal(j->queue, 0);
        assert_int_equal(j->processing, 82 * NSEC_PER_SEC);
        assert_true(j->accepted && j->model_valid);
        assert_int_equal(j->model_triangles, 4);
    }
    assert_int_equal(w.record.ended, 410 * NSEC_PER_SEC);
    assert_int_equal(w.target->uploads, 5);
    assert_int_equal(w.target->downloads, 5);
    world_finish(&w);
}

/* What paced users send follows from their think times alone, whatever the target does. */
static void check_pacing(const struct world *w)
{
    const struct plan_load_model *load = &w->plan->load;
    nsec *last = calloc((size_t)100, sizeof *last);
    for (int i = 0; i < 100; i++)
        last[i] = -1;
    for (int i = 0; i < w->record.job_count; i++) {
        const struct record_job *j = w->record.jobs[i];
        const struct plan_phase *phase = &load->phases[j->phase];
        assert_int_equal(j->sent, j->due);
        assert_true(j->due >= w->record.phases[j->phase].start && j->due < w->record.phases[j->phase].end);
        assert_true(j->user < phase->users);
        if (last[j->user] >= w->record.phases[j->phase].start) {
            nsec think = j->due - last[j->user];
            assert_true(think >= phase->think.low && think <= phase->think.high);
        }
        last[j->user] = j->due;
    }
    free(last);
}

static void test_sustained_hour(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "sustained", &healthy, 7, NULL, 0);
    world_run(&w);
    check_pacing(&w);
    /* Five users, one job each 60 to 120 s over an hour: between 5 * 30 and 5 * 60. */
    assert_in_range(w.record.job_count, 175, 225);
    assert_int_equal(count_outcome(&w.record, JOB_OK), w.record.job_count);
    assert_int_equal(w.target->submits, w.record.job_count);
    assert_int_equal(w.target->downloads, w.record.job_count);
    assert_int_equal(w.record.load_ended, 3600 * NSEC_PER_SEC);
    assert_true(w.record.ended >= w.record.load_ended);
    int polls = 0;
    for (int i = 0; i < w.record.job_count; i++)
        polls += w.record.jobs[i]->polls;
    assert_int_equal(polls, w.target->polls);
    world_finish(&w);
}

static void test_users_join_and_leave_with_the_phases(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "spike", &healthy, 3, NULL, 0);
    world_run(&w);
    check_pacing(&w);
    assert_int_equal(w.record.shape.phases, 3);
    static const nsec starts[] = {0, 120, 180}, ends[] = {120, 180, 300};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(w.record.phases[i].start, starts[i] * NSEC_PER_SEC);
        assert_int_equal(w.record.phases[i].end, ends[i] * NSEC_PER_SEC);
    }
    /* 2 users join, then 18 more within 17 * 0.2 s, then these leave at the very end of the phase, then the
     * rest. */
    int most = 0;
    for (int i = 0; i < w.record.user_changes; i++) {
        const struct record_point *p = &w.record.users[i];
        most = p->value > most ? (int)p->value : most;
        if (p->value == 20)
            assert_int_equal(p->at, 120 * NSEC_PER_SEC + 17 * 200 * NSEC_PER_MSEC);
    }
    assert_int_equal(most, 20);
    int recovery_users = 0;
    for (int i = 0; i < w.record.job_count; i++)
        if (w.record.jobs[i]->phase == 2)
            recovery_users |= 1 << w.record.jobs[i]->user;
    assert_int_equal(recovery_users, 3);
    world_finish(&w);
}

static void test_queueing_is_seen(void **state)
{
    (void)state;
    struct world w;
    struct sim_target slow = {.slots = 3, .service = 82 * NSEC_PER_SEC};
    world_init(&w, "peak", &slow, 5, NULL, 0);
    world_run(&w);
    check_pacing(&w);
    int timeouts = count_fail(&w.record, FAIL_TIMEOUT);
    assert_true(timeouts > 0); /* 3 slots serve 11 jobs in 300 s, ten users bring some 80 */
    assert_int_equal(count_outcome(&w.record, JOB_OK) + timeouts, w.record.job_count);
    for (int i = 0; i < w.record.job_count; i++) {
        const struct record_job *j = w.record.jobs[i];
        if (j->outcome == JOB_OK)
            assert_true(j->queue + j->processing <= j->steps[2].end - j->steps[1].start);
        else
            assert_int_equal(j->ended - j->sent, 300 * NSEC_PER_SEC);
    }
    world_finish(&w);
}

static void test_each_failure_has_its_kind(void **state)
{
    (void)state;
    static const struct {
        struct sim_target target;
        enum fail_kind fail;
        int step;
        const char *message;
    } rows[] = {
        {{.fail_every = 2}, FAIL_JOB, 2, "wait: the target says the job failed: No foreground"},
        {{.reject_every = 2}, FAIL_STATUS, 1, "submit: status 503, no room"},
        {{.stuck_every = 2}, FAIL_TIMEOUT, 2, "wait: not done within 5 m 00 s"},
        {{.corrupt_every = 2}, FAIL_MODEL, 3, "download: "},
        {{.reset_every = 2}, FAIL_RESET, 1, "submit: connection reset by peer"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct sim_target target = rows[i].target;
        target.slots = 64;
        target.service = 10 * NSEC_PER_SEC;
        struct plan_setting jobs = {"load.jobs", "10", "-n 10"};
        world_init(&w, "baseline", &target, 1, &jobs, 1);
        world_run(&w);
        assert_int_equal(w.record.job_count, 10);
        assert_int_equal(count_outcome(&w.record, JOB_OK), 5);
        assert_int_equal(count_fail(&w.record, rows[i].fail), 5);
        assert_int_equal(w.record.message_count, 1);
        if (strncmp(w.record.messages[0], rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("row %d: '%s'", i, w.record.messages[0]);
        for (int k = 0; k < w.record.job_count; k++)
            if (w.record.jobs[k]->fail)
                assert_int_equal(w.record.jobs[k]->failed_step, rows[i].step);
        world_finish(&w);
    }
}

/* Sockets that are open live on; new ones are refused. Every job ends all the same. */
static void test_target_that_dies(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {
        .slots = 64, .service = 82 * NSEC_PER_SEC, .refuse_after = 5, .reset_every = 5};
    world_init(&w, "normal", &target, 1, NULL, 0);
    world_run(&w);
    check_pacing(&w);
    assert_true(count_fail(&w.record, FAIL_RESET) >= 1);
    assert_int_equal(count_outcome(&w.record, JOB_OK) + count_outcome(&w.record, JOB_FAILED),
                     w.record.job_count);
    world_finish(&w);
}

static void test_the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    struct world a, b, c;
    world_init(&a, "peak", &healthy, 42, NULL, 0);
    world_init(&b, "peak", &healthy, 42, NULL, 0);
    world_init(&c, "peak", &healthy, 43, NULL, 0);
    world_run(&a);
    world_run(&b);
    world_run(&c);
    assert_int_equal(a.record.job_count, b.record.job_count);
    int differences = 0;
    for (int i = 0; i < a.record.job_count; i++) {
        assert_int_equal(a.record.jobs[i]->due, b.record.jobs[i]->due);
        assert_int_equal(a.record.jobs[i]->ended, b.record.jobs[i]->ended);
        differences += i < c.record.job_count && a.record.jobs[i]->due != c.record.jobs[i]->due;
    }
    assert_true(differences > 10);
    world_finish(&a);
    world_finish(&b);
    world_finish(&c);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int distinct_uploads(struct sim_target *t)
{
    int distinct = t->uploads > 0;
    qsort(t->upload_hashes, (size_t)t->uploads, sizeof t->upload_hashes[0], by_value);
    for (int i = 1; i < t->uploads; i++)
        distinct += t->upload_hashes[i] != t->upload_hashes[i - 1];
    return distinct;
}

static void test_uploads_differ(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "peak", &healthy, 1, NULL, 0);
    world_run(&w);
    assert_int_equal(distinct_uploads(w.target), w.record.job_count);
    world_finish(&w);
}

static void test_warm_up_is_kept_apart(void **state)
{
    (void)state;
    struct world w;
    struct plan_setting warm_up = {"load.warmup_jobs", "2", "--set"};
    world_init(&w, "baseline", &healthy, 1, &warm_up, 1);
    world_run(&w);
    assert_int_equal(w.record.job_count, 7);
    assert_int_equal(w.record.jobs[0]->phase, -1);
    assert_int_equal(w.record.jobs[1]->phase, -1);
    assert_int_equal(w.record.jobs[2]->phase, 0);
    assert_int_equal(w.record.phases[0].start, 164 * NSEC_PER_SEC);
    assert_int_equal(progress_of(&w).started, 5);
    world_finish(&w);
}

static void test_starts_beyond_the_limit_are_skipped(void **state)
{
    (void)state;
    struct world w;
    struct sim_target slow = {.slots = 1, .service = 1000 * NSEC_PER_SEC};
    struct plan_setting limit = {"load.max_in_flight", "4", "--set"};
    world_init(&w, "peak", &slow, 1, &limit, 1);
    world_run(&w);
    assert_true(w.record.generator.skipped > 0);
    int in_flight = 0;
    for (int i = 0; i < w.record.job_count; i++) {
        int beside = 0;
        for (int k = 0; k < i; k++)
            beside += w.record.jobs[k]->ended > w.record.jobs[i]->sent;
        in_flight = beside + 1 > in_flight ? beside + 1 : in_flight;
    }
    assert_int_equal(in_flight, 4);
    world_finish(&w);
}

/* ---- interruption ---- */

static void test_drain_follows_what_runs(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "normal", &healthy, 1, NULL, 0);
    world_run_with(&w, 100 * NSEC_PER_SEC, engine_drain);
    assert_true(w.record.interrupted);
    assert_int_equal(w.record.load_ended, 100 * NSEC_PER_SEC);
    assert_true(w.record.job_count >= 3);
    assert_int_equal(count_outcome(&w.record, JOB_OK), w.record.job_count);
    world_finish(&w);
}

static void test_stop_leaves_jobs_unfinished(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "normal", &healthy, 1, NULL, 0);
    world_run_with(&w, 40 * NSEC_PER_SEC, engine_stop);
    assert_true(w.record.interrupted);
    assert_int_equal(w.record.ended, 40 * NSEC_PER_SEC);
    assert_int_equal(count_outcome(&w.record, JOB_UNFINISHED), 3);
    world_finish(&w);
}

/* Whatever the pieces in which bytes come and go, the run is the same. */
static void test_in_pieces(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 7, 100};
    for (int i = 0; i < COUNT(chunks); i++) {
        struct world w;
        world_init(&w, "baseline", &healthy, 1, NULL, 0);
        loop_sim_chunk(w.target->loop, chunks[i]);
        world_run(&w);
        assert_int_equal(count_outcome(&w.record, JOB_OK), 5);
        assert_int_equal(w.record.ended, 410 * NSEC_PER_SEC);
        world_finish(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baseline_is_closed),
        cmocka_unit_test(test_sustained_hour),
        cmocka_unit_test(test_users_join_and_leave_with_the_phases),
        cmocka_unit_test(test_queueing_is_seen),
        cmocka_unit_test(test_each_failure_has_its_kind),
        cmocka_unit_test(test_target_that_dies),
        cmocka_unit_test(test_the_same_seed_gives_the_same_run),
        cmocka_unit_test(test_uploads_differ),
        cmocka_unit_test(test_warm_up_is_kept_apart),
        cmocka_unit_test(test_starts_beyond_the_limit_are_skipped),
        cmocka_unit_test(test_drain_follows_what_runs),
        cmocka_unit_test(test_stop_leaves_jobs_unfinished),
        cmocka_unit_test(test_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
