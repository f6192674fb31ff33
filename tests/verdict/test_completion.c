#include "test.h"
#include "completion.h"
#include "made.h"
#include "record_parts.h"

#include <math.h>

enum { DONE = 100 };

/* Jobs of 10 s and a little more each, polled every second; their server's clock is `ahead`, and says how
 * they went. */
static void made_polled(struct made *m, double ahead, bool tells)
{
    made_init(m, 1, 1000);
    m->record.started_wall = 1700000000 * NSEC_PER_SEC;
    for (int i = 0; i < DONE; i++) {
        struct record_job *j = made_job(m, 0, i * 5, 10.1);
        nsec end = j->steps[MADE_WAIT].end, zero = m->record.started_wall + made_time(ahead);
        nsec truth = end - made_time(0.1 + 0.008 * i); /* from 0.1 to 0.9 s before we knew */
        j->unseen = NSEC_PER_SEC;
        if (tells)
            record_parts_told(j, MADE_WAIT,
                              &(struct record_told){zero + j->sent + made_time(0.15),
                                                    zero + j->sent + made_time(1), zero + truth, 1000});
    }
    assert_null(record_check(&m->record));
}

static void measure(struct made *m, struct completion *c)
{
    completion_measure(&m->plan, &m->record, c);
}

static void test_polls_leave_an_interval(void **state)
{
    (void)state;
    struct made m;
    struct completion c;
    made_polled(&m, 0, false);
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_POLLED);
    assert_string_equal(c.why, "the target tells no times");
    assert_int_equal(c.jobs, DONE);
    assert_near(c.bound, 1, 1e-9);
    assert_near(c.bound_most, 1, 1e-9);
    for (int i = 0; i < COMPLETION_PERCENTILES; i++) {
        assert_near(c.seconds[i].low, 9.1, 1e-6);
        assert_near(c.seconds[i].high, 10.1, 1e-6);
    }
    m.steps[MADE_WAIT].kind = STEP_EVENTS;
    for (int i = 0; i < DONE; i++)
        m.record.jobs[i]->unseen = -1;
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_TOLD);
    assert_near(c.bound, 0, 0);
    made_finish(&m);
}

/* However far its clock is from ours: the truth lies between, closer than polls say. */
static void test_the_server_says(void **state)
{
    (void)state;
    static const double ahead[] = {0, 3600, -86400, 0.25};
    for (int i = 0; i < COUNT(ahead); i++) {
        struct made m;
        struct completion c;
        made_polled(&m, ahead[i], true);
        measure(&m, &c);
        assert_int_equal(c.method, COMPLETION_SERVER);
        assert_null(c.why);
        assert_int_equal(c.told, DONE);
        assert_int_equal(c.contradicted, 0);
        assert_int_equal(c.implausible, 0);
        assert_true(c.bound < 0.25);
        assert_true(c.seconds[0].low <= 9.604 + 1e-5 && 9.604 - 1e-5 <= c.seconds[0].high);
        assert_true(c.seconds[0].high - c.seconds[0].low < 0.25);
        assert_true(c.has_clock);
        assert_int_equal(c.clock_steps, 0);
        assert_true(nsec_to_sec(c.clock.low) <= ahead[i] && ahead[i] <= nsec_to_sec(c.clock.high));
        made_finish(&m);
    }
}

static void test_dates_narrow_the_clock(void **state)
{
    (void)state;
    struct made m;
    struct completion before, after;
    made_polled(&m, 0.05, true);
    measure(&m, &before);
    /* An answer of 10 ms whose date has just begun. */
    record_clock_saw(&m.record, made_time(494.94), made_time(494.95), 1700000495);
    measure(&m, &after);
    assert_int_equal(after.clock_steps, 0);
    assert_int_equal(after.clock_evidence, before.clock_evidence + 1);
    assert_true(after.clock.low > before.clock.low);
    assert_true(nsec_to_sec(after.clock.low) <= 0.05);
    made_finish(&m);
}

static void test_a_clock_that_is_set(void **state)
{
    (void)state;
    struct made m;
    struct completion c;
    made_polled(&m, 0, true);
    for (int i = DONE / 2; i < DONE; i++) { /* by a minute, in the middle */
        struct record_told *told = &m.record.jobs[i]->told;
        told->created += 60 * NSEC_PER_SEC;
        told->started += 60 * NSEC_PER_SEC;
        told->finished += 60 * NSEC_PER_SEC;
    }
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_SERVER);
    assert_int_equal(c.clock_steps, 1);
    assert_true(nsec_to_sec(c.clock.low) > 59 && nsec_to_sec(c.clock.high) < 61);
    for (int i = 0; i < DONE; i += 2) /* and what no clock does */
        m.record.jobs[i]->told.created -= 10 * NSEC_PER_SEC;
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_POLLED);
    assert_string_equal(c.why, "the target's times contradict each other");
    assert_near(c.bound, 1, 1e-9);
    made_finish(&m);
}

static void test_ends_that_cannot_be(void **state)
{
    (void)state;
    struct made m;
    struct completion c;
    made_polled(&m, 0, true);
    m.record.jobs[3]->told.finished += 5 * NSEC_PER_SEC; /* after we knew */
    m.record.jobs[4]->told.finished -= 5 * NSEC_PER_SEC; /* before it was not done yet */
    m.record.jobs[5]->implausible = 1;
    measure(&m, &c);
    assert_int_equal(c.contradicted, 2);
    assert_int_equal(c.implausible, 1);
    assert_int_equal(c.method, COMPLETION_POLLED);
    assert_string_equal(c.why, "the target tells its times of some jobs only");
    assert_near(c.bound_most, 1, 1e-9);
    made_finish(&m);
}

static void test_nothing_to_say(void **state)
{
    (void)state;
    struct made m;
    struct completion c;
    made_polled(&m, 0, true);
    m.record.shape.generation_last = MADE_DOWNLOAD;
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_UNKNOWN);
    m.record.shape.generation_last = MADE_WAIT;
    made_tally(&m);
    measure(&m, &c);
    assert_int_equal(c.method, COMPLETION_UNKNOWN);
    assert_true(isnan(c.seconds[0].low));
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polls_leave_an_interval), cmocka_unit_test(test_the_server_says),
        cmocka_unit_test(test_dates_narrow_the_clock),  cmocka_unit_test(test_a_clock_that_is_set),
        cmocka_unit_test(test_ends_that_cannot_be),     cmocka_unit_test(test_nothing_to_say),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
