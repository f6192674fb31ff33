#include "test.h"
#include "record.h"
#include "rng.h"

#include <stdio.h>

#define MSEC NSEC_PER_MSEC

enum { STEPS = 2, PHASES = 2 };

static struct record_shape shape_of(enum record_keeping keeping)
{
    return (struct record_shape){
        .steps = STEPS, .phases = PHASES, .keeping = keeping, .generation_last = STEPS - 1};
}

static void init(struct record *r, enum record_keeping keeping)
{
    struct record_shape shape = shape_of(keeping);
    record_init(r, &shape);
}

static struct record_job *begin(struct record *r, struct record_job *job, int phase, nsec sent)
{
    if (r->shape.keeping == RECORD_ROWS)
        job = record_new_job(r);
    else
        record_blank_job(r, job);
    job->phase = phase;
    job->due = job->sent = sent;
    job->steps[0].start = sent;
    record_job_started(r, job);
    r->generator.scheduled += phase >= 0;
    return job;
}

/* Half of the time in each step. */
static void succeed(struct record *r, struct record_job *job, nsec ended)
{
    nsec middle = job->sent + (ended - job->sent) / 2;
    job->steps[0].end = job->steps[1].start = middle;
    job->steps[1].end = job->ended = ended;
    job->outcome = JOB_OK;
    job->accepted = true;
    record_job_ended(r, job);
}

static void fail_at(struct record *r, struct record_job *job, nsec ended, enum fail_kind kind, int error)
{
    job->outcome = JOB_FAILED;
    job->fail = kind;
    job->failed_step = 0;
    job->error = error;
    job->ended = ended;
    record_job_ended(r, job);
}

/* A job of its own each time, one after the other. */
static void run_job(struct record *r, struct record_job *job, int phase, nsec sent, nsec took)
{
    succeed(r, begin(r, job, phase, sent), sent + took);
}

static void test_a_tally_counts(void **state)
{
    (void)state;
    struct record r;
    init(&r, RECORD_TALLIES);
    struct record_job *job = record_new_job(&r);
    run_job(&r, job, -1, 0, 500 * MSEC); /* warm-up: in no statistic */
    run_job(&r, job, 0, 1 * MSEC, 10 * MSEC);
    begin(&r, job, 0, 20 * MSEC);
    job->polls = 3;
    job->throttled = 2;
    job->retries = 1;
    job->model_checked = job->model_valid = true;
    job->validate = 5;
    succeed(&r, job, 40 * MSEC);
    fail_at(&r, begin(&r, job, 1, 50 * MSEC), 51 * MSEC, FAIL_RESET, record_message(&r, "reset"));
    fail_at(&r, begin(&r, job, 1, 50 * MSEC), 52 * MSEC, FAIL_TIMEOUT, -1);
    begin(&r, job, 1, 60 * MSEC);
    job->outcome = JOB_UNFINISHED;
    job->ended = 70 * MSEC;
    record_job_ended(&r, job);
    assert_null(record_check(&r));
    const struct record_tally *first = &r.tallies[0], *second = &r.tallies[1];
    assert_int_equal(first->attempted, 2);
    assert_int_equal(first->ok, 2);
    assert_int_equal(first->accepted, 2);
    assert_int_equal(first->polls, 3);
    assert_int_equal(first->throttled, 2);
    assert_int_equal(first->retries, 1);
    assert_int_equal(first->models_valid, 1);
    assert_int_equal(hist_count(first->validate), 1);
    assert_int_equal(hist_min(first->generation), 10 * MSEC);
    assert_int_equal(hist_max(first->generation), 20 * MSEC);
    assert_int_equal(hist_max(first->steps[0].took), 10 * MSEC);
    assert_int_equal(first->first_sent, 1 * MSEC);
    assert_int_equal(first->last_ended, 40 * MSEC);
    assert_int_equal(second->failed, 2);
    assert_int_equal(second->unfinished, 1);
    assert_int_equal(second->censored, 1);
    assert_int_equal(second->kinds[FAIL_RESET], 1);
    assert_int_equal(second->errors[FAIL_RESET][0], 1);
    assert_int_equal(second->errors[FAIL_TIMEOUT][RECORD_MESSAGES_MAX], 1);
    assert_int_equal(second->steps[0].failed, 2);
    assert_int_equal(second->steps[0].censored, 1);
    assert_int_equal(hist_count(second->steps[0].took), 0);
    assert_int_equal(r.job_count, 0);
    record_finish(&r);
}

static void test_a_generation_may_count_from_due(void **state)
{
    (void)state;
    for (int from_due = 0; from_due < 2; from_due++)
        for (int first = 0; first < 2; first++) {
            struct record_shape shape = shape_of(RECORD_ROWS);
            struct record r;
            shape.from_due = from_due;
            shape.generation_first = first;
            record_init(&r, &shape);
            struct record_job *job = begin(&r, NULL, 0, 100);
            assert_int_equal(record_generation(&r, job), -1);
            job->due = 60;
            succeed(&r, job, 200);
            assert_int_equal(record_generation(&r, job), first ? 50 : from_due ? 140 : 100);
            record_finish(&r);
        }
}

/* Jobs of 1 ms, one every 7 ms, over so long that the length has to double. */
static void test_intervals_double(void **state)
{
    (void)state;
    static const struct {
        nsec until, length;
    } rows[] = {
        {10 * NSEC_PER_SEC, 100 * MSEC},
        {512 * 100 * MSEC, 100 * MSEC},
        {512 * 100 * MSEC + 7 * MSEC, 200 * MSEC},
        {1000 * NSEC_PER_SEC, 3200 * MSEC},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct record r;
        init(&r, RECORD_TALLIES);
        struct record_job *job = record_new_job(&r);
        int64_t jobs = 0;
        for (nsec at = 0; at < rows[i].until - MSEC; at += 7 * MSEC, jobs++)
            run_job(&r, job, 0, at, MSEC + at % 100000);
        const struct record_intervals *v = &r.intervals;
        assert_null(record_check(&r));
        assert_int_equal(v->length, rows[i].length);
        assert_true(v->count <= RECORD_INTERVALS_MAX);
        assert_int_equal(v->count, (rows[i].until - MSEC + v->length - 1) / v->length);
        struct hist *all = hist_create();
        for (int n = 0; n < v->count; n++) {
            int64_t expected = v->length / (7 * MSEC);
            if (n + 1 < v->count)
                assert_in_range(v->items[n].started, expected, expected + 1);
            record_intervals_add_to(v, n, all);
        }
        assert_int_equal(hist_count(all), jobs);
        assert_memory_equal(all->counts, r.tallies[0].generation->counts, sizeof all->counts);
        hist_destroy(all);
        record_finish(&r);
    }
}

/* A pause of hours, then one more job: what was before is kept. */
static void test_time_may_jump(void **state)
{
    (void)state;
    struct record r;
    init(&r, RECORD_TALLIES);
    struct record_job *job = record_new_job(&r);
    run_job(&r, job, 0, 5, 10);
    run_job(&r, job, 0, 30 * NSEC_PER_SEC, 20);
    run_job(&r, job, 1, 24 * 3600 * NSEC_PER_SEC, 30);
    assert_null(record_check(&r));
    assert_int_equal(r.intervals.items[0].ok, 2);
    assert_int_equal(r.intervals.items[r.intervals.count - 1].ok, 1);
    assert_true(r.intervals.count > RECORD_INTERVALS_MAX / 2);
    record_finish(&r);
}

/* Time under way, whatever the intervals' lengths were while it was counted. */
static void test_time_under_way(void **state)
{
    (void)state;
    static const nsec untils[] = {1 * NSEC_PER_SEC, 60 * NSEC_PER_SEC, 500 * NSEC_PER_SEC};
    for (int i = 0; i < COUNT(untils); i++) {
        struct record r;
        init(&r, RECORD_TALLIES);
        struct record_job *kept = begin(&r, record_new_job(&r), 0, 50 * MSEC), *job = record_new_job(&r);
        nsec all = untils[i] - 50 * MSEC;
        for (nsec at = 60 * MSEC; at + 30 * MSEC < untils[i]; at += 130 * MSEC, all += 30 * MSEC)
            run_job(&r, job, 0, at, 30 * MSEC);
        succeed(&r, kept, untils[i]);
        nsec seen = 0;
        int64_t under_way = 0;
        for (int n = 0; n < r.intervals.count; n++) {
            const struct record_interval *v = &r.intervals.items[n];
            seen += under_way * r.intervals.length + v->under_way;
            under_way += v->started - v->ok - v->failed - v->unfinished;
        }
        assert_int_equal(seen, all);
        assert_int_equal(under_way, 0);
        record_finish(&r);
    }
}

static void test_started_and_ended_allocate_nothing(void **state)
{
    (void)state;
    struct record r;
    init(&r, RECORD_TALLIES);
    struct record_job *job = record_new_job(&r);
    run_job(&r, job, 0, 0, 10);
    size_t held = r.arena.held_bytes + r.intervals.arena.held_bytes;
    const void *next = arena_alloc(&r.arena, 1, 1);
    for (int i = 1; i < 90; i++) {
        run_job(&r, job, i % 2, i * MSEC, 10 * i);
        fail_at(&r, begin(&r, job, 0, i * MSEC + 500), i * MSEC + 600, FAIL_STATUS,
                record_message(&r, "status 500"));
    }
    /* The message is one block of 16 bytes, once. */
    assert_ptr_equal((const char *)next + 32, arena_alloc(&r.arena, 1, 1));
    assert_int_equal(r.arena.held_bytes + r.intervals.arena.held_bytes, held);
    record_finish(&r);
}

/* ---- merging ---- */

/* What one worker sees: jobs at its own pace, with messages in its own order. */
static void work(struct record *r, int worker, nsec until, nsec every)
{
    struct record_job *job = r->shape.keeping == RECORD_ROWS ? NULL : record_new_job(r);
    struct rng rng;
    rng_init(&rng, 3, (uint64_t)worker);
    record_add_users(r, worker * 10 * MSEC, 1);
    record_add_users(r, worker * 10 * MSEC + 5, 3);
    for (nsec at = worker * MSEC; at < until; at += every) {
        struct record_job *j = begin(r, job, at < until / 2 ? 0 : 1, at);
        record_start_lag(r, worker * 1000);
        char text[20];
        snprintf(text, sizeof text, "error %d", (int)(rng_next(&rng) % 5));
        if (rng_unit(&rng) < 0.3)
            fail_at(r, j, at + 100, FAIL_STATUS, record_message(r, text));
        else
            succeed(r, j, at + 1000 + (nsec)(rng_unit(&rng) * 1e6));
    }
    record_add_users(r, until, 0);
    r->traffic.requests += worker + 1;
    r->generator.skipped++;
    r->generator.scheduled++;
    r->phases[0] = (struct record_span){worker, until / 2};
    r->phases[1] = (struct record_span){until / 2, until};
    r->load_ended = r->ended = until;
}

static int64_t errors_of(const struct record *r, const char *text)
{
    int64_t count = 0;
    for (int i = 0; i < r->message_count; i++) {
        if (strcmp(r->messages[i], text) != 0)
            continue;
        for (int n = 0; n < r->job_count; n++)
            count += r->jobs[n]->error == i;
        for (int phase = 0; r->tallies && phase < PHASES; phase++)
            count += r->tallies[phase].errors[FAIL_STATUS][i];
    }
    return count;
}

static void test_merged_users_are_the_sum(void **state)
{
    (void)state;
    static const struct record_point expected[] = {
        {0, 1}, {5, 3}, {10 * MSEC, 4}, {10 * MSEC + 5, 6}, {NSEC_PER_SEC, 3}, {NSEC_PER_SEC, 0}};
    struct record a, b;
    init(&a, RECORD_ROWS);
    init(&b, RECORD_ROWS);
    work(&a, 0, NSEC_PER_SEC, NSEC_PER_SEC);
    work(&b, 1, NSEC_PER_SEC, NSEC_PER_SEC);
    record_merge(&a, &b);
    assert_int_equal(a.user_changes, COUNT(expected));
    for (int i = 0; i < COUNT(expected); i++) {
        assert_int_equal(a.users[i].at, expected[i].at);
        assert_near(a.users[i].value, expected[i].value, 0);
    }
    record_finish(&a);
}

/* Merged one after the other, as rows and as tallies, with intervals of different lengths: nothing is lost,
 * and both keepings have counted the same. */
static void test_merging(void **state)
{
    (void)state;
    enum { WORKERS = 3 };
    static const nsec untils[WORKERS] = {20 * NSEC_PER_SEC, 200 * NSEC_PER_SEC, 90 * NSEC_PER_SEC};
    struct record merged[2];
    for (int keeping = RECORD_ROWS; keeping <= RECORD_TALLIES; keeping++) {
        struct record *all = &merged[keeping];
        init(all, keeping);
        for (int i = 0; i < WORKERS; i++) {
            struct record one;
            init(&one, keeping);
            record_message(&one, "only mine");
            work(&one, i, untils[i], (7 + i) * MSEC);
            assert_null(record_check(&one));
            record_merge(all, &one);
            assert_null(one.arena.first);
            assert_null(record_check(all));
        }
        record_sort(all);
        assert_null(record_check(all));
        assert_int_equal(all->traffic.requests, 1 + 2 + 3);
        assert_int_equal(all->generator.skipped, WORKERS);
        assert_int_equal(hist_max(all->generator.start_lag), 2000);
        assert_int_equal(all->message_count, 6);
        assert_int_equal(all->ended, untils[1]);
        assert_int_equal(all->phases[0].start, 0);
        assert_int_equal(all->phases[1].end, untils[1]);
    }
    struct record *rows = &merged[RECORD_ROWS], *tallies = &merged[RECORD_TALLIES];
    int64_t ok[PHASES] = {0};
    for (int i = 0; i < rows->job_count; i++) {
        ok[rows->jobs[i]->phase] += rows->jobs[i]->outcome == JOB_OK;
        if (i)
            assert_true(rows->jobs[i]->sent >= rows->jobs[i - 1]->sent);
    }
    assert_int_equal(tallies->tallies[0].ok, ok[0]);
    assert_int_equal(tallies->tallies[1].ok, ok[1]);
    assert_int_equal(tallies->tallies[0].attempted + tallies->tallies[1].attempted, rows->job_count);
    for (int i = 0; i < 5; i++) {
        char text[20];
        snprintf(text, sizeof text, "error %d", i);
        assert_true(errors_of(rows, text) > 0);
        assert_int_equal(errors_of(rows, text), errors_of(tallies, text));
    }
    assert_int_equal(tallies->intervals.length, 400 * MSEC);
    record_finish(rows);
    record_finish(tallies);
}

static void test_merging_nothing(void **state)
{
    (void)state;
    for (int keeping = RECORD_ROWS; keeping <= RECORD_TALLIES; keeping++) {
        struct record a, b;
        init(&a, keeping);
        init(&b, keeping);
        record_merge(&a, &b);
        record_sort(&a);
        assert_null(record_check(&a));
        assert_int_equal(a.phases[0].start, -1);
        record_finish(&b);
        record_finish(&a);
    }
}

/* ---- laws ---- */

static void break_kinds(struct record *r)
{
    r->tallies[0].kinds[FAIL_BODY]++;
}

static void break_errors(struct record *r)
{
    r->tallies[1].errors[FAIL_STATUS][3]++;
}

static void break_attempted(struct record *r)
{
    r->tallies[0].attempted--;
    r->generator.scheduled--;
}

static void break_generations(struct record *r)
{
    hist_add(r->tallies[0].generation, 5);
}

static void break_steps(struct record *r)
{
    hist_add_many(r->tallies[0].steps[0].took, 5, 1000000);
}

static void break_interval(struct record *r)
{
    r->intervals.items[3].started++;
}

static void break_interval_generations(struct record *r)
{
    hist_add(r->intervals.open, 5);
}

static void break_schedule(struct record *r)
{
    r->generator.scheduled++;
}

/* Running is no end. */
static void break_end(struct record *r)
{
    struct record_job *job = begin(r, record_new_job(r), 0, 30 * NSEC_PER_SEC);
    job->ended = job->sent + 5;
    record_job_ended(r, job);
}

static void break_order(struct record *r)
{
    struct record_job *job = begin(r, record_new_job(r), 0, 30 * NSEC_PER_SEC);
    job->due = job->sent + 1;
    succeed(r, job, job->sent + 5);
}

static void break_kind_of_success(struct record *r)
{
    struct record_job *job = begin(r, record_new_job(r), 0, 30 * NSEC_PER_SEC);
    job->fail = FAIL_BODY;
    succeed(r, job, job->sent + 5);
}

static void test_laws_of_tallies(void **state)
{
    (void)state;
    static const struct {
        void (*breaks)(struct record *r);
        const char *law;
    } rows[] = {
        {break_kinds, "a failed job, and no other, has a kind of failure"},
        {break_errors, "a failed job, and no other, has a kind of failure"},
        {break_attempted, "attempted = ok + failed + unfinished"},
        {break_generations, "every job that succeeded has a generation"},
        {break_steps, "a job does a step once"},
        {break_interval, "the intervals add up to the phases"},
        {break_interval_generations, "the intervals add up to the phases"},
        {break_schedule, "scheduled = started + skipped + abandoned"},
        {break_end, "every job has ended"},
        {break_order, "due <= sent <= ended"},
        {break_kind_of_success, "a failed job, and no other, has a kind of failure"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct record r;
        init(&r, RECORD_TALLIES);
        work(&r, 1, 10 * NSEC_PER_SEC, 9 * MSEC);
        assert_null(record_check(&r));
        rows[i].breaks(&r);
        const char *broken = record_check(&r);
        assert_non_null(broken);
        assert_string_equal(broken, rows[i].law);
        record_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tally_counts),
        cmocka_unit_test(test_a_generation_may_count_from_due),
        cmocka_unit_test(test_intervals_double),
        cmocka_unit_test(test_time_may_jump),
        cmocka_unit_test(test_time_under_way),
        cmocka_unit_test(test_started_and_ended_allocate_nothing),
        cmocka_unit_test(test_merged_users_are_the_sum),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_merging_nothing),
        cmocka_unit_test(test_laws_of_tallies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
