#include "plan_fixture.h"

#define WORKFLOW "workflow: w\nsteps: [{name: a, get: /}]\n"
#define LIST WORKFLOW "expect_metrics:\n"

static const char scenario[] = "scenario: s\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\n";

static struct plan *load_metrics(struct fixture *f, const char *workflow)
{
    put("w.yaml", workflow);
    return load_right(f, scenario);
}

static void test_what_is_read(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_metrics(&f, LIST "  - {name: a_total, type: counter, moves: true}\n"
                                              "  - {name: b, labels: {x: done, y: 'a\"b'}, grows: completed}\n"
                                              "  - {name: \"c:d\", type: gauge, optional: true, moves: false}\n"
                                              "  - {name: b}\nexpect_families: 48\n");
    const struct plan_metric *m = plan->workflow.metrics;
    assert_int_equal(plan->workflow.metric_count, 4);
    assert_int_equal(plan->workflow.families, 48);
    assert_string_equal(m[0].selector->text, "a_total");
    assert_true(m[0].typed && m[0].type == PROMTEXT_COUNTER && m[0].moves && !m[0].optional);
    assert_int_equal(m[0].grows, COUNT_NONE);
    assert_string_equal(m[1].selector->name, "b");
    assert_string_equal(m[1].selector->text, "b{x=\"done\",y=\"a\"b\"}");
    assert_int_equal(m[1].selector->label_count, 2);
    assert_string_equal(m[1].selector->labels[1].value, "a\"b");
    assert_true(!m[1].typed && m[1].moves && m[1].grows == COUNT_COMPLETED);
    assert_true(m[2].type == PROMTEXT_GAUGE && m[2].optional && !m[2].moves);
    plan_free(plan);
    end(&f);
}

static void test_what_is_watched(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    put("w.yaml", LIST "  - {name: a}\n  - {name: b, labels: {x: y}}\n");
    struct plan *plan = load_right(&f, "scenario: s\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\ncriteria:\n"
                                       "  - {name: k, expect: \"growth(target.memory) < 5%\"}\n"
                                       "  - {name: l, expect: \"growth(a) < 5%\"}\n"
                                       "  - {name: m, expect: \"growth(heap_bytes) < 5%\"}\n"
                                       "  - {name: n, expect: \"growth(heap_bytes) < 9%\"}\n");
    static const char *const expected[] = {"a", "b{x=\"y\"}", "heap_bytes"};
    assert_int_equal(plan->watched_count, COUNT(expected));
    for (int i = 0; i < COUNT(expected); i++)
        assert_string_equal(plan->watched[i].text, expected[i]);
    plan_free(plan);
    end(&f);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
        int count;
    } rows[] = {
        {WORKFLOW "expect_metrics: {a: 1}\n", "3:17: 'expect_metrics' must be a list, not a mapping (key: value)\n    write expect_metrics:", 1},
        {LIST "  - a_total\n", "4:5: this must be a mapping (key: value), not a single value\n    write {name: http_requests_total", 1},
        {LIST "  - {type: counter}\n", "4:5: 'name' is missing\n    write name: http_requests_total", 1},
        {LIST "  - {name: a, tpye: counter}\n", "4:15: unknown key 'tpye'\n    did you mean 'type'?", 1},
        {LIST "  - {name: a, type: couter}\n", "4:21: 'type' cannot be 'couter'\n    did you mean 'counter'?", 1},
        {LIST "  - {name: \"a{x}\"}\n", "4:12: 'a{x}' is no name of a metric\n    write it as it stands in /metrics", 1},
        {LIST "  - {name: 9a}\n", "4:12: '9a' is no name of a metric", 1},
        {LIST "  - {name: h_bucket, type: histogram}\n", "4:12: the name of a histogram has no '_bucket'", 1},
        {LIST "  - {name: a, labels: done}\n", "4:23: 'labels' must be a mapping (key: value), not a single value", 1},
        {LIST "  - {name: a, labels: {x-y: 1}}\n", "4:24: 'x-y' is no name of a label", 1},
        {LIST "  - {name: a, labels: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1}}\n", "4:23: more than 8 labels", 1},
        {LIST "  - {name: a, moves: often}\n", "4:22: 'moves' must be true or false, not 'often'", 1},
        {LIST "  - {name: a, grows: complete}\n", "4:22: 'grows' cannot be 'complete'\n    did you mean 'completed'?", 1},
        {LIST "  - {name: a, grows: failed, moves: false}\n", "4:37: what grows, moves\n    leave 'moves' out", 1},
        {LIST "  - {name: a, type: gauge, grows: failed}\n", "4:35: a gauge counts nothing: it cannot grow by jobs", 1},
        {LIST "  - {name: a}\n  - {name: b}\n  - {name: a, type: gauge}\n", "6:12: 'a' is expected already\n    say all of it", 1},
        {LIST "  - {name: a, labels: {x: y}}\n  - {name: a, labels: {x: y}}\n", "5:12: 'a{x=\"y\"}' is expected already", 1},
        {WORKFLOW "metrics: \"\"\nexpect_metrics: [{name: a}]\n", "4:1: the workflow names no metrics\n    write metrics: /metrics", 1},
        {WORKFLOW "expect_families: 0\n", "3:18: 'expect_families' must be from 1 to 10000", 1},
        {LIST "  - {name: a, type: x, moves: y, grows: z, optional: q}\n", "4:21: 'type' cannot be 'x'", 4},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char place[600];
        begin(&f);
        put("w.yaml", rows[i].text);
        assert_null(load(&f, scenario));
        snprintf(place, sizeof place, "w.yaml:%s", rows[i].expected);
        if (!strstr(told(&f), place) || f.diags.count != rows[i].count)
            fail_msg("expected %s, %d said:\n%s\nof:\n%s", place, f.diags.count, told(&f), rows[i].text);
        end(&f);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    struct fixture f;
    struct buf text;
    begin(&f);
    buf_init(&text, 1 << 20);
    buf_add_text(&text, LIST);
    for (int i = 0; i <= 200; i++)
        buf_printf(&text, "  - {name: a%d}\n", i);
    put("w.yaml", buf_text(&text));
    assert_null(load(&f, scenario));
    assert_non_null(strstr(told(&f), "more than 200 metrics"));
    buf_finish(&text);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_watched),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
