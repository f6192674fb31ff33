#include "test.h"
#include "made.h"
#include "timeline.h"

static void test_interval_lengths(void **state)
{
    (void)state;
    static const struct {
        double seconds, interval;
        int count;
    } rows[] = {
        {300, 3, 100},  {600, 5, 120}, {3600, 30, 120},       {3750, 50, 75},        {410.5, 5, 83},
        {60, 0.5, 120}, {4, 0.05, 80}, {0.001, 0.00001, 100}, {7 * 86400, 7500, 81},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        made_init(&m, 1, rows[i].seconds);
        struct timeline t;
        timeline_measure(&m.plan, &m.record, &made_scratch, &t);
        assert_near(t.interval, rows[i].interval, 1e-9);
        assert_int_equal(t.count, rows[i].count);
        made_finish(&m);
    }
}

/* A second a row, in both keepings: of the tallied it is five intervals of 200 ms. */
static void check_rows(bool tallied)
{
    struct made m;
    made_init(&m, 1, 100);
    made_job(&m, -1, 0, 50);
    made_job(&m, 0, 0.5, 2); /* 0.5 .. 2.8 s */
    made_job(&m, 0, 0.5, 4); /* 0.5 .. 4.8 s */
    made_failure(&m, 0, 99.5, FAIL_RESET, MADE_UPLOAD, 0.4, "reset");
    m.record.ended = made_time(100);
    record_add_users(&m.record, 0, 1);
    record_add_users(&m.record, made_time(0.5), 2);
    record_add_users(&m.record, made_time(2.1), 1);
    record_add_users(&m.record, made_time(100), 0);
    struct record_series *s = record_add_series(&m.record, "target.memory", "bytes");
    record_add_point(&m.record, s, made_time(1.1), 10);
    record_add_point(&m.record, s, made_time(1.9), 20);
    record_add_point(&m.record, s, made_time(500), 7); /* after the end: belongs to the last row */
    if (tallied)
        made_tally(&m);
    struct timeline t;
    timeline_measure(&m.plan, &m.record, &made_scratch, &t);
    assert_int_equal(t.count, 100);
    assert_near(t.interval, 1, 1e-9);
    static const struct {
        int row, users, started, done, failed;
        double in_flight, p50;
    } rows[] = {
        {0, 2, 2, 0, 0, 1, NAN}, {1, 2, 0, 0, 0, 2, NAN}, {2, 2, 0, 1, 0, 1.8, 2},    {3, 1, 0, 0, 0, 1, NAN},
        {4, 1, 0, 1, 0, 0.8, 4}, {5, 1, 0, 0, 0, 0, NAN}, {99, 1, 1, 0, 1, 0.4, NAN},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        const struct timeline_row *row = &t.rows[rows[i].row];
        assert_int_equal(row->users, rows[i].users);
        assert_int_equal(row->started, rows[i].started);
        assert_int_equal(row->done, rows[i].done);
        assert_int_equal(row->failed, rows[i].failed);
        assert_near(row->in_flight, rows[i].in_flight, 1e-6);
        if (isnan(rows[i].p50))
            assert_true(isnan(row->p50) && isnan(row->p95));
        else
            assert_near(row->p50, rows[i].p50, 1e-6);
    }
    const double *memory = timeline_of_series(&t, s, &made_scratch);
    assert_near(memory[1], 15, 1e-9);
    assert_near(memory[99], 7, 1e-9);
    assert_true(isnan(memory[0]));
    made_finish(&m);
}

static void test_rows(void **state)
{
    (void)state;
    check_rows(false);
    check_rows(true);
}

/* However long, at most TIMELINE_MAX rows, and nothing is lost in them. */
static void test_rows_of_tallied_jobs(void **state)
{
    (void)state;
    static const double lengths[] = {0.05, 0.1, 3, 11.95, 12, 12.05, 51.2, 51.25, 60.1, 777};
    for (int i = 0; i < COUNT(lengths); i++) {
        struct made m;
        made_init(&m, 1, lengths[i]);
        for (int n = 0; n < 500; n++)
            made_job(&m, 0, lengths[i] * n / 500, 0.11);
        made_tally(&m);
        struct timeline t;
        timeline_measure(&m.plan, &m.record, &made_scratch, &t);
        int64_t started = 0, done = 0;
        for (int n = 0; n < t.count; n++) {
            started += t.rows[n].started;
            done += t.rows[n].done;
            assert_true(t.rows[n].in_flight >= 0);
        }
        assert_in_range(t.count, 1, TIMELINE_MAX);
        assert_true(t.count * t.interval >= lengths[i]);
        assert_int_equal(started, 500);
        assert_int_equal(done, 500);
        made_finish(&m);
    }
}

static void test_an_empty_run(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 0);
    m.record.ended = -1;
    struct timeline t;
    timeline_measure(&m.plan, &m.record, &made_scratch, &t);
    assert_int_equal(t.count, 1);
    made_tally(&m);
    timeline_measure(&m.plan, &m.record, &made_scratch, &t);
    assert_int_equal(t.count, 1);
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval_lengths),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_rows_of_tallied_jobs),
        cmocka_unit_test(test_an_empty_run),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
