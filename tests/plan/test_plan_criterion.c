#include "plan_fixture.h"

/* Step numbers of orfeas-3d: upload 0, submit 1, wait 2, download 3; phases calm 0, spike 1. */
static const char *scenario_with(const char *expression)
{
    static char text[1024];
    snprintf(text, sizeof text,
             "scenario: s\nworkflow: orfeas-3d\nload:\n  users: paced\n  think: 1s\n  phases:\n"
             "    - {name: calm, users: 1, duration: 1m}\n    - {name: spike, users: 2, duration: 1m}\ncriteria:\n"
             "- name: k\n  expect: \"%s\"\n",
             expression);
    return text;
}

enum { EXPRESSION_LINE = 11, EXPRESSION_COLUMN = 12 };

static void test_right_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        enum measure_kind kind;
        double percentile;
        int step, phase;
        nsec last;
        enum comparison comparison;
        enum measure_unit unit;
        double limit, limit_high;
    } rows[] = {
        {"attempted >= 50", MEASURE_ATTEMPTED, 0, -1, -1, 0, COMPARE_AT_LEAST, UNIT_NONE, 50, 0},
        {"accepted > 1", MEASURE_ACCEPTED, 0, -1, -1, 0, COMPARE_GREATER, UNIT_NONE, 1, 0},
        {"completed{phase=spike} >= 5", MEASURE_COMPLETED, 0, -1, 1, 0, COMPARE_AT_LEAST, UNIT_NONE, 5, 0},
        {"error_rate < 0.1%", MEASURE_ERROR_RATE, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 0.1, 0},
        {"error_rate{last=5m} <= 0%", MEASURE_ERROR_RATE, 0, -1, -1, 300 * NSEC_PER_SEC, COMPARE_AT_MOST,
         UNIT_PERCENT, 0, 0},
        {"success_rate >= 100%", MEASURE_SUCCESS_RATE, 0, -1, -1, 0, COMPARE_AT_LEAST, UNIT_PERCENT, 100, 0},
        {"uptime>=99%", MEASURE_UPTIME, 0, -1, -1, 0, COMPARE_AT_LEAST, UNIT_PERCENT, 99, 0},
        {"avg(generation) within 75s..90s", MEASURE_AVG, 0, -1, -1, 0, COMPARE_RANGE, UNIT_SECONDS, 75, 90},
        {"avg ( generation ) within 1m15s .. 1m30s", MEASURE_AVG, 0, -1, -1, 0, COMPARE_RANGE, UNIT_SECONDS, 75, 90},
        {"completed within 1..2.5", MEASURE_COMPLETED, 0, -1, -1, 0, COMPARE_RANGE, UNIT_NONE, 1, 2.5},
        {"max(upload) < 500ms", MEASURE_MAX, 0, 0, -1, 0, COMPARE_LESS, UNIT_SECONDS, 0.5, 0},
        {"p50(wait) < 1h", MEASURE_PERCENTILE, 50, 2, -1, 0, COMPARE_LESS, UNIT_SECONDS, 3600, 0},
        {"p99.9(download){phase=calm} < 2s", MEASURE_PERCENTILE, 99.9, 3, 0, 0, COMPARE_LESS, UNIT_SECONDS, 2, 0},
        {"p95(queue) < 10s", MEASURE_PERCENTILE, 95, SUBJECT_QUEUE, -1, 0, COMPARE_LESS, UNIT_SECONDS, 10, 0},
        {"max(validate) < 1s", MEASURE_MAX, 0, SUBJECT_VALIDATE, -1, 0, COMPARE_LESS, UNIT_SECONDS, 1, 0},
        {"growth(target.memory) < 5%", MEASURE_GROWTH, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 5, 0},
        {"growth(process.rss) < 5%", MEASURE_GROWTH, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 5, 0},
        {"growth(process.children) < 5%", MEASURE_GROWTH, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 5, 0},
        {"growth(machine.memory_used) < 5%", MEASURE_GROWTH, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 5, 0},
        {"growth(http_requests_total) < 250%", MEASURE_GROWTH, 0, -1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 250, 0},
        {"degradation(submit) < 0%", MEASURE_DEGRADATION, 0, 1, -1, 0, COMPARE_LESS, UNIT_PERCENT, 0, 0},
        {"completed within 10% of accepted", MEASURE_COMPLETED, 0, -1, -1, 0, COMPARE_NEAR, UNIT_NONE, 10, 0},
        {"p95(submit) within 20% of p95(submit){phase=calm}", MEASURE_PERCENTILE, 95, 1, -1, 0, COMPARE_NEAR,
         UNIT_SECONDS, 20, 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        struct plan *plan = load(&f, scenario_with(rows[i].expression));
        if (!plan)
            fail_msg("%s: %s", rows[i].expression, told(&f));
        const struct criterion *k = &plan->criteria[0];
        assert_string_equal(k->expression, rows[i].expression);
        assert_int_equal(k->left.kind, rows[i].kind);
        assert_near(k->left.percentile, rows[i].percentile, 1e-12);
        assert_int_equal(k->left.step, rows[i].step);
        assert_int_equal(k->left.phase, rows[i].phase);
        assert_int_equal(k->left.last, rows[i].last);
        assert_int_equal(k->comparison, rows[i].comparison);
        assert_int_equal(k->unit, rows[i].unit);
        assert_near(k->limit, rows[i].limit, 1e-12);
        assert_near(k->limit_high, rows[i].limit_high, 1e-12);
        plan_free(plan);
        end(&f);
    }
}

static void test_the_right_side_of_near(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.options.time_scale = 10;
    struct plan *plan = load_right(&f, scenario_with("p90(wait){phase=spike} within 20% of max(wait){last=30s}"));
    const struct measure *right = &plan->criteria[0].right;
    assert_int_equal(right->kind, MEASURE_MAX);
    assert_int_equal(right->step, 2);
    assert_int_equal(right->phase, -1);
    assert_int_equal(right->last, 3 * NSEC_PER_SEC);
    assert_near(plan->criteria[0].limit, 20, 0);
    plan_free(plan);
    end(&f);
}

static void test_wrong_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        int offset; /* of the mistake, in the expression */
        const char *message, *hint;
    } rows[] = {
        {"p95(generatoin) < 120s", 4, "there is no step 'generatoin'", "did you mean 'generation'?"},
        {"avg(sbumit) < 1s", 4, "there is no step 'sbumit'", "did you mean 'submit'?"},
        {"avg(x9) < 1s", 4, "there is no step 'x9'", "write one of: generation, queue, processing, notice, unseen, validate, upload, submit, wait, download"},
        {"averge(generation) < 1s", 0, "there is no measure 'averge'", "measures: p95, attempted"},
        {"eror_rate < 1%", 0, "there is no measure 'eror_rate'", "did you mean 'error_rate'?"},
        {"", 0, "a measure is expected here, not the end", "avg(generation) < 150s"},
        {"< 5%", 0, "a measure is expected here, not '<'", NULL},
        {"p0(generation) < 1s", 0, "there is no percentile 'p0'", "or max"},
        {"p100(generation) < 1s", 0, "there is no percentile 'p100'", NULL},
        {"p9.9.9(generation) < 1s", 0, "there is no measure 'p9.9.9'", NULL},
        {"avg < 90s", 4, "'(' is expected here, not '<'", "write avg(generation)"},
        {"avg() < 90s", 4, "a name is expected here", NULL},
        {"avg(generation < 90s", 15, "')' is expected here, not '<'", NULL},
        {"completed(generation) > 5", 9, "'completed' is of the whole run", "write completed alone"},
        {"error_rate", 10, "a comparison is expected here, not the end", "write <, <=, >, >= or within"},
        {"error_rate == 5%", 11, "a comparison is expected here, not '=='", "write within LOW..HIGH"},
        {"error_rate 5%", 11, "a comparison is expected here, not '5%'", NULL},
        {"error_rate <", 12, "a limit is expected here, not the end", "write per cent: 5%"},
        {"error_rate < -5%", 13, "a limit is expected here, not '-5%'", NULL},
        {"error_rate < 5", 13, "'5' does not fit: error_rate is in per cent", "write 5%"},
        {"error_rate < 5s", 13, "'5s' does not fit: error_rate is in per cent", "write 5%"},
        {"avg(generation) < 5%", 18, "'5%' does not fit: avg is a time", "write 5s"},
        {"avg(generation) < 150", 18, "'150' does not fit: avg is a time", "write 150s"},
        {"avg(generation) < soon", 18, "'soon' does not fit: avg is a time", "write a duration: 150s"},
        {"avg(generation) < 9999h", 18, "'9999h' does not fit: avg is a time", NULL},
        {"growth(target.memory) < 5", 24, "'5' does not fit: growth is in per cent", "write 5%"},
        {"growth(target.memroy) < 5%", 7, "there is no series 'target.memroy'", "did you mean 'target.memory'?"},
        {"growth(cpu.load) < 5%", 7, "there is no series 'cpu.load'", "target.memory, "},
        {"growth(process.rsss) < 5%", 7, "there is no series 'process.rsss'", "did you mean 'process.rss'?"},
        {"growth(machine.disk) < 5%", 7, "there is no series 'machine.disk'", "machine.disk_free, gpu.memory"},
        {"attempted >= 50%", 13, "'50%' does not fit: attempted is a count", "write 50"},
        {"attempted >= 5.5.5", 13, "'5.5.5' does not fit", NULL},
        {"attempted >= 1e3", 13, "'1e3' does not fit", NULL},
        {"error_rate < 0%", 13, "error_rate is never below 0", "no result can ever fulfil it"},
        {"avg(generation) < 0s", 18, "avg is never below 0", NULL},
        {"success_rate > 100%", 15, "success_rate is never above 100%", NULL},
        {"uptime >= 200%", 10, "uptime is never above 100%", "from 0% to 100%"},
        {"error_rate{phase=spkie} < 5%", 17, "there is no phase 'spkie'", "did you mean 'spike'?"},
        {"error_rate{phase=} < 5%", 17, "a value is expected here", "{phase=spike}"},
        {"error_rate{phase spike} < 5%", 17, "'=' is expected here, not 'spike}'", NULL},
        {"error_rate{phase=spike < 5%", 23, "'}' is expected here", NULL},
        {"error_rate{first=5m} < 5%", 11, "'first' selects nothing", "{last=5m}"},
        {"error_rate{last=5} < 5%", 16, "'5' is no duration", "{last=5m}"},
        {"error_rate{last=0s} < 5%", 16, "'0s' is no duration", NULL},
        {"avg(generation) within 90s..75s", 23, "this range ends before it begins", "the lower limit first"},
        {"avg(generation) within 90s", 26, "'..' is expected here, not the end", "write within 75s..90s"},
        {"avg(generation) within 75..90s", 23, "'75' does not fit: avg is a time", "write 75s"},
        {"avg(generation) within 20 of avg(upload)", 23, "'20' does not fit", "write 20%"},
        {"avg(generation) within 20% of", 29, "a measure is expected here, not the end", NULL},
        {"avg(generation) within 20% of completed", 30, "avg and completed have different units", "two times"},
        {"avg(upload) within 20% of avg(upload)", 26, "this compares a measure with itself", "{phase=spike}"},
        {"error_rate < 5% and completed > 3", 16, "'and' is not expected here", "write a second criterion"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char place[64];
        begin(&f);
        assert_null(load(&f, scenario_with(rows[i].expression)));
        snprintf(place, sizeof place, "s.yaml:%d:%d: ", EXPRESSION_LINE, EXPRESSION_COLUMN + rows[i].offset);
        const struct diag *d = f.diags.first;
        if (f.diags.count != 1 || strncmp(told(&f), place, strlen(place)) != 0 || !strstr(d->message, rows[i].message) ||
            (rows[i].hint && !strstr(d->hint, rows[i].hint)))
            fail_msg("'%s' at %s said: %s", rows[i].expression, place, told(&f));
        end(&f);
    }
}

static void test_two_mistakes_in_one_expression(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_null(load(&f, scenario_with("avg(genration){phase=x} < 5%")));
    assert_int_equal(f.diags.count, 3);
    end(&f);
}

static void test_every_prefix_of_an_expression(void **state)
{
    (void)state;
    static const char whole[] = "p99.9(generation){phase=spike} within 20% of avg(submit){last=5m}";
    const size_t complete = strlen("p99.9(generation){phase=spike} within 20% of avg(submit)");
    struct fixture f;
    begin(&f);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        if (len == complete)
            continue;
        char text[sizeof whole];
        memcpy(text, whole, len);
        text[len] = '\0';
        assert_null(load(&f, scenario_with(text)));
        assert_true(f.diags.count > 0);
        forget(&f);
    }
    plan_free(load_right(&f, scenario_with(whole)));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_expressions),
        cmocka_unit_test(test_the_right_side_of_near),
        cmocka_unit_test(test_wrong_expressions),
        cmocka_unit_test(test_two_mistakes_in_one_expression),
        cmocka_unit_test(test_every_prefix_of_an_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
