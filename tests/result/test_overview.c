#include "test.h"
#include "golden.h"
#include "overview.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct overview *o, const char *scenario, int jobs, double seconds, enum measure_kind kind,
                double limit)
{
    struct made m;
    struct verdict v;
    char file[100];
    made_init(&m, 1, 1000);
    m.plan.scenario = scenario;
    for (int i = 0; i < jobs; i++)
        made_job(&m, 0, i * 2, seconds + i % 3);
    made_criterion(&m, "it", kind, COMPARE_LESS, limit);
    snprintf(file, sizeof file, "results/results_%s.json", scenario);
    verdict_judge(&v, &m.plan, &m.record, false);
    overview_add(o, &m.plan, &m.record, &v, file);
    verdict_finish(&v);
    made_finish(&m); /* the overview keeps what it needs */
}

static void test_overview(void **state)
{
    (void)state;
    struct overview o;
    overview_init(&o);
    add(&o, "baseline", 5, 81, MEASURE_AVG, 90);
    add(&o, "normal", 60, 82, MEASURE_AVG, 90);
    add(&o, "peak", 70, 119, MEASURE_AVG, 90);
    add(&o, "sustained", 0, 0, MEASURE_AVG, 90);
    struct buf out;
    buf_init(&out, 100000);
    overview_write(&o, &out, &(struct terminal){.width = 100});
    if (getenv("ORFEAS_TEST_SHOW"))
        fputs(buf_text(&out), stderr);
    static const char *const parts[] = {
        "2 pass, 1 fail, 1 inconclusive of 4 scenarios\n",
        "vs 82.0 s",
        "✓  baseline   pass                5/5   81.8 s   82.8 s*     -0.2 %  results/results_baseline.json",
        "✗  peak       fail              70/70  120.0 s  121.0 s     +46.3 %  results/results_peak.json",
        "· peak: generations are not as long as the baseline's: the average of 120.0 s is 46 % above",
        "* seen, but fewer than 59 jobs",
    };
    for (int i = 0; i < COUNT(parts); i++)
        if (!strstr(buf_text(&out), parts[i]))
            fail_msg("'%s' is missing in\n%s", parts[i], buf_text(&out));
    buf_finish(&out);
    for (int i = 0; i < OVERVIEW_ROWS_MAX; i++)
        add(&o, "more", 1, 82, MEASURE_AVG, 90);
    assert_int_equal(o.count, OVERVIEW_ROWS_MAX);
    overview_finish(&o);
}

static void test_what_all_say_is_said_once(void **state)
{
    (void)state;
    struct overview o;
    struct buf out;
    overview_init(&o);
    add(&o, "normal", 60, 119, MEASURE_AVG, 190);
    add(&o, "peak", 60, 119, MEASURE_AVG, 190);
    buf_init(&out, 100000);
    overview_write(&o, &out, &(struct terminal){.width = 100});
    const char *said =
        strstr(buf_text(&out),
               "· all: generations are not as long as the baseline's: the average of 120.0 s is 46 % above");
    if (!said)
        fail_msg("%s", buf_text(&out));
    if (strstr(said + 1, "· normal: generations") || strstr(said + 1, "· peak: generations"))
        fail_msg("%s", buf_text(&out));
    buf_finish(&out);
    overview_finish(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overview),
                                       cmocka_unit_test(test_what_all_say_is_said_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
