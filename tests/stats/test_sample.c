#include "test.h"
#include "rng.h"
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
    struct sample sample = sample_of(values, COUNT(values));
    sample_summarise(&sample, &s);
    assert_int_equal(s.count, 5);
    assert_prints(s.mean, 1, "82.1");
    assert_prints(s.min, 1, "79.5");
    assert_prints(s.max, 1, "85.3");
    assert_prints(s.p50, 1, "82.0");
    assert_prints(s.p95, 1, "84.8");
    assert_prints(s.p99, 1, "85.2");
    assert_near(s.p95, 84.8, 1e-12);
    assert_near(s.p99, 85.2, 1e-12);
    assert_prints((double)s.count / 410.5 * 60, 2, "0.73");
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
        struct sample s = sample_of_sorted(ten, rows[i].count);
        double value = sample_percentile_censored(&s, rows[i].censored, rows[i].percent);
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
    struct sample none = sample_of(NULL, 0);
    sample_summarise(&none, &s);
    assert_int_equal(s.count, 0);
    assert_true(isnan(s.mean) && isnan(s.min) && isnan(s.max) && isnan(s.p50) && isnan(s.p95) &&
                isnan(s.p99));
    assert_true(isnan(sample_of((double[]){1}, 1).deviation));
    assert_near(sample_of((double[]){9, 4, 2, 4, 5, 5, 7, 4}, 8).deviation, sqrt(32.0 / 7), 1e-12);
}

/* Of a histogram the same is said as of the numbers themselves, to its precision; mean and ends exactly. */
static void test_a_histogram_is_a_sample(void **state)
{
    (void)state;
    enum { VALUES = 2000 };
    static double seconds[VALUES];
    struct arena arena;
    struct rng rng;
    arena_init(&arena, "sample test", 16 << 20);
    rng_init(&rng, 5, 1);
    struct hist *h = hist_create();
    for (int i = 0; i < VALUES; i++) {
        nsec value = (nsec)(1e8 * exp(rng_normal(&rng)));
        hist_add(h, value);
        seconds[i] = nsec_to_sec(value);
    }
    struct sample counted = sample_of_hist(h, &arena), kept = sample_of(seconds, VALUES);
    assert_int_equal(counted.count, VALUES);
    assert_true(counted.distinct < VALUES && counted.upto[counted.distinct - 1] == VALUES);
    assert_near(counted.mean, kept.mean, 1e-12);
    assert_near(counted.deviation, kept.deviation, 1e-9);
    assert_near(sample_at(&counted, 0), sample_at(&kept, 0), 0);
    assert_near(sample_at(&counted, VALUES - 1), sample_at(&kept, VALUES - 1), 0);
    for (double percent = 0; percent <= 100; percent += 0.5) {
        double expected = sample_percentile_censored(&kept, 100, percent);
        double got = sample_percentile_censored(&counted, 100, percent);
        assert_true(got == expected || fabs(got - expected) <= expected / 1024);
    }
    hist_clear(h);
    struct sample none = sample_of_hist(h, &arena);
    assert_true(none.count == 0 && isnan(none.mean) && isnan(sample_percentile(&none, 50)));
    hist_destroy(h);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_sample),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_no_values),
        cmocka_unit_test(test_a_histogram_is_a_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
