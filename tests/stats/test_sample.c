#include "test.h"
#include "sample.h"

#include <stdio.h>

static void assert_prints(double value, int digits, const char *expected)
{
    char text[40];
    snprintf(text, sizeof text, "%.*f", digits, value);
    assert_string_equal(text, expected);
}

/* The five generations of the guide's example, printed as the guide prints them. */
static void test_golden_sample(void **state)
{
    (void)state;
    double values[] = {82.8, 79.5, 85.3, 80.9, 82.0};
    struct sample_summary s;
    sample_summarise(values, COUNT(values), &s);
    assert_int_equal(s.count, 5);
    assert_prints(s.mean, 1, "82.1");
    assert_prints(s.min, 1, "79.5");
    assert_prints(s.max, 1, "85.3");
    assert_prints(s.p50, 1, "82.0");
    assert_prints(s.p95, 1, "84.8");
    assert_prints(s.p99, 1, "85.2");
    assert_near(s.p95, 84.8, 1e-12);
    assert_near(s.p99, 85.2, 1e-12);
    assert_prints(s.count / 410.5 * 60, 2, "0.73");
}

static void test_percentiles(void **state)
{
    (void)state;
    static const double ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    static const struct {
        int count, censored;
        double percent, expected;
    } rows[] = {
        {10, 0, 0, 1},        {10, 0, 100, 10},     {10, 0, 50, 5.5},       {10, 0, 25, 3.25},
        {10, 0, 90, 9.1},     {10, 0, 99, 9.91},    {1, 0, 99, 1},          {2, 0, 50, 1.5},
        {10, 1, 50, 6},       {10, 1, 90, 10},      {10, 1, 91, INFINITY},  {10, 10, 50, INFINITY},
        {9, 1, 95, INFINITY}, {0, 3, 50, INFINITY}, {10, 1, 100, INFINITY}, {10, 90, 10, INFINITY},
        {10, 91, 9, 10},      {10, 0, 99.9, 9.991},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        double value = sample_percentile_censored(ten, rows[i].count, rows[i].censored, rows[i].percent);
        if (isinf(rows[i].expected))
            assert_true(isinf(value) && value > 0);
        else
            assert_near(value, rows[i].expected, 1e-12);
    }
}

static void test_no_values(void **state)
{
    (void)state;
    struct sample_summary s;
    sample_summarise(NULL, 0, &s);
    assert_int_equal(s.count, 0);
    assert_true(isnan(s.mean) && isnan(s.min) && isnan(s.max) && isnan(s.p50) && isnan(s.p95) &&
                isnan(s.p99));
    assert_true(isnan(sample_deviation((double[]){1}, 1)));
    assert_near(sample_deviation((double[]){2, 4, 4, 4, 5, 5, 7, 9}, 8), sqrt(32.0 / 7), 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_sample),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
