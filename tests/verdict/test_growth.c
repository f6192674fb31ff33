#include "test.h"
#include "growth.h"
#include "made.h"

/* A value a second over a load of 1000 s: it starts high (warm-up), then rises by `slope` a second from 100.
 */
static struct record_point *line(int count, double step, double slope)
{
    struct record_point *points = arena_new(&made_scratch, struct record_point, count);
    for (int i = 0; i < count; i++) {
        double t = i * step;
        points[i] = (struct record_point){made_time(t), t < 100 ? 900 : 100 + slope * (t - 100)};
    }
    return points;
}

static void test_growth(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    struct growth g;
    /* After warm-up 100..1000 s: first window 100..190 s, median at 145 s. */
    assert_true(growth_measure(&m.record, line(1200, 1, 0.01), 1200, 0.95, &made_scratch, &g));
    assert_int_equal(g.settled.start, made_time(100));
    assert_int_equal(g.settled.end, made_time(1000));
    assert_int_equal(g.points, 901);
    assert_near(g.first, 100 + 0.45, 1e-9);
    assert_near(g.per_hour, 36, 1e-6);
    assert_near(g.percent, 100 * 0.01 * 900 / 100.45, 1e-6);
    assert_true(g.percent_interval.low <= g.percent && g.percent <= g.percent_interval.high);
    assert_true(growth_measure(&m.record, line(1200, 1, 0), 1200, 0.95, &made_scratch, &g));
    assert_near(g.percent, 0, 0);
    made_finish(&m);
}

static void test_warm_up_lasts_until_a_job_has_ended(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    made_job(&m, -1, 0, 5); /* a warm-up job does not count */
    made_job(&m, 0, 10, 289.7);
    assert_int_equal(growth_settled(&m.record).start, made_time(300));
    m.record.load_ended = made_time(200); /* it ended after the load did */
    assert_int_equal(growth_settled(&m.record).start, made_time(200));
    made_finish(&m);
}

static void test_what_cannot_tell(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    static const struct {
        int count;
        double step, slope;
        const char *why;
    } rows[] = {
        {0, 1, 0, "0 points after warm-up, a trend needs 10"},
        {109, 1, 0, "9 points after warm-up, a trend needs 10"},
        {400, 1, 0, "the points cover only 33 % of the time after warm-up"},
        {600, 2, -100, NULL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct growth g;
        bool told = growth_measure(&m.record, line(rows[i].count, rows[i].step, rows[i].slope), rows[i].count,
                                   0.95, &made_scratch, &g);
        assert_false(told);
        assert_true(isnan(g.percent) && !interval_exists(g.percent_interval));
        if (rows[i].why)
            assert_string_equal(g.why, rows[i].why);
        else
            assert_non_null(strstr(g.why, "starts at zero"));
    }
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_warm_up_lasts_until_a_job_has_ended),
        cmocka_unit_test(test_what_cannot_tell),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
