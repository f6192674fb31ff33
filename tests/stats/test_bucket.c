#include "test.h"
#include "bucket.h"

static void test_quantiles(void **state)
{
    (void)state;
    static const struct {
        struct bucket buckets[5];
        int count;
        double quantile, expected;
    } rows[] = {
        /* By hand: rank = q * 10; in the bucket (1, 2] lie 4 of them. */
        {{{1, 2}, {2, 6}, {4, 10}, {INFINITY, 10}}, 4, 0.5, 1 + 1.0 * (5 - 2) / 4},
        {{{1, 2}, {2, 6}, {4, 10}, {INFINITY, 10}}, 4, 0.1, 0.5},
        {{{1, 2}, {2, 6}, {4, 10}, {INFINITY, 10}}, 4, 0.2, 1},
        {{{1, 2}, {2, 6}, {4, 10}, {INFINITY, 10}}, 4, 1, 4},
        {{{1, 2}, {2, 6}, {4, 10}, {INFINITY, 10}}, 4, 0, 0},
        {{{1, 2}, {2, 2}, {INFINITY, 10}}, 3, 0.9, 2},    /* among those above every bound */
        {{{-1, 5}, {2, 10}, {INFINITY, 10}}, 3, 0.5, -1}, /* a first bound that is not above 0 */
        {{{-1, 5}, {2, 10}, {INFINITY, 10}}, 3, 0.75, 0.5},
        {{{1, 0}, {2, 4}, {INFINITY, 4}}, 3, 0.5, 1.5},
        {{{1, 0}, {INFINITY, 0}}, 2, 0.5, NAN},
        {{{INFINITY, 4}}, 1, 0.5, NAN},
        {{{1, 2}, {2, 4}}, 2, 0.5, NAN},
        {{{0, 0}}, 0, 0.5, NAN},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        double q = bucket_quantile(rows[i].buckets, rows[i].count, rows[i].quantile);
        if (!(isnan(rows[i].expected) ? isnan(q) : fabs(q - rows[i].expected) < 1e-12))
            fail_msg("row %d: %g", i, q);
    }
}

static void test_tidy(void **state)
{
    (void)state;
    struct bucket b[] = {{INFINITY, 3}, {2, 5}, {1, 2}, {INFINITY, 1}, {2, 1}};
    assert_int_equal(bucket_tidy(b, 5), 3);
    assert_true(b[0].bound == 1 && b[0].count == 2);
    assert_true(b[1].bound == 2 && b[1].count == 6);
    assert_true(isinf(b[2].bound) && b[2].count == 6); /* 4, which cannot be */
    assert_int_equal(bucket_tidy(b, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quantiles), cmocka_unit_test(test_tidy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
