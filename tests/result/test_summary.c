#include "test.h"
#include "golden.h"
#include "metered.h"
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>

static void fill_peak(struct made *m)
{
    static const double limits[] = {50, 5, 80, 180, 50};
    static const enum measure_kind kinds[] = {MEASURE_ATTEMPTED, MEASURE_ERROR_RATE, MEASURE_AVG,
                                              MEASURE_PERCENTILE, MEASURE_COMPLETED};
    static const enum comparison comparisons[] = {COMPARE_AT_LEAST, COMPARE_LESS, COMPARE_LESS, COMPARE_LESS,
                                                  COMPARE_AT_LEAST};
    static const char *const names[] = {"min_requests_ok", "error_rate_ok", "avg_time_ok", "p95_ok",
                                        "min_completions_ok"};
    static const char *const expressions[] = {"attempted >= 50", "error_rate < 5%", "avg(generation) < 80s",
                                              "p95(generation) < 180s", "completed >= 50"};
    made_init(m, 2, 300);
    m->plan.scenario = "peak";
    for (int i = 0; i < 56; i++) {
        struct record_job *j = made_job(m, i / 28, i * 5, 78 + (i * 7) % 13);
        made_parts(j, 0.4 + i % 3 * 0.1, 76 + (i * 7) % 13);
        j->validate = made_time(0.0021);
    }
    for (int i = 0; i < 4; i++)
        made_failure(m, 1, 280 + i, FAIL_STATUS, MADE_UPLOAD, 0.2, "upload: status 503 (queue is full)");
    made_failure(m, 1, 290, FAIL_TIMEOUT, MADE_WAIT, 300, "wait: timeout after 300 s");
    for (int i = 0; i < 5; i++)
        made_criterion(m, names[i], kinds[i], comparisons[i], limits[i])->expression = expressions[i];
    struct criterion *near = made_criterion(m, "performance_recovered", MEASURE_AVG, COMPARE_NEAR, 20);
    near->expression = "avg(generation){phase=second} within 20% of avg(generation){phase=first}";
    near->left.phase = 1;
    near->right = near->left;
    near->right.phase = 0;
    record_add_series(&m->record, "gpu.memory", "MB")->why = "the target has no GPU";
    struct criterion *gpu = made_criterion(m, "gpu_memory_stable", MEASURE_GROWTH, COMPARE_LESS, 10);
    gpu->expression = "growth(gpu.memory) < 10%";
    gpu->left.series = "gpu.memory";
}

static void write(const struct made *m, const struct terminal *t, struct buf *out)
{
    static const char *const files[] = {"results/results_peak.json", "results/report.html"};
    struct verdict v;
    verdict_judge(&v, &m->plan, &m->record, false);
    summary_write(out, t, &m->plan, &m->record, &v, files, COUNT(files));
    verdict_finish(&v);
    assert_false(out->failed);
    if (getenv("ORFEAS_TEST_SHOW"))
        fputs(buf_text(out), stderr);
}

static int longest_line(const char *text)
{
    int longest = 0;
    while (*text) {
        char line[2000];
        size_t len = strcspn(text, "\n");
        assert_true(len < sizeof line);
        memcpy(line, text, len);
        line[len] = '\0';
        int columns = terminal_columns(line);
        longest = columns > longest ? columns : longest;
        text += len + (text[len] == '\n');
    }
    return longest;
}

static void test_what_it_says(void **state)
{
    (void)state;
    struct made m;
    fill_peak(&m);
    struct buf out;
    buf_init(&out, 1 << 20);
    write(&m, &(struct terminal){.width = 100}, &out);
    static const char *const parts[] = {
        "✗ FAIL  peak  2 of 6 criteria failed: error_rate_ok, avg_time_ok",
        "61 started, 56 completed, 5 failed",
        "✓  min_requests_ok",
        "✗  avg_time_ok            avg(generation) < 80s",
        "✗ avg_time_ok: 83.9 s is not below 80.0 s (avg of 56 generations is 83.9 s, 1 more timed out,\n",
        "– gpu_memory_stable: the target has no GPU\n",
        "generation       56",
        "· queue",
        "* seen, but too few jobs for a 95 % bound: p95 needs ≥ 59, p99 needs ≥ 299",
        "4  status   upload: status 503 (queue is full)",
        "Findings\n",
        "→ results/report.html",
    };
    for (int i = 0; i < COUNT(parts); i++)
        if (!strstr(buf_text(&out), parts[i]))
            fail_msg("'%s' is missing in\n%s", parts[i], buf_text(&out));
    assert_null(strstr(buf_text(&out), "\033"));
    assert_true(longest_line(buf_text(&out)) <= 100);
    buf_finish(&out);
    made_finish(&m);
}

static void test_colour_and_hostile_texts(void **state)
{
    (void)state;
    struct made m;
    fill_peak(&m);
    for (int i = 0; i < RECORD_MESSAGES_MAX + 20; i++) {
        char text[60];
        snprintf(text, sizeof text, "bad \033]0;title\007 number %d", i);
        made_failure(&m, 0, 290, FAIL_BODY, MADE_SUBMIT, 1, text);
    }
    m.plan.about = m.criteria[0].expression = "\033[2J %s";
    struct buf out;
    buf_init(&out, 1 << 20);
    write(&m, &(struct terminal){.colour = true, .width = 40}, &out);
    assert_non_null(strstr(buf_text(&out), "\033[31;1m✗ FAIL\033[0m"));
    assert_null(strstr(buf_text(&out), "\033]"));
    assert_null(strstr(buf_text(&out), "\033[2J"));
    assert_non_null(strstr(buf_text(&out), "more kinds"));
    buf_finish(&out);
    made_finish(&m);
}

static bool says(const struct made *m, const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    write(m, &(struct terminal){.width = 200}, &out);
    bool found = strstr(buf_text(&out), text) != NULL;
    buf_finish(&out);
    return found;
}

static void test_traffic_and_arrivals(void **state)
{
    (void)state;
    struct made m;
    fill_peak(&m);
    assert_false(says(&m, "polls") || says(&m, "not now") || says(&m, "arrivals"));
    m.record.traffic =
        (struct record_traffic){.requests = 4000, .polls = 2500, .throttled = 12, .retries = 8};
    assert_true(says(&m, "  4000 requests, 62.5 % of them polls\n"));
    assert_true(says(&m, "  12 answers said \"not now\", 8 of them were tried again\n"));
    m.record.traffic.messages = 30;
    assert_true(says(&m, "  30 messages told of jobs\n"));
    m.record.traffic.reconnects = 2;
    assert_true(says(&m, "  30 messages told of jobs, 2 connections were lost\n"));
    m.plan.load.users = USERS_OPEN;
    m.plan.load.arrivals = ARRIVALS_POISSON;
    m.phases[1].rate = 120;
    assert_true(says(&m, "5 failed · up to 120 arrivals a second, poisson · 5 m"));
    m.plan.load.arrivals = ARRIVALS_REPLAY;
    assert_true(says(&m, "5 failed · arrivals as replayed · 5 m"));
    assert_true(says(&m, "completed a minute"));
    made_tally(&m);
    assert_true(says(&m, "61 started, 56 completed, 5 failed"));
    assert_true(says(&m, "completed a second"));
    assert_true(says(&m, "4  status   upload: status 503 (queue is full)"));
    made_finish(&m);
}

static void test_an_empty_run(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 1, 0);
    m.record.ended = m.record.load_ended = -1;
    struct buf out;
    buf_init(&out, 1 << 20);
    write(&m, &(struct terminal){.width = 100}, &out);
    assert_non_null(strstr(buf_text(&out), "? INCONCLUSIVE  made  no job has ended"));
    buf_finish(&out);
    made_finish(&m);
}

static void test_metrics(void **state)
{
    (void)state;
    struct metered m;
    struct buf out;
    metered_init(&m, 5);
    for (int i = 0; i < 3; i++)
        m.expected[metered_add(&m, i ? "b_total" : "a_total", 5)].grows = COUNT_COMPLETED;
    static const struct {
        double grew[3];
        const char *line;
    } rows[] = {
        {{5, 5, 5}, "  3 of 3 expected metrics present, 3 moved, all agree · 60 families in all\n"},
        {{5, 9, 5},
         "  3 of 3 expected metrics present, 3 moved, 2 of 3 agree with our counts, 1 grew by more · 60 "
         "families in all\n"},
        {{3, 5, 5},
         "  3 of 3 expected metrics present, 3 moved, 2 of 3 agree with our counts · 60 families in all\n"
         "  ✗ a_total: grew by 3, but 5 jobs were completed\n"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        for (int k = 0; k < 3; k++)
            m.seen[k].grew = rows[i].grew[k];
        buf_init(&out, 1 << 20);
        write(&m.made, &(struct terminal){.width = 120}, &out);
        if (!strstr(buf_text(&out), rows[i].line))
            fail_msg("'%s' is missing in\n%s", rows[i].line, buf_text(&out));
        buf_finish(&out);
    }
    buf_init(&out, 1 << 20);
    m.seen[2].type = NULL;
    m.expected[2].optional = true;
    write(&m.made, &(struct terminal){.width = 120}, &out);
    assert_non_null(
        strstr(buf_text(&out), "2 of 2 expected metrics present, 2 moved, 1 of 2 agree with our counts"));
    assert_non_null(strstr(buf_text(&out), " · 1 optional absent · 60 families in all\n"));
    buf_finish(&out);
    made_finish(&m.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_colour_and_hostile_texts),
        cmocka_unit_test(test_traffic_and_arrivals),
        cmocka_unit_test(test_an_empty_run),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
