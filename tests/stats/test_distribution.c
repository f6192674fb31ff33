#include "test.h"
#include "distribution.h"

static void test_beta(void **state)
{
    (void)state;
    static const struct {
        double x, a, b, expected;
    } rows[] = {
        {0, 2, 3, 0},       {1, 2, 3, 1},         {0.3, 1, 1, 0.3},
        {0.5, 7, 7, 0.5},   {0.25, 2, 1, 0.0625}, {0.75, 1, 4, 1 - 0.25 * 0.25 * 0.25 * 0.25},
        {0.2, 2, 2, 0.104}, /* 3x^2 - 2x^3 */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        assert_near(distribution_beta(rows[i].x, rows[i].a, rows[i].b), rows[i].expected, 1e-13);
        assert_near(distribution_beta(1 - rows[i].x, rows[i].b, rows[i].a), 1 - rows[i].expected, 1e-13);
    }
    /* A large sample converges too: the middle of a symmetric distribution. */
    assert_near(distribution_beta(0.5, 1e6, 1e6), 0.5, 1e-9);
    assert_near(distribution_beta(distribution_beta_quantile(0.3, 5, 900), 5, 900), 0.3, 1e-12);
}

static double binomial_by_hand(int k, int n, double q)
{
    double sum = 0, term = pow(1 - q, n);
    for (int i = 0; i <= k; i++) {
        sum += term;
        term *= (double)(n - i) / (i + 1) * q / (1 - q);
    }
    return sum;
}

static void test_binomial(void **state)
{
    (void)state;
    for (int n = 1; n <= 40; n += 3)
        for (int k = 0; k <= n; k++)
            for (int q = 1; q < 10; q++)
                assert_near(distribution_binomial(k, n, q / 10.0), binomial_by_hand(k, n, q / 10.0), 1e-12);
    assert_near(distribution_binomial(-1, 9, 0.5), 0, 0);
    assert_near(distribution_binomial(9, 9, 0.5), 1, 0);
    /* P(X17 < median < X19) of 35 values: the sum of two binomial terms. */
    assert_near(distribution_binomial(18, 35, 0.5) - distribution_binomial(16, 35, 0.5), 0.264121, 1e-6);
}

static void test_quantiles(void **state)
{
    (void)state;
    assert_near(distribution_normal_quantile(0.975), 1.959963984540054, 1e-12);
    assert_near(distribution_normal_quantile(0.05), -1.6448536269514722, 1e-12);
    static const struct {
        double p, freedom, expected, tolerance;
    } rows[] = {
        {0.975, 4, 2.776445105, 1e-8},
        {0.975, 9, 2.262157163, 1e-8},
        {0.995, 4, 4.604094871, 1e-8},
        {0.025, 9, -2.262157163, 1e-8},
        {0.75, 1, 1, 1e-9},
        {0.975, 1e6, 1.959966, 1e-6},
        {0.5, 7, 0, 1e-6},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_near(distribution_t_quantile(rows[i].p, rows[i].freedom), rows[i].expected, rows[i].tolerance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beta),
        cmocka_unit_test(test_binomial),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
