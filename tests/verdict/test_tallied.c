#include "test.h"
#include "made.h"
#include "rng.h"
#include "selection.h"
#include "verdict.h"

/* The same jobs, kept as rows and tallied. */
struct pair {
    struct made rows, tallied;
};

static void pair_finish(struct pair *p)
{
    made_finish(&p->rows);
    made_finish(&p->tallied);
}

static void add_random_job(struct made *m, struct rng *rng, double load)
{
    static const char *const messages[] = {"status 500", "status 503", "reset", "not done within 30 s"};
    double sent = rng_unit(rng) * load, took = 0.2 + 0.5 * exp(rng_normal(rng)), dice = rng_unit(rng);
    int phase = sent < load / 2 ? 0 : 1;
    if (dice < 0.8) {
        made_job(m, phase, sent, took)->polls = (int)(rng_next(rng) % 4);
    } else if (dice < 0.95) {
        int which = (int)(rng_next(rng) % COUNT(messages)), step = (int)(rng_next(rng) % MADE_STEPS);
        made_failure(m, phase, sent, which == 3 ? FAIL_TIMEOUT : FAIL_STATUS, step, took, messages[which]);
    } else {
        struct record_job *cut = made_failure(m, phase, sent, FAIL_RESET, MADE_WAIT, took, "cut");
        cut->outcome = JOB_UNFINISHED;
        cut->fail = FAIL_NONE;
        cut->failed_step = cut->error = -1;
    }
}

static void fill(struct made *m, uint64_t seed, int jobs)
{
    struct rng rng;
    rng_init(&rng, seed, 1);
    made_init(m, 2, 100);
    for (int i = 0; i < jobs; i++)
        add_random_job(m, &rng, 100);
    made_job(m, -1, 0, 5);
}

static void make_pair(struct pair *p, uint64_t seed, int jobs)
{
    fill(&p->rows, seed, jobs);
    fill(&p->tallied, seed, jobs);
    made_tally(&p->tallied);
    assert_null(record_check(&p->rows.record));
    assert_null(record_check(&p->tallied.record));
}

static bool are_close(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= fmax(fabs(a), fabs(b)) / 1024;
}

static void add_criterion(struct made *m, enum measure_kind kind, int step, int phase, double percent,
                          double limit)
{
    m->plan.criterion_count = 0;
    struct criterion *c = made_criterion(m, "row", kind, COMPARE_LESS, limit);
    c->left.step = step;
    c->left.phase = phase;
    c->left.percentile = percent;
}

static void compare(struct pair *p, uint64_t seed, bool strict)
{
    struct verdict a, b;
    verdict_judge(&a, &p->rows.plan, &p->rows.record, strict);
    verdict_judge(&b, &p->tallied.plan, &p->tallied.record, strict);
    const struct measured *kept = &a.outcomes[0].measured, *counted = &b.outcomes[0].measured;
    if (kept->state != counted->state || kept->count != counted->count ||
        kept->censored != counted->censored || kept->hits != counted->hits)
        fail_msg("seed %d, measure %d: counts differ", (int)seed, (int)a.outcomes[0].criterion->left.kind);
    if (!are_close(kept->value, counted->value) || !are_close(kept->interval.low, counted->interval.low) ||
        !are_close(kept->interval.high, counted->interval.high))
        fail_msg("seed %d: %g and %g", (int)seed, kept->value, counted->value);
    double limit = a.outcomes[0].criterion->limit;
    bool near = are_close(limit, kept->value) || are_close(limit, kept->interval.low) ||
                are_close(limit, kept->interval.high);
    if (!near)
        assert_int_equal(a.outcomes[0].verdict, b.outcomes[0].verdict);
    assert_int_equal(a.generator.fit, b.generator.fit);
    verdict_finish(&a);
    verdict_finish(&b);
}

/* Whatever the jobs: the same verdict, to the histogram's precision. */
static void test_the_same_verdict(void **state)
{
    (void)state;
    static const struct {
        enum measure_kind kind;
        int step;
        double percent, limit; /* the highest limit */
    } rows[] = {
        {MEASURE_ATTEMPTED, 0, 0, 500},
        {MEASURE_ACCEPTED, 0, 0, 500},
        {MEASURE_COMPLETED, 0, 0, 500},
        {MEASURE_ERROR_RATE, 0, 0, 40},
        {MEASURE_SUCCESS_RATE, 0, 0, 100},
        {MEASURE_AVG, SUBJECT_GENERATION, 0, 2},
        {MEASURE_MAX, SUBJECT_GENERATION, 0, 5},
        {MEASURE_PERCENTILE, SUBJECT_GENERATION, 50, 2},
        {MEASURE_PERCENTILE, SUBJECT_GENERATION, 90, 4},
        {MEASURE_PERCENTILE, SUBJECT_GENERATION, 99, 9},
        {MEASURE_AVG, MADE_UPLOAD, 0, 0.2},
        {MEASURE_AVG, MADE_WAIT, 0, 2},
        {MEASURE_MAX, MADE_WAIT, 0, 5},
        {MEASURE_PERCENTILE, MADE_WAIT, 95, 4},
        {MEASURE_PERCENTILE, MADE_DOWNLOAD, 95, 0.4},
    };
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct pair p;
        struct rng rng;
        rng_init(&rng, seed, 2);
        make_pair(&p, seed, seed < 6 ? (int)seed - 1 : (int)rng_range(&rng, 5, 800));
        for (int i = 0; i < COUNT(rows) * 3; i++) {
            double limit = rng_unit(&rng) * rows[i / 3].limit;
            add_criterion(&p.rows, rows[i / 3].kind, rows[i / 3].step, i % 3 - 1, rows[i / 3].percent, limit);
            add_criterion(&p.tallied, rows[i / 3].kind, rows[i / 3].step, i % 3 - 1, rows[i / 3].percent,
                          limit);
            compare(&p, seed, i % 2);
        }
        pair_finish(&p);
    }
}

static void test_the_same_counts(void **state)
{
    (void)state;
    struct pair p;
    make_pair(&p, 77, 500);
    for (int phase = PHASE_ALL; phase < 2; phase++) {
        struct selection s = {.phase = phase};
        struct job_counts kept, counted;
        selection_count(s, &p.rows.record, &kept);
        selection_count(s, &p.tallied.record, &counted);
        assert_memory_equal(&kept, &counted, sizeof kept);
        for (int step = 0; step < MADE_STEPS; step++) {
            int64_t failed[2], censored[2];
            selection_failed_in(s, &p.rows.record, step, &failed[0], &censored[0]);
            selection_failed_in(s, &p.tallied.record, step, &failed[1], &censored[1]);
            assert_int_equal(failed[0], failed[1]);
            assert_int_equal(censored[0], censored[1]);
        }
        struct job_error *a, *b;
        int count = selection_errors(s, &p.rows.record, &made_scratch, &a), found = 0;
        assert_int_equal(selection_errors(s, &p.tallied.record, &made_scratch, &b), count);
        for (int i = 0; i < count; i++)
            for (int n = 0; n < count; n++)
                found += a[i].kind == b[n].kind && a[i].error == b[n].error && a[i].count == b[n].count;
        assert_int_equal(found, count);
    }
    assert_int_equal(selection_jobs(&p.rows.record).start, selection_jobs(&p.tallied.record).start);
    assert_int_equal(selection_jobs(&p.rows.record).end, selection_jobs(&p.tallied.record).end);
    pair_finish(&p);
}

/* A job of 50 ms every 10 ms, as long as 100 s: intervals of 200 ms. */
static void fill_steady(struct made *m, double growth)
{
    made_init(m, 2, 100);
    for (int i = 0; i < 9990; i++)
        made_job(m, i < 5000 ? 0 : 1, i * 0.01, 0.05 * (1 + growth * i / 9990));
}

static void test_the_last_part_is_whole_intervals(void **state)
{
    (void)state;
    static const struct {
        double last;
        int64_t started, ok;
    } rows[] = {
        /* From 80 s, the beginning of an interval, then from within it, then from the next. A job is over
         * 0.35 s after its start. */
        {20, 1990, 1990 + 35},
        {19.9, 1990, 1990 + 35},
        {19.8, 1970, 1970 + 35},
    };
    struct made m;
    fill_steady(&m, 0);
    made_tally(&m);
    assert_int_equal(m.record.intervals.length, made_time(0.2));
    for (int i = 0; i < COUNT(rows); i++) {
        struct measure last = {.kind = MEASURE_ATTEMPTED, .phase = -1, .last = made_time(rows[i].last)};
        assert_near(measure_take(&last, &m.plan, &m.record, &made_scratch).value, (double)rows[i].started, 0);
        last.kind = MEASURE_COMPLETED;
        assert_near(measure_take(&last, &m.plan, &m.record, &made_scratch).value, (double)rows[i].ok, 0);
        last.kind = MEASURE_PERCENTILE;
        last.percentile = 50;
        last.step = SUBJECT_GENERATION;
        struct measured p50 = measure_take(&last, &m.plan, &m.record, &made_scratch);
        assert_int_equal(p50.count, rows[i].ok);
        assert_near(p50.value, 0.05, 0.05 / 1024);
    }
    made_finish(&m);
}

static void test_what_tallies_cannot_tell(void **state)
{
    (void)state;
    static const struct {
        struct measure measure;
        const char *why;
    } rows[] = {
        {{.kind = MEASURE_AVG, .step = MADE_UPLOAD, .phase = -1, .last = NSEC_PER_SEC},
         "of tallied jobs only the generation is known for the last part of the load"},
        {{.kind = MEASURE_MAX, .step = SUBJECT_QUEUE, .phase = -1},
         "jobs of plain requests are tallied, and have no wait to take apart"},
        {{.kind = MEASURE_DEGRADATION, .step = MADE_UPLOAD, .phase = -1},
         "of tallied jobs only the generation is known over time"},
    };
    struct made m;
    fill_steady(&m, 0);
    made_tally(&m);
    for (int i = 0; i < COUNT(rows); i++) {
        struct measured got = measure_take(&rows[i].measure, &m.plan, &m.record, &made_scratch);
        assert_int_equal(got.state, MEASURED_NOTHING);
        assert_string_equal(got.why, rows[i].why);
    }
    made_finish(&m);
}

static void test_the_same_degradation(void **state)
{
    (void)state;
    for (int phase = PHASE_ALL; phase < 2; phase++) {
        struct measure growth = {.kind = MEASURE_DEGRADATION, .step = SUBJECT_GENERATION, .phase = phase};
        struct made m;
        fill_steady(&m, 0.5);
        struct measured kept = measure_take(&growth, &m.plan, &m.record, &made_scratch);
        made_tally(&m);
        struct measured counted = measure_take(&growth, &m.plan, &m.record, &made_scratch);
        assert_int_equal(kept.state, counted.state);
        if (kept.state == MEASURED)
            assert_near(counted.value, kept.value, kept.value / 50);
        made_finish(&m);
    }
}

/* The median of each interval that lies within the phase, at its middle. */
static void test_points(void **state)
{
    (void)state;
    struct made m;
    fill_steady(&m, 0);
    made_tally(&m);
    struct selection second = {.phase = 1};
    int count;
    const struct record_point *points =
        selection_points(second, &m.plan, &m.record, SUBJECT_GENERATION, &made_scratch, &count);
    assert_int_equal(count, 250);
    for (int i = 0; i < count; i++) {
        assert_int_equal(points[i].at, made_time(50.1 + i * 0.2));
        assert_near(points[i].value, 0.05, 0.05 / 1024);
    }
    made_finish(&m);
}

/* Warm-up is over when a job has succeeded: of tallied jobs, when its interval is over. */
static void test_first_success(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 10);
    assert_int_equal(selection_first_success(&m.record), -1);
    made_failure(&m, 0, 0.1, FAIL_RESET, MADE_UPLOAD, 0.1, "reset");
    made_job(&m, 0, 0.1, 1);
    assert_int_equal(selection_first_success(&m.record), made_time(1.4));
    made_tally(&m);
    assert_int_equal(selection_first_success(&m.record), made_time(1.5));
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_verdict),
        cmocka_unit_test(test_the_same_counts),
        cmocka_unit_test(test_the_last_part_is_whole_intervals),
        cmocka_unit_test(test_what_tallies_cannot_tell),
        cmocka_unit_test(test_the_same_degradation),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_first_success),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
