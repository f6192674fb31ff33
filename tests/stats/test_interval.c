#include "test.h"
#include "interval.h"
#include "sample.h"

static void test_proportions(void **state)
{
    (void)state;
    static const struct {
        int hits, count;
        double confidence, low, high, tolerance;
    } rows[] = {
        {682, 925, 0.95, 0.7076683, 0.7654066, 5e-8}, /* the example of R's binom.test */
        {0, 5, 0.95, 0, 0.52182, 5e-6},
        {0, 5, 0.90, 0, 0.45072, 5e-6}, /* one-sided 95 % */
        {0, 44, 0.95, 0, 0.08042, 5e-6},
        {0, 44, 0.90, 0, 0.06582, 5e-6},
        {1, 44, 0.95, 0.00058, 0.12024, 5e-6},
        {1, 44, 0.90, 0.00116507, 0.10334, 5e-6},
        {2, 44, 0.95, 0.00555, 0.15473, 5e-6},
        {0, 59, 0.90, 0, 0.04951, 5e-6},
        {0, 300, 0.95, 0, 0.01222, 5e-6},
        {0, 300, 0.90, 0, 0.00994, 5e-6},
        {3, 300, 0.95, 0.00207, 0.02894, 5e-6},
        {1, 20, 0.95, 0.00127, 0.24873, 5e-6},
        {5, 5, 0.95, 1 - 0.52182, 1, 5e-6},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct interval got = interval_proportion(rows[i].hits, rows[i].count, rows[i].confidence);
        assert_near(got.low, rows[i].low, rows[i].tolerance);
        assert_near(got.high, rows[i].high, rows[i].tolerance);
    }
    assert_false(interval_exists(interval_proportion(0, 0, 0.95)));
}

static void test_two_sided_ranks(void **state)
{
    (void)state;
    static const struct {
        int count;
        double percent;
        int low, high; /* 0: unbounded */
    } rows[] = {
        {6, 50, 1, 6},       {9, 50, 2, 8},       {10, 50, 2, 9},    {15, 50, 4, 12},    {20, 50, 6, 15},
        {44, 50, 16, 29},    {44, 90, 35, 44},    {44, 95, 39, 0},   {100, 95, 90, 100}, {300, 50, 133, 168},
        {300, 90, 259, 281}, {300, 95, 277, 293}, {300, 99, 293, 0}, {5, 50, 0, 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        assert_int_equal(interval_lower_rank(rows[i].count, rows[i].percent, 0.975), rows[i].low);
        assert_int_equal(interval_upper_rank(rows[i].count, rows[i].percent, 0.975), rows[i].high);
    }
}

static void test_one_sided_ranks(void **state)
{
    (void)state;
    static const struct {
        double percent;
        int count, rank;
    } rows[] = {
        {90, 28, 0},  {90, 29, 29}, {90, 44, 44},  {90, 45, 45},   {90, 46, 45},
        {90, 59, 58}, {90, 77, 74}, {90, 100, 96}, {90, 300, 279}, {95, 58, 0},
        {95, 59, 59}, {95, 92, 92}, {95, 93, 92},  {95, 100, 99},  {95, 300, 292},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(interval_upper_rank(rows[i].count, rows[i].percent, 0.95), rows[i].rank);
}

static void test_needed_counts(void **state)
{
    (void)state;
    static const double percents[] = {50, 90, 95, 99};
    static const struct {
        double confidence;
        int needs[4];
    } rows[] = {{0.95, {5, 29, 59, 299}}, {0.90, {4, 22, 45, 230}}, {0.99, {7, 44, 90, 459}}};
    for (int i = 0; i < COUNT(rows); i++)
        for (int j = 0; j < 4; j++) {
            assert_int_equal(interval_percentile_needs(percents[j], rows[i].confidence), rows[i].needs[j]);
            assert_int_equal(interval_upper_rank(rows[i].needs[j], percents[j], rows[i].confidence),
                             rows[i].needs[j]);
            assert_int_equal(interval_upper_rank(rows[i].needs[j] - 1, percents[j], rows[i].confidence), 0);
        }
}

static struct interval of_sorted(const double *sorted, int count, int censored, double percent)
{
    struct sample s = sample_of_sorted(sorted, count);
    return interval_percentile(&s, censored, percent, 0.95);
}

static void test_percentile_values(void **state)
{
    (void)state;
    double sorted[44];
    for (int i = 0; i < 44; i++)
        sorted[i] = 100 + i;
    struct interval median = of_sorted(sorted, 44, 0, 50);
    assert_near(median.low, 115, 0);
    assert_near(median.high, 128, 0);
    struct interval p95 = of_sorted(sorted, 44, 0, 95);
    assert_near(p95.low, 138, 0);
    assert_true(isinf(p95.high));
    /* 24 of 44 values are not known: rank 29 lies among them, 16 does not. */
    struct interval censored = of_sorted(sorted, 20, 24, 50);
    assert_near(censored.low, 115, 0);
    assert_true(isinf(censored.high) && censored.high > 0);
    struct interval lost = of_sorted(sorted, 4, 40, 50);
    assert_true(isinf(lost.low) && lost.low > 0);
    assert_false(interval_exists(of_sorted(sorted, 0, 0, 50)));
}

static void test_mean(void **state)
{
    (void)state;
    static const double values[] = {79.5, 80.9, 82.0, 82.8, 85.3};
    struct sample s = sample_of_sorted(values, 5), one = sample_of_sorted(values, 1);
    struct interval got = interval_mean(&s, 0.95);
    double half = 2.776445105 * s.deviation / sqrt(5);
    assert_near(got.low, 82.1 - half, 1e-7);
    assert_near(got.high, 82.1 + half, 1e-7);
    assert_false(interval_exists(interval_mean(&one, 0.95)));
}

/* Counts beyond what fits in 32 bits, against the normal approximation. */
static void test_very_many(void **state)
{
    (void)state;
    const int64_t count = 5000000000;
    struct interval share = interval_proportion(count / 10, count, 0.95);
    double half = 1.959964 * sqrt(0.09 / (double)count);
    assert_near(share.low, 0.1 - half, half * 0.01);
    assert_near(share.high, 0.1 + half, half * 0.01);
    double ranks = 1.959964 * sqrt(0.25 * (double)count);
    assert_near((double)(count / 2 - interval_lower_rank(count, 50, 0.975)), ranks, ranks * 0.01);
    assert_near((double)(interval_upper_rank(count, 50, 0.975) - count / 2), ranks, ranks * 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proportions),       cmocka_unit_test(test_two_sided_ranks),
        cmocka_unit_test(test_one_sided_ranks),   cmocka_unit_test(test_needed_counts),
        cmocka_unit_test(test_percentile_values), cmocka_unit_test(test_mean),
        cmocka_unit_test(test_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
