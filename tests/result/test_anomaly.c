#include "test.h"
#include "anomaly.h"
#include "metered.h"

static bool finds(const struct made *m, const char *sentence)
{
    struct verdict v;
    const char *texts[ANOMALIES_MAX];
    bool found = false;
    verdict_judge(&v, &m->plan, &m->record, false);
    int count = anomaly_find(&m->plan, &m->record, &v, &made_scratch, texts);
    for (int i = 0; i < count; i++)
        found |= strcmp(texts[i], sentence) == 0;
    verdict_finish(&v);
    return found;
}

static void test_a_good_run_has_none(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    for (int i = 0; i < 60; i++)
        made_job(&m, 0, i, 82);
    struct verdict v;
    const char *texts[ANOMALIES_MAX];
    verdict_judge(&v, &m.plan, &m.record, false);
    assert_int_equal(anomaly_find(&m.plan, &m.record, &v, &made_scratch, texts), 0);
    verdict_finish(&v);
    made_finish(&m);
}

static void test_each(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 1000);
    for (int i = 0; i < 24; i++)
        made_job(&m, 0, i, 103.2);
    assert_true(finds(&m, "p95 of 24 jobs rests on its highest but one; a 95 % bound needs 59, of p99 299"));
    assert_true(finds(&m, "the average of 103.2 s is 26 % above the baseline of 82.0 s"));
    m.plan.time_scale = 0.5;
    assert_true(finds(&m, "the average of 103.2 s is 37 % below the baseline of 164.0 s"));
    m.steps[MADE_WAIT].kind = STEP_REQUEST; /* no job is waited for: nothing to compare */
    assert_false(finds(&m, "the average of 103.2 s is 37 % below the baseline of 164.0 s"));
    m.steps[MADE_WAIT].kind = STEP_POLL;
    for (int i = 0; i < 3; i++)
        made_failure(&m, 0, 30, FAIL_TIMEOUT, MADE_WAIT, 300, "timeout");
    assert_true(finds(&m, "p95 and above lie among the jobs that timed out (3): not reached"));
    assert_true(finds(&m, "11.1 % of the jobs failed: above 10 % is a critical failure"));
    m.record.interrupted = true;
    m.record.jobs[26]->outcome = JOB_UNFINISHED;
    m.record.jobs[26]->fail = FAIL_NONE;
    assert_true(finds(&m, "the run was interrupted"));
    assert_true(finds(&m, "1 job did not end and stands in no rate"));
    m.record.jobs[0]->model_valid = false;
    assert_true(finds(&m, "1 of 24 downloads were no valid model"));
    record_add_probe(&m.record, (struct record_probe){1, 1, false});
    assert_true(finds(&m, "1 of 1 health probes failed"));
    for (int i = 0; i < 24; i++)
        m.record.jobs[i]->unseen = 10 * NSEC_PER_SEC;
    assert_true(finds(&m, "polls leave open when a job ended: within 10.0 s, 10 % of the median"));
    m.record.traffic =
        (struct record_traffic){.missed = 2, .late = 1, .latest = 1500 * NSEC_PER_MSEC, .backwards = 3};
    assert_true(finds(&m, "2 jobs ended untold: only a poll saw it"));
    assert_true(finds(&m, "1 end was told after a poll had seen it, by up to 1.50 s"));
    assert_true(finds(&m, "3 times the progress that was told went backwards"));
    record_words_add(&m.record.unknown, "paused", 1);
    assert_true(finds(&m, "the target says 'paused' (1 time), which the workflow does not know"));
    record_words_add(&m.record.unknown, "held", 2);
    record_words_add(&m.record.unknown, "off", 1);
    record_words_add(&m.record.unknown, "on", 1);
    m.record.traffic.out_of_order = 1;
    m.record.traffic.contradicted = 2;
    assert_true(
        finds(&m, "the target says 'paused' (1 time), 'held' (2 times), 'off' (1 time) and others, which the "
                  "workflow does not know; 1 message or poll was out of order: it says less than the one "
                  "before; 2 jobs were told of one way and polled another: both cannot be true"));
    struct record_series *s = record_add_series(&m.record, "gpu.memory", "MB");
    record_add_point(&m.record, s, 1, 0);
    assert_false(finds(&m, "gpu.memory is simulated by the target"));
    s->simulated = true;
    assert_true(finds(&m, "gpu.memory is simulated by the target"));
    m.record.generator.skipped = 4;
    m.record.generator.steal_percent = 12;
    m.plan.load.max_in_flight = 100;
    assert_true(finds(&m, "4 starts were skipped: 100 jobs were under way"));
    assert_true(finds(&m, "12.0 % of this machine's time was taken by its host"));
    made_finish(&m);
}

static void test_metrics(void **state)
{
    (void)state;
    struct metered m;
    metered_init(&m, 5);
    struct record_metrics *metrics = &m.made.record.metrics;
    metered_add(&m, "a_total", 0);
    m.expected[0].moves = true;
    assert_true(finds(&m.made,
                      "a_total stood still at 100 while 5 jobs were completed: look in the target's code "
                      "where it is counted: who watches it sees nothing"));
    m.seen[metered_add(&m, "b_total", 0)].type = NULL;
    assert_true(finds(
        &m.made, "2 of the target's metrics are wrong; a_total stood still at 100 while 5 jobs were "
                 "completed: look in the target's code where it is counted: who watches it sees nothing"));
    metered_add(&m, "c_total", 9);
    m.expected[2].grows = COUNT_COMPLETED;
    assert_true(finds(&m.made, "c_total grew by 9, with 5 jobs of ours: somebody else uses the target"));
    m.made.plan.workflow.families = 61;
    assert_true(finds(&m.made, "the target has 60 families of metrics, 61 are expected"));
    metrics->mistakes = 1;
    metrics->mistake = "line 2: x";
    assert_true(finds(&m.made, "1 line of the target's metrics breaks the format's rules; line 2: x"));
    metrics->mistakes = 7;
    assert_true(finds(&m.made, "7 lines of the target's metrics break the format's rules; line 2: x"));
    metrics->unkept = 3;
    assert_true(finds(&m.made, "3 samples of expected metrics found no room: too many series"));
    metrics->unread = 4;
    assert_true(finds(&m.made, "4 series of the target's metrics are beyond what is read"));
    metrics->restarts = 1;
    assert_true(finds(&m.made, "the target was restarted 1 time: its start time has changed"));
    metrics->readable = false;
    metrics->why = "/metrics answered with status 404";
    assert_true(finds(
        &m.made, "the target's metrics could not be read: /metrics answered with status 404; see whether "
                 "--target leads to the backend itself, or name their path in the workflow (metrics:)"));
    m.made.plan.workflow.metric_count = 0;
    assert_true(finds(
        &m.made, "the target's metrics could not be read: /metrics answered with status 404; see whether "
                 "--target leads to the backend itself, or name their path in the workflow (metrics:)"));
    m.made.plan.workflow.families = 0; /* nobody asked for them */
    assert_false(finds(
        &m.made, "the target's metrics could not be read: /metrics answered with status 404; see whether "
                 "--target leads to the backend itself, or name their path in the workflow (metrics:)"));
    made_finish(&m.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_good_run_has_none),
                                       cmocka_unit_test(test_each), cmocka_unit_test(test_metrics)};
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
