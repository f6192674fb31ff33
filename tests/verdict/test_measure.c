#include "test.h"
#include "made.h"
#include "measure.h"

/* Two phases of 50 s. First: 3 jobs of 10, 20, 30 s, one that failed in its upload. Second: a job of 40 s,
 * one that timed out, one cut off; and before all that a warm-up job of 500 s. */
static void fill(struct made *m)
{
    made_init(m, 2, 100);
    made_job(m, -1, 0, 500);
    made_job(m, 0, 1, 10);
    made_job(m, 0, 2, 20);
    made_job(m, 0, 3, 30);
    made_failure(m, 0, 4, FAIL_STATUS, MADE_UPLOAD, 0.05, "upload: status 500");
    made_job(m, 1, 60, 40);
    made_failure(m, 1, 70, FAIL_TIMEOUT, MADE_WAIT, 300, "wait: timeout");
    struct record_job *cut = made_failure(m, 1, 80, FAIL_TIMEOUT, MADE_WAIT, 20, "cut");
    cut->outcome = JOB_UNFINISHED;
    cut->fail = FAIL_NONE;
    cut->failed_step = -1;
    cut->error = -1;
    for (int i = 0; i < 10; i++)
        record_add_probe(&m->record, (struct record_probe){made_time(i * 10 + 5), made_time(0.01), i != 7});
    assert_null(record_check(&m->record));
}

static void test_measures(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    static const struct {
        struct measure measure;
        double value;
        int count;
    } rows[] = {
        {{.kind = MEASURE_ATTEMPTED, .phase = -1}, 7, 7},
        {{.kind = MEASURE_ATTEMPTED, .phase = 0}, 4, 4},
        {{.kind = MEASURE_ACCEPTED, .phase = -1}, 6, 7},
        {{.kind = MEASURE_COMPLETED, .phase = -1}, 4, 7},
        {{.kind = MEASURE_COMPLETED, .phase = 1}, 1, 3},
        {{.kind = MEASURE_ERROR_RATE, .phase = -1}, 100.0 * 2 / 6, 6}, /* of those that ended */
        {{.kind = MEASURE_ERROR_RATE, .phase = 0}, 25, 4},
        {{.kind = MEASURE_ERROR_RATE, .phase = 1}, 50, 2},
        {{.kind = MEASURE_SUCCESS_RATE, .phase = -1}, 100.0 * 4 / 6, 6},
        {{.kind = MEASURE_AVG, .step = SUBJECT_GENERATION, .phase = -1}, 25, 4},
        {{.kind = MEASURE_AVG, .step = SUBJECT_GENERATION, .phase = 0}, 20, 3},
        {{.kind = MEASURE_MAX, .step = SUBJECT_GENERATION, .phase = 0}, 30, 3},
        {{.kind = MEASURE_MAX, .step = SUBJECT_GENERATION, .phase = -1}, INFINITY, 4},
        {{.kind = MEASURE_PERCENTILE, .percentile = 50, .step = SUBJECT_GENERATION, .phase = 0}, 20, 3},
        {{.kind = MEASURE_PERCENTILE, .percentile = 95, .step = SUBJECT_GENERATION, .phase = 0}, 29, 3},
        {{.kind = MEASURE_PERCENTILE, .percentile = 50, .step = SUBJECT_GENERATION, .phase = -1}, 30, 4},
        {{.kind = MEASURE_PERCENTILE, .percentile = 75, .step = SUBJECT_GENERATION, .phase = -1}, 40, 4},
        {{.kind = MEASURE_PERCENTILE, .percentile = 76, .step = SUBJECT_GENERATION, .phase = -1},
         INFINITY,
         4},
        {{.kind = MEASURE_AVG, .step = MADE_UPLOAD, .phase = -1},
         0.1,
         6}, /* of the unfinished one too, not the failed */
        {{.kind = MEASURE_AVG, .step = MADE_DOWNLOAD, .phase = -1}, 0.2, 4},
        {{.kind = MEASURE_MAX, .step = MADE_DOWNLOAD, .phase = -1},
         0.2,
         4}, /* the timeout struck in another step */
        {{.kind = MEASURE_MAX, .step = MADE_WAIT, .phase = 1}, INFINITY, 1},
        {{.kind = MEASURE_ATTEMPTED, .phase = -1, .last = 35 * NSEC_PER_SEC}, 2, 2},
        {{.kind = MEASURE_AVG, .step = SUBJECT_GENERATION, .phase = -1, .last = 40 * NSEC_PER_SEC}, 40, 1},
        {{.kind = MEASURE_UPTIME, .phase = -1}, 90, 10},
        {{.kind = MEASURE_UPTIME, .phase = 0}, 100, 5},
        {{.kind = MEASURE_UPTIME, .phase = 1}, 80, 5},
        {{.kind = MEASURE_UPTIME, .phase = -1, .last = 30 * NSEC_PER_SEC}, 100.0 * 2 / 3, 3},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct measured got = measure_take(&rows[i].measure, &m.plan, &m.record, &made_scratch);
        if (got.state != MEASURED || got.count != rows[i].count)
            fail_msg("row %d: state %d, count %d (%s)", i, (int)got.state, got.count, got.why);
        if (isinf(rows[i].value))
            assert_true(isinf(got.value));
        else
            assert_near(got.value, rows[i].value, 1e-6);
    }
    made_finish(&m);
}

static void test_intervals(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    for (int i = 0; i < 44; i++)
        made_job(&m, 0, i, 100 + i);
    struct measure measure = {
        .kind = MEASURE_PERCENTILE, .percentile = 50, .step = SUBJECT_GENERATION, .phase = -1};
    struct measured got = measure_take(&measure, &m.plan, &m.record, &made_scratch);
    assert_near(got.interval.low, 115, 1e-6);
    assert_near(got.interval.high, 128, 1e-6);
    assert_near(got.confidence, 0.95, 0);
    measure.percentile = 95;
    got = measure_take(&measure, &m.plan, &m.record, &made_scratch);
    assert_near(got.interval.low, 138, 1e-6);
    assert_true(isinf(got.interval.high));
    measure.kind = MEASURE_ERROR_RATE;
    got = measure_take(&measure, &m.plan, &m.record, &made_scratch);
    assert_near(got.value, 0, 0);
    assert_near(got.interval.high, 8.042, 1e-3);
    measure.kind = MEASURE_COMPLETED;
    got = measure_take(&measure, &m.plan, &m.record, &made_scratch);
    assert_false(interval_exists(got.interval));
    assert_true(isnan(got.confidence));
    made_finish(&m);
}

static void test_nothing_to_measure(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 2, 100);
    m.record.phases[1] = (struct record_span){-1, -1};
    static const struct {
        struct measure measure;
        const char *why;
    } rows[] = {
        {{.kind = MEASURE_ERROR_RATE, .phase = -1}, "no job was started"},
        {{.kind = MEASURE_AVG, .step = SUBJECT_GENERATION, .phase = -1}, "no job was started"},
        {{.kind = MEASURE_PERCENTILE, .percentile = 95, .step = MADE_WAIT, .phase = 0}, "no job was started"},
        {{.kind = MEASURE_MAX, .step = MADE_WAIT, .phase = 0}, "no job was started"},
        {{.kind = MEASURE_DEGRADATION, .step = SUBJECT_GENERATION, .phase = -1}, "no job was started"},
        {{.kind = MEASURE_COMPLETED, .phase = 1}, "that phase was not played"},
        {{.kind = MEASURE_UPTIME, .phase = -1}, "the target's health was not probed in that time"},
        {{.kind = MEASURE_GROWTH, .series = "target.memory", .phase = -1}, "target.memory was not watched"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct measured got = measure_take(&rows[i].measure, &m.plan, &m.record, &made_scratch);
        assert_int_equal(got.state, MEASURED_NOTHING);
        assert_true(isnan(got.value));
        assert_string_equal(got.why, rows[i].why);
    }
    struct measure uptime = {.kind = MEASURE_UPTIME, .phase = -1};
    m.plan.workflow.health_path = "";
    assert_int_equal(measure_take(&uptime, &m.plan, &m.record, &made_scratch).state, MEASURED_ABSENT);
    made_finish(&m);
}

static void test_series_states(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    struct measure growth = {.kind = MEASURE_GROWTH, .series = "gpu.memory", .phase = -1};
    struct record_series *s = record_add_series(&m.record, "gpu.memory", "MB");
    s->why = "the target has no GPU";
    struct measured got = measure_take(&growth, &m.plan, &m.record, &made_scratch);
    assert_int_equal(got.state, MEASURED_ABSENT);
    assert_string_equal(got.why, "the target has no GPU");
    s->state = SERIES_UNREADABLE;
    s->why = "scrape refused";
    got = measure_take(&growth, &m.plan, &m.record, &made_scratch);
    assert_int_equal(got.state, MEASURED_NOTHING);
    assert_string_equal(got.why, "scrape refused");
    for (int i = 0; i < 5; i++)
        record_add_point(&m.record, s, made_time(200 + i), 1);
    assert_int_equal(measure_take(&growth, &m.plan, &m.record, &made_scratch).state, MEASURED_NOTHING);
    for (int i = 0; i < 90; i++)
        record_add_point(&m.record, s, made_time(205 + i * 8), 1 + i * 0.001);
    assert_int_equal(measure_take(&growth, &m.plan, &m.record, &made_scratch).state, MEASURED);
    made_finish(&m);
}

/* Jobs that end out of order: the trend is over the time of submission. */
static void test_degradation(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    for (int i = 0; i < 100; i++)
        made_job(&m, 0, i * 10, 10 + i * 0.1 - (i % 2) * 0.01);
    made_failure(&m, 0, 500, FAIL_RESET, MADE_UPLOAD, 0.01, "reset");
    struct measure measure = {.kind = MEASURE_DEGRADATION, .step = SUBJECT_GENERATION, .phase = -1};
    struct measured got = measure_take(&measure, &m.plan, &m.record, &made_scratch);
    assert_int_equal(got.state, MEASURED);
    assert_int_equal(got.count, 90);
    /* 0.01 s a second over 890 s, from 11.445 s (the median of the jobs sent in 100..190 s). */
    assert_near(got.value, 100 * 0.01 * 890 / 11.445, 0.1);
    assert_true(got.interval.low < got.value && got.value < got.interval.high);
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures),           cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_nothing_to_measure), cmocka_unit_test(test_series_states),
        cmocka_unit_test(test_degradation),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
