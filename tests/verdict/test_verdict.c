#include "test.h"
#include "made.h"
#include "verdict.h"

/* 40 jobs of 80..84 s in a load of 1000 s. */
static void fill(struct made *m)
{
    made_init(m, 2, 1000);
    for (int i = 0; i < 40; i++)
        made_job(m, i < 20 ? 0 : 1, i * 25, 80 + i % 5);
}

static void test_comparisons(void **state)
{
    (void)state;
    static const struct {
        enum measure_kind kind;
        enum comparison comparison;
        double limit, limit_high;
        enum verdict_kind verdict;
        const char *why;
    } rows[] = {
        {MEASURE_COMPLETED, COMPARE_AT_LEAST, 40, 0, VERDICT_PASS, ""},
        {MEASURE_COMPLETED, COMPARE_GREATER, 40, 0, VERDICT_FAIL, "40 is not above 40"},
        {MEASURE_COMPLETED, COMPARE_AT_LEAST, 41, 0, VERDICT_FAIL, "40 is not at least 41"},
        {MEASURE_AVG, COMPARE_LESS, 82.5, 0, VERDICT_PASS, ""},
        {MEASURE_AVG, COMPARE_LESS, 81.5, 0, VERDICT_FAIL, "82.0 s is not below 81.5 s"},
        {MEASURE_AVG, COMPARE_RANGE, 75, 90, VERDICT_PASS, ""},
        {MEASURE_AVG, COMPARE_RANGE, 83, 90, VERDICT_FAIL, "82.0 s is not within 83.0..90.0 s"},
        {MEASURE_MAX, COMPARE_AT_MOST, 84, 0, VERDICT_PASS, ""},
        {MEASURE_MAX, COMPARE_LESS, 84, 0, VERDICT_FAIL, "84.0 s is not below 84.0 s"},
        {MEASURE_ERROR_RATE, COMPARE_LESS, 5, 0, VERDICT_PASS, ""},
        {MEASURE_ERROR_RATE, COMPARE_AT_MOST, 0, 0, VERDICT_PASS, ""},
        {MEASURE_SUCCESS_RATE, COMPARE_AT_LEAST, 100, 0, VERDICT_PASS, ""},
        {MEASURE_UPTIME, COMPARE_AT_LEAST, 99.9, 0, VERDICT_INCONCLUSIVE,
         "the target's health was not probed in that time"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        fill(&m);
        struct criterion *c = made_criterion(&m, "row", rows[i].kind, rows[i].comparison, rows[i].limit);
        c->limit_high = rows[i].limit_high;
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.outcomes[0].verdict, rows[i].verdict);
        assert_string_equal(v.outcomes[0].why, rows[i].why);
        assert_int_equal(v.kind, rows[i].verdict);
        verdict_finish(&v);
        made_finish(&m);
    }
}

static void test_near(void **state)
{
    (void)state;
    static const struct {
        double second, percent;
        enum verdict_kind verdict;
    } rows[] = {
        {98, 20, VERDICT_PASS},         {99, 20, VERDICT_FAIL},         {66, 20, VERDICT_PASS},
        {65, 20, VERDICT_FAIL},         {-1, 20, VERDICT_INCONCLUSIVE}, /* nothing on the left side */
        {-2, 20, VERDICT_INCONCLUSIVE},                                 /* nothing on the right side */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        made_init(&m, 2, 1000);
        if (rows[i].second != -2)
            made_job(&m, 0, 1, 82);
        if (rows[i].second != -1)
            made_job(&m, 1, 600, fabs(rows[i].second));
        struct criterion *c = made_criterion(&m, "back", MEASURE_AVG, COMPARE_NEAR, rows[i].percent);
        c->left.phase = 1;
        c->right = c->left;
        c->right.phase = 0;
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.outcomes[0].verdict, rows[i].verdict);
        if (rows[i].second == -2)
            assert_non_null(strstr(v.outcomes[0].why, "nothing to compare with"));
        verdict_finish(&v);
        made_finish(&m);
    }
}

static void test_percentile_among_the_censored_fails(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    for (int i = 0; i < 4; i++)
        made_failure(&m, 1, 900, FAIL_TIMEOUT, MADE_WAIT, 300, "wait: timeout");
    made_criterion(&m, "p95_ok", MEASURE_PERCENTILE, COMPARE_LESS, 1000);
    made_criterion(&m, "p50_ok", MEASURE_PERCENTILE, COMPARE_LESS, 1000)->left.percentile = 50;
    struct verdict v;
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.outcomes[0].verdict, VERDICT_FAIL);
    assert_string_equal(v.outcomes[0].why, "not reached: 4 of 44 jobs timed out before");
    assert_int_equal(v.outcomes[1].verdict, VERDICT_PASS);
    assert_string_equal(v.outcomes[1].evidence,
                        "p50 of 40 generations is 82.0 s, 4 more timed out, 95 % interval 81.0..83.0 s");
    assert_int_equal(v.kind, VERDICT_FAIL);
    assert_string_equal(v.reason, "1 of 2 criteria failed: p95_ok");
    verdict_finish(&v);
    made_finish(&m);
}

static void test_strict(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    made_criterion(&m, "rate", MEASURE_ERROR_RATE, COMPARE_LESS, 5); /* 0 of 40: up to 8.8 % */
    made_criterion(&m, "p95", MEASURE_PERCENTILE, COMPARE_LESS, 90);
    made_criterion(&m, "avg", MEASURE_AVG, COMPARE_LESS, 90);
    made_criterion(&m, "far", MEASURE_AVG, COMPARE_LESS, 50);
    struct verdict v;
    verdict_judge(&v, &m.plan, &m.record, true);
    assert_int_equal(v.outcomes[0].verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(v.outcomes[1].verdict, VERDICT_INCONCLUSIVE);
    assert_non_null(strstr(v.outcomes[1].why, "a p95 needs 72 jobs to be bounded"));
    assert_int_equal(v.outcomes[2].verdict, VERDICT_PASS);
    assert_int_equal(v.outcomes[3].verdict, VERDICT_FAIL);
    verdict_finish(&v);
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.outcomes[0].verdict, VERDICT_PASS);
    assert_false(v.outcomes[0].decided);
    assert_true(v.outcomes[2].decided);
    verdict_finish(&v);
    made_finish(&m);
}

static void test_no_data_is_no_pass(void **state)
{
    (void)state;
    static const enum measure_kind kinds[] = {MEASURE_ERROR_RATE, MEASURE_AVG,         MEASURE_MAX,
                                              MEASURE_PERCENTILE, MEASURE_DEGRADATION, MEASURE_ATTEMPTED,
                                              MEASURE_COMPLETED};
    for (int i = 0; i < COUNT(kinds); i++) {
        struct made m;
        made_init(&m, 1, 100);
        made_criterion(&m, "none", kinds[i], COMPARE_LESS, 10);
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.kind, VERDICT_INCONCLUSIVE);
        assert_true(*v.outcomes[0].why != '\0' && *v.reason != '\0');
        verdict_finish(&v);
        made_finish(&m);
    }
}

static void test_not_applicable_does_not_count(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    record_add_series(&m.record, "gpu.memory", "MB")->why = "the target has no GPU";
    made_criterion(&m, "gpu_memory_stable", MEASURE_GROWTH, COMPARE_LESS, 10)->left.series = "gpu.memory";
    struct verdict v;
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.outcomes[0].verdict, VERDICT_NOT_APPLICABLE);
    assert_string_equal(v.outcomes[0].why, "the target has no GPU");
    assert_int_equal(v.kind, VERDICT_INCONCLUSIVE); /* nothing else was asked */
    verdict_finish(&v);
    made_criterion(&m, "avg", MEASURE_AVG, COMPARE_LESS, 90);
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.kind, VERDICT_PASS);
    assert_string_equal(v.reason, "1 of 1 criteria met");
    verdict_finish(&v);
    made_finish(&m);
}

/* Fails go before what is open, and a generator that was late before both. */
static void test_order_of_verdicts(void **state)
{
    (void)state;
    static const struct {
        bool failing, open;
        double lag;
        bool interrupted;
        enum verdict_kind verdict;
    } rows[] = {
        {false, false, 0, false, VERDICT_PASS},        {true, false, 0, false, VERDICT_FAIL},
        {false, true, 0, false, VERDICT_INCONCLUSIVE}, {true, true, 0, false, VERDICT_FAIL},
        {true, true, 0.9, false, VERDICT_INVALID},     {false, false, 0.8, false, VERDICT_PASS},
        {false, false, 0, true, VERDICT_INCONCLUSIVE}, {true, false, 0, true, VERDICT_FAIL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        fill(&m); /* the median generation is 82 s: 0.82 s are allowed */
        made_lag(&m, rows[i].lag);
        made_criterion(&m, "good", MEASURE_COMPLETED, COMPARE_AT_LEAST, 40);
        if (rows[i].failing)
            made_criterion(&m, "failing", MEASURE_AVG, COMPARE_LESS, 10);
        if (rows[i].open)
            made_criterion(&m, "open", MEASURE_UPTIME, COMPARE_AT_LEAST, 99);
        m.record.interrupted = rows[i].interrupted;
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.kind, rows[i].verdict);
        assert_int_equal(v.generator.fit, rows[i].verdict != VERDICT_INVALID);
        if (rows[i].verdict == VERDICT_INVALID)
            assert_non_null(strstr(v.reason, "p99 900 ms, allowed 820 ms (the larger of 5 ms and 1 %"));
        verdict_finish(&v);
        made_finish(&m);
    }
}

/* The reason names the limit, what to do, and what else was seen. */
static void test_why_a_generator_is_late(void **state)
{
    (void)state;
    static const char head[] =
        "the generator started jobs late: start lag p99 900 ms, allowed 820 ms (the larger of 5 ms and 1 % "
        "of the "
        "median generation): use fewer users, a lower rate, more --workers, or a machine that is less busy";
    static const struct {
        int workers;
        double cpu, steal;
        int64_t fd_limit, fd_most;
        const char *signs;
    } rows[] = {
        {1, 500, 5, 0, 0, ""},
        {1, 1000, 0, 1024, 1000, "; its 1 worker used 94 % of a core each"},
        {2, 1000, 7.25, 0, 0, "; 7.2 % of this machine's time was taken by its host"},
        {2, 2100, 0, 1024, 1010,
         "; its 2 workers used 99 % of a core each; 1010 of 1024 descriptors were in use"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        fill(&m); /* to 1059.3 s */
        made_lag(&m, 0.9);
        m.record.generator.workers = rows[i].workers;
        m.record.generator.cpu = made_time(rows[i].cpu);
        m.record.generator.steal_percent = rows[i].steal;
        m.record.generator.fd_limit = rows[i].fd_limit;
        m.record.generator.fd_most = rows[i].fd_most;
        m.record.generator.skipped = 1000; /* the target's doing */
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.kind, VERDICT_INVALID);
        assert_memory_equal(v.reason, head, sizeof head - 1);
        assert_string_equal(v.reason + sizeof head - 1, rows[i].signs);
        assert_near(v.generator.start_lag_max, 0.9, 0);
        verdict_finish(&v);
        made_lag(&m, 0);
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.kind, VERDICT_PASS);
        verdict_finish(&v);
        made_finish(&m);
    }
}

static void test_short_jobs_allow_five_milliseconds(void **state)
{
    (void)state;
    static const double lags[] = {0.0049, 0.0051};
    for (int i = 0; i < COUNT(lags); i++) {
        struct made m;
        made_init(&m, 1, 10);
        for (int n = 0; n < 10; n++)
            made_job(&m, 0, n + 1, 0.15);
        made_lag(&m, lags[i]);
        made_job(&m, -1, 0, 1)->due -= made_time(1); /* a warm-up job has no say */
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        assert_int_equal(v.kind, i == 0 ? VERDICT_PASS : VERDICT_INVALID);
        assert_near(v.generator.allowed, 0.005, 0);
        verdict_finish(&v);
        made_finish(&m);
    }
}

static void test_interrupted_counts_are_open(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    m.record.interrupted = true;
    made_criterion(&m, "enough", MEASURE_COMPLETED, COMPARE_AT_LEAST, 150);
    struct verdict v;
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.outcomes[0].verdict, VERDICT_INCONCLUSIVE);
    verdict_finish(&v);
    made_finish(&m);
}

static void test_without_criteria(void **state)
{
    (void)state;
    struct made m;
    struct verdict v;
    made_init(&m, 1, 10);
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.kind, VERDICT_INCONCLUSIVE);
    verdict_finish(&v);
    made_failure(&m, 0, 1, FAIL_REFUSED, MADE_UPLOAD, 0.001, "refused");
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.kind, VERDICT_FAIL);
    assert_string_equal(v.reason, "1 of 1 jobs failed, none completed");
    verdict_finish(&v);
    made_job(&m, 0, 2, 1);
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(v.kind, VERDICT_PASS);
    assert_string_equal(v.reason, "1 of 2 jobs completed");
    verdict_finish(&v);
    made_finish(&m);
}

static void test_evidence(void **state)
{
    (void)state;
    struct made m;
    fill(&m);
    for (int i = 0; i < 100; i++)
        record_add_probe(&m.record, (struct record_probe){made_time(i * 10), 1, i != 50});
    static const struct {
        enum measure_kind kind;
        const char *evidence;
    } rows[] = {
        {MEASURE_ATTEMPTED, "40 jobs started"},
        {MEASURE_ACCEPTED, "40 of 40 jobs accepted"},
        {MEASURE_COMPLETED, "40 of 40 jobs completed"},
        {MEASURE_ERROR_RATE,
         "0 of 40 ended jobs failed, 0 %, 95 % interval 0.00..8.81 %, which reaches over the limit"},
        {MEASURE_SUCCESS_RATE, "40 of 40 ended jobs succeeded, 100 %, 95 % interval 91.19..100.00 %"},
        {MEASURE_AVG, "avg of 40 generations is 82.0 s, 95 % interval 81.5..82.5 s"},
        {MEASURE_MAX, "max of 40 generations is 84.0 s"},
        {MEASURE_PERCENTILE, "p95 of 40 generations is 84.0 s, 95 % interval 84.0..∞ s"},
        {MEASURE_DEGRADATION, NULL},
        {MEASURE_UPTIME, "99 of 100 health probes were good, 99 %, 95 % interval 94.55..99.97 %"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        m.plan.criterion_count = 0;
        made_criterion(&m, "row", rows[i].kind,
                       rows[i].kind == MEASURE_ERROR_RATE ? COMPARE_LESS : COMPARE_GREATER, 5);
        struct verdict v;
        verdict_judge(&v, &m.plan, &m.record, false);
        if (rows[i].evidence)
            assert_string_equal(v.outcomes[0].evidence, rows[i].evidence);
        else
            assert_non_null(strstr(v.outcomes[0].evidence, "trend over 36 generations is 0"));
        verdict_finish(&v);
    }
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_percentile_among_the_censored_fails),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_no_data_is_no_pass),
        cmocka_unit_test(test_not_applicable_does_not_count),
        cmocka_unit_test(test_order_of_verdicts),
        cmocka_unit_test(test_why_a_generator_is_late),
        cmocka_unit_test(test_short_jobs_allow_five_milliseconds),
        cmocka_unit_test(test_interrupted_counts_are_open),
        cmocka_unit_test(test_without_criteria),
        cmocka_unit_test(test_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
