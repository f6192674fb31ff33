#include "test.h"
#include "metered.h"
#include "metric_check.h"

static struct metric_check checked(const struct metered *m, int metric, struct metric_checks *all)
{
    metric_check_all(&m->made.plan, &m->made.record, &made_scratch, all);
    return all->items[metric];
}

/* ---- one metric ---- */

enum { UNASKED = METRIC_UNASKED, UNKNOWN = METRIC_UNKNOWN, NO = METRIC_NO, YES = METRIC_YES, MORE = METRIC_MORE };

static void test_each_answer(void **state)
{
    (void)state;
    static const struct {
        const char *type; /* as seen; NULL: never there */
        double grew;
        bool moves, optional, typed;
        enum plan_count grows;
        int is_type, moved, agrees;
        const char *wrong;
    } rows[] = {
        {"counter", 5, false, false, true, COUNT_NONE, YES, YES, UNASKED, NULL},
        {"counter", 0, false, false, true, COUNT_NONE, YES, UNASKED, UNASKED, NULL},
        {"gauge", 5, false, false, true, COUNT_NONE, NO, YES, UNASKED, "it is a gauge, not a counter"},
        {"gauge", 5, false, false, false, COUNT_NONE, UNASKED, YES, UNASKED, NULL},
        {NULL, 0, false, false, true, COUNT_NONE, UNASKED, UNASKED, UNASKED, "missing"},
        {NULL, 0, true, true, true, COUNT_COMPLETED, UNASKED, UNASKED, UNKNOWN, NULL},
        {"counter", 0, true, false, true, COUNT_NONE, YES, NO, UNASKED, "stood still at 100 while 5 jobs were completed"},
        {"counter", 0, true, true, true, COUNT_NONE, YES, NO, UNASKED, "stood still at 100 while 5 jobs were completed"},
        {"counter", 5, true, false, true, COUNT_COMPLETED, YES, YES, YES, NULL},
        {"counter", 4, true, false, true, COUNT_COMPLETED, YES, YES, NO, "grew by 4, but 5 jobs were completed"},
        {"counter", 7, true, false, true, COUNT_COMPLETED, YES, YES, MORE, NULL},
        {"counter", 0, true, false, true, COUNT_COMPLETED, YES, NO, NO, "stood still at 100 while 5 jobs were completed"},
        {"counter", 7, true, false, true, COUNT_ATTEMPTED, YES, YES, YES, NULL},
        {"counter", 6, true, false, true, COUNT_ATTEMPTED, YES, YES, NO, "grew by 6, but 7 jobs were attempted"},
        {"counter", 6, true, false, true, COUNT_ACCEPTED, YES, YES, YES, NULL},
        {"counter", 1, true, false, true, COUNT_FAILED, YES, YES, NO, "grew by 1, but 2 jobs have failed"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct metered m;
        struct metric_checks all;
        metered_init(&m, 5);
        made_failure(&m.made, 0, 9, FAIL_JOB, MADE_WAIT, 5, "x"); /* was accepted */
        made_failure(&m.made, 0, 9, FAIL_STATUS, MADE_UPLOAD, 5, "x");
        int k = metered_add(&m, "jobs_total", rows[i].grew);
        m.seen[k].type = rows[i].type;
        m.expected[k].moves = rows[i].moves;
        m.expected[k].optional = rows[i].optional;
        m.expected[k].typed = rows[i].typed;
        m.expected[k].grows = rows[i].grows;
        struct metric_check c = checked(&m, k, &all);
        bool same = c.wrong && rows[i].wrong ? strcmp(c.wrong, rows[i].wrong) == 0 : c.wrong == rows[i].wrong;
        if (!same || (int)c.type != rows[i].is_type || (int)c.moved != rows[i].moved || (int)c.agrees != rows[i].agrees ||
            c.present != (rows[i].type != NULL) || (c.wrong != NULL) != (c.next != NULL))
            fail_msg("row %d: type %d, moved %d, agrees %d: %s", i, c.type, c.moved, c.agrees, c.wrong ? c.wrong : "right");
        made_finish(&m.made);
    }
}

static void test_has_no_series(void **state)
{
    (void)state;
    struct metered m;
    struct metric_checks all;
    metered_init(&m, 1);
    int k = metered_add(&m, "jobs_total", 0);
    m.seen[k].series = 0;
    m.expected[k].moves = true;
    assert_string_equal(checked(&m, k, &all).wrong, "has no series while 1 job was completed");
    made_finish(&m.made);
}

/* What cannot be compared is not judged. */
static void test_gaps(void **state)
{
    (void)state;
    for (int gap = 0; gap < 6; gap++) {
        struct metered m;
        struct metric_checks all;
        metered_init(&m, gap == 5 ? 0 : 5);
        int k = metered_add(&m, "jobs_total", gap == 3 ? 0 : 2);
        struct record_metrics *metrics = &m.made.record.metrics;
        m.expected[k].moves = true;
        m.expected[k].grows = COUNT_COMPLETED;
        metrics->first = gap == 0 ? made_time(3) : gap == 4 ? NSEC_NEVER : 0;
        metrics->last = gap == 1 ? made_time(80) : gap == 4 ? -NSEC_NEVER : metrics->last;
        metrics->restarts = gap == 2;
        if (gap == 3) /* nothing was completed: nothing has to move */
            for (int i = 0; i < 5; i++) {
                m.made.record.jobs[i]->outcome = JOB_FAILED;
                m.made.record.jobs[i]->fail = FAIL_JOB;
            }
        metrics->readable = gap != 4;
        struct metric_check c = checked(&m, k, &all);
        if (c.wrong || (gap != 3 && c.agrees != METRIC_UNKNOWN) || (gap == 3 && c.moved != METRIC_UNKNOWN))
            fail_msg("gap %d: %s", gap, c.wrong);
        assert_int_equal(c.ours, gap == 3 || gap == 5 ? 0 : 5);
        made_finish(&m.made);
    }
}

/* The target counts jobs of the warm-up, too. */
static void test_warmup(void **state)
{
    (void)state;
    for (int tallied = 0; tallied < 2; tallied++)
        for (int grew = 5; grew <= 9; grew++) {
            struct metered m;
            struct metric_checks all;
            metered_init(&m, 5);
            made_job(&m.made, -1, 1, 80);
            made_job(&m.made, -1, 2, 80);
            m.made.plan.load.warmup_jobs = 2;
            int k = metered_add(&m, "jobs_total", grew);
            m.expected[k].grows = COUNT_COMPLETED;
            if (tallied)
                made_tally(&m.made);
            struct metric_check c = checked(&m, k, &all);
            enum metric_answer expected = grew > 7 ? METRIC_MORE : grew == 7 || tallied ? METRIC_YES : METRIC_NO;
            assert_int_equal(c.agrees, expected);
            made_finish(&m.made);
        }
}

/* More than we have completed may be our own: a job whose download failed was one for the target. */
static void test_others(void **state)
{
    (void)state;
    for (int grew = 5; grew <= 7; grew++) {
        struct metered m;
        struct metric_checks all;
        metered_init(&m, 5);
        made_failure(&m.made, 0, 9, FAIL_MODEL, MADE_DOWNLOAD, 5, "x");
        int k = metered_add(&m, "jobs_total", grew);
        m.expected[k].grows = COUNT_COMPLETED;
        struct metric_check c = checked(&m, k, &all);
        assert_int_equal(c.agrees, grew == 5 ? METRIC_YES : METRIC_MORE);
        assert_int_equal(metric_check_has_others(&c), grew == 7);
        made_finish(&m.made);
    }
}

/* ---- all of them ---- */

static void test_sums(void **state)
{
    (void)state;
    struct metered m;
    struct metric_checks all;
    metered_init(&m, 5);
    metered_add(&m, "a", 5);
    metered_add(&m, "b", 4);
    metered_add(&m, "c", 9);
    m.expected[0].grows = m.expected[1].grows = m.expected[2].grows = COUNT_COMPLETED;
    metered_add(&m, "d", 0);
    m.seen[metered_add(&m, "e", 0)].type = NULL;
    m.seen[metered_add(&m, "f", 0)].type = NULL;
    m.expected[5].optional = true;
    m.made.plan.workflow.families = 61;
    metric_check_all(&m.made.plan, &m.made.record, &made_scratch, &all);
    assert_int_equal(all.count, 6);
    assert_int_equal(all.expected, 5);
    assert_int_equal(all.present, 4);
    assert_int_equal(all.absent, 1);
    assert_int_equal(all.moving, 3);
    assert_int_equal(all.wrong, 2);
    assert_int_equal(all.compared, 3);
    assert_int_equal(all.agree, 1);
    assert_int_equal(all.more, 1);
    assert_true(all.few_families);
    m.made.plan.workflow.families = 60;
    metric_check_all(&m.made.plan, &m.made.record, &made_scratch, &all);
    assert_false(all.few_families);
    made_finish(&m.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_answer), cmocka_unit_test(test_has_no_series),
        cmocka_unit_test(test_gaps),        cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_others),      cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
