#include "test.h"
#include "trend.h"

static struct arena arena;

static int make_arena(void **state)
{
    (void)state;
    arena_init(&arena, "trend test", 256 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct trend fit_over_index(const double *y, int count, double confidence, enum trend_noise noise)
{
    double x[64];
    for (int i = 0; i < count; i++)
        x[i] = i;
    struct trend t;
    assert_true(trend_fit(x, y, count, confidence, noise, &arena, &t));
    return t;
}

static const double growing[] = {500, 512, 511, 530, 530, 541, 549, 548, 565, 571, 580, 590};
static const double sawtooth[] = {500,     541.25,  560.5,  512.75,  545.125, 566.375, 521.5,  556.75,
                                  575.875, 529.625, 560.25, 584.5,   541.125, 577.75,  596.25, 549.875,
                                  581.5,   604.25,  560.75, 590.125, 611.5,   570.25,  602.75, 622.125};
static const double flat[] = {500, 503, 498, 501, 505, 499, 502, 500, 497, 504, 501, 500, 503, 498, 502, 499};

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const double *y;
        int count;
        double confidence, slope, low, high, variance;
    } rows[] = {
        {growing, 12, 0.90, 8.0, 7.4, 8.5714285714, 211.6666666667},
        {growing, 12, 0.95, 8.0, 7.3333333333, 8.7777777778, 211.6666666667},
        {sawtooth, 24, 0.90, 3.2604166667, 2.8125, 4.2115384615, 1625.3333333333},
        {sawtooth, 24, 0.95, 3.2604166667, 2.6833333333, 4.6704545455, 1625.3333333333},
        {flat, 16, 0.90, -0.0333333333, -0.3, 0.25, 484.6666666667},
        {flat, 16, 0.95, -0.0333333333, -1 / 3.0, 1 / 3.0, 484.6666666667},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct trend t = fit_over_index(rows[i].y, rows[i].count, rows[i].confidence, TREND_INDEPENDENT);
        assert_near(t.slope, rows[i].slope, 1e-9);
        assert_near(t.interval.low, rows[i].low, 1e-9);
        assert_near(t.interval.high, rows[i].high, 1e-9);
        assert_near(t.variance, rows[i].variance, 1e-9);
    }
}

/* Memory of two real leaks, in GB a run: too few points for an interval, the slope stands. */
static void test_short_traces(void **state)
{
    (void)state;
    struct trend t =
        fit_over_index((double[]){31.46, 35.39, 39.33, 43.27, 46.14}, 5, 0.95, TREND_INDEPENDENT);
    assert_near(t.slope, 3.9325, 1e-9);
    assert_near(t.variance, 16.6666666667, 1e-9);
    t = fit_over_index((double[]){14.2, 17.2, 23.9, 27.5}, 4, 0.95, TREND_INDEPENDENT);
    assert_near(t.slope, 4.6416666667, 1e-9);
    assert_true(isinf(t.interval.low) && isinf(t.interval.high));
}

/* The example of R's ci.theil, with pairs of equal x; our ranks go outward where it rounds. */
static void test_equal_x(void **state)
{
    (void)state;
    static const double y[] = {21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19};
    static const double x[] = {67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51};
    struct trend t;
    assert_true(trend_fit(x, y, COUNT(y), 0.95, TREND_INDEPENDENT, &arena, &t));
    assert_near(t.slope, 0.5, 1e-12);
    assert_near(t.interval.low, 0.3043478, 1e-7);
    assert_near(t.interval.high, 0.7631579, 1e-7);
}

static void test_correlation_widens_only(void **state)
{
    (void)state;
    struct trend t = fit_over_index(sawtooth, COUNT(sawtooth), 0.95, TREND_CORRELATED);
    assert_near(t.inflation, 1.2184116687, 1e-9);
    assert_true(t.interval.low < 2.6833333333 && t.interval.high > 4.6704545455);
    assert_near(fit_over_index(growing, COUNT(growing), 0.95, TREND_CORRELATED).inflation, 1, 0);
    assert_near(fit_over_index(flat, COUNT(flat), 0.95, TREND_CORRELATED).inflation, 1, 0);
}

static void test_nothing_to_fit(void **state)
{
    (void)state;
    struct trend t;
    assert_false(trend_fit((double[]){1}, (double[]){1}, 1, 0.95, TREND_CORRELATED, &arena, &t));
    assert_true(isnan(t.slope) && !interval_exists(t.interval));
    assert_false(trend_fit((double[]){2, 2, 2}, (double[]){1, 2, 3}, 3, 0.95, TREND_CORRELATED, &arena, &t));
    double constant[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    t = fit_over_index(constant, 8, 0.95, TREND_CORRELATED);
    assert_near(t.slope, 0, 0);
    assert_near(t.variance, 0, 0);
}

static void test_many_points_are_thinned(void **state)
{
    (void)state;
    enum { POINTS = 20000 };
    static double x[POINTS], y[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = i < POINTS / 2 ? i : i + 5000; /* with a gap */
        y[i] = 1000 + 0.25 * x[i] + (i % 7 == 0 ? 4000 : 0) + (i % 3 - 1);
    }
    struct trend t;
    assert_true(trend_fit(x, y, POINTS, 0.95, TREND_CORRELATED, &arena, &t));
    assert_true(t.count <= TREND_POINTS_MAX && t.count > TREND_POINTS_MAX / 2);
    assert_near(t.slope, 0.25, 1e-4);
    assert_true(t.interval.low <= 0.25 && t.interval.high >= 0.25);
    for (int i = 0; i < POINTS; i++)
        x[i] = 5;
    assert_false(trend_fit(x, y, POINTS, 0.95, TREND_CORRELATED, &arena, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),        cmocka_unit_test(test_short_traces),
        cmocka_unit_test(test_equal_x),        cmocka_unit_test(test_correlation_widens_only),
        cmocka_unit_test(test_nothing_to_fit), cmocka_unit_test(test_many_points_are_thinned),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
