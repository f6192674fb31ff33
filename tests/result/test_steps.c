#include "test.h"
#include "made.h"
#include "steps.h"

static void assert_row(const struct step_row *row, const char *name, const char *part_of, int count,
                       double mean, int failed, int censored)
{
    assert_string_equal(row->name, name);
    assert_string_equal(row->part_of, part_of);
    assert_int_equal(row->seconds.count, count);
    if (count)
        assert_near(row->seconds.mean, mean, 1e-6);
    assert_int_equal(row->failed, failed);
    assert_int_equal(row->censored, censored);
}

static void test_a_wait_is_taken_apart(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 100);
    struct record_job *j = made_job(&m, 0, 0, 10); /* waits 9.9 s */
    made_parts(j, 2, 7);
    j->validate = made_time(0.01);
    j->unseen = made_time(1);
    j = made_job(&m, 0, 1, 10);
    made_parts(j, 2.9, 7);
    made_job(&m, 0, 2, 20);       /* tells nothing */
    j = made_job(&m, -1, 0, 500); /* a warm-up job */
    made_parts(j, 100, 100);
    j->validate = made_time(100);
    made_failure(&m, 0, 3, FAIL_TIMEOUT, MADE_WAIT, 300, "timeout");
    made_failure(&m, 0, 4, FAIL_STATUS, MADE_UPLOAD, 0.05, "status 500");
    struct step_row *rows;
    assert_int_equal(steps_measure(&m.plan, &m.record, &made_scratch, &rows), 9);
    assert_row(&rows[0], "upload", "", 4, 0.1, 1, 0);
    assert_row(&rows[1], "submit", "", 4, 0.1, 0, 0);
    assert_row(&rows[2], "wait", "", 3, (9.9 + 9.9 + 19.9) / 3, 1, 1);
    assert_row(&rows[3], "queue", "wait", 2, 2.45, 0, 0);
    assert_row(&rows[4], "processing", "wait", 2, 7, 0, 0);
    assert_row(&rows[5], "notice", "wait", 2, (0.9 + 0) / 2, 0, 0);
    assert_row(&rows[6], "unseen", "wait", 1, 1, 0, 0);
    assert_row(&rows[7], "download", "", 3, 0.2, 0, 0);
    assert_row(&rows[8], "validate", "", 1, 0.01, 0, 0);
    made_finish(&m);
}

static void test_what_was_seen_leaves_nothing_to_notice(void **state)
{
    (void)state;
    struct made m;
    struct step_row *rows;
    made_init(&m, 1, 100);
    struct record_job *j = made_job(&m, 0, 0, 10);
    made_parts(j, 3, 6.9);
    j->seen = true;
    assert_int_equal(steps_measure(&m.plan, &m.record, &made_scratch, &rows), MADE_STEPS + 2);
    assert_row(&rows[3], "queue", "wait", 1, 3, 0, 0);
    assert_row(&rows[4], "processing", "wait", 1, 6.9, 0, 0);
    assert_row(&rows[5], "download", "", 1, 0.2, 0, 0);
    made_finish(&m);
}

static void test_parts_that_nobody_tells_are_left_out(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 100);
    made_job(&m, 0, 0, 10);
    struct step_row *rows;
    assert_int_equal(steps_measure(&m.plan, &m.record, &made_scratch, &rows), MADE_STEPS);
    made_finish(&m);
    made_init(&m, 1, 100);
    assert_int_equal(steps_measure(&m.plan, &m.record, &made_scratch, &rows), MADE_STEPS);
    assert_true(isnan(rows[0].seconds.mean));
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wait_is_taken_apart),
        cmocka_unit_test(test_what_was_seen_leaves_nothing_to_notice),
        cmocka_unit_test(test_parts_that_nobody_tells_are_left_out),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
