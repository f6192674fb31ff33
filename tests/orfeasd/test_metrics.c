#include "test.h"

#include "families.h"

#include <stdio.h>

static const double BOUNDS[] = {.5, 1, 2.5, 0};

static const struct metric_def DEFS[] = {
    {"a_total", "First", METRIC_COUNTER, {0}},
    {"b", "Second", METRIC_GAUGE, {"x", "y"}},
    {"c_seconds", "Third", METRIC_HISTOGRAM, {"k"}, BOUNDS},
    {"d", "Hidden", METRIC_GAUGE, {0}},
};

static void test_written(void **state)
{
    (void)state;
    struct metrics *m = metrics_create(DEFS, COUNT(DEFS));
    metrics_hide(m, 3);
    metric_add(metrics_series(m, 0, NULL), 41);
    metric_add(metrics_series(m, 0, NULL), 1);
    metric_set(metrics_series(m, 1, (const char *[]){"a\"b", "c\\d\ne"}), 1795464030.125);
    metric_set(metrics_series(m, 1, (const char *[]){"", ""}), -0.25);
    const char *key = "v";
    const double values[] = {.1, .5, .50001, 2.5, 2.6, 1e9};
    for (int i = 0; i < COUNT(values); i++)
        metric_observe(metrics_series(m, 2, &key), values[i]);
    struct buf out;
    buf_init(&out, 1 << 16);
    metrics_write(m, &out);
    assert_string_equal(buf_text(&out), "# HELP a_total First\n# TYPE a_total counter\na_total 42\n"
                                        "# HELP b Second\n# TYPE b gauge\n"
                                        "b{x=\"a\\\"b\",y=\"c\\\\d\\ne\"} 1795464030.12\n"
                                        "b{x=\"\",y=\"\"} -0.25\n"
                                        "# HELP c_seconds Third\n# TYPE c_seconds histogram\n"
                                        "c_seconds_bucket{k=\"v\",le=\"0.5\"} 2\n"
                                        "c_seconds_bucket{k=\"v\",le=\"1\"} 3\n"
                                        "c_seconds_bucket{k=\"v\",le=\"2.5\"} 4\n"
                                        "c_seconds_bucket{k=\"v\",le=\"+Inf\"} 6\n"
                                        "c_seconds_sum{k=\"v\"} 1000000006.2\n"
                                        "c_seconds_count{k=\"v\"} 6\n");
    buf_finish(&out);
    metrics_destroy(m);
}

static void test_series_are_bounded(void **state)
{
    (void)state;
    struct metrics *m = metrics_create(DEFS, COUNT(DEFS));
    char label[16];
    const char *labels[] = {label, "y"};
    for (int i = 0; i < METRIC_SERIES_MAX; i++) {
        snprintf(label, sizeof label, "%d", i);
        metric_add(metrics_series(m, 1, labels), 1);
    }
    snprintf(label, sizeof label, "one more");
    struct metric_series *beyond = metrics_series(m, 1, labels);
    snprintf(label, sizeof label, "and another");
    assert_ptr_equal(metrics_series(m, 1, labels), beyond);
    snprintf(label, sizeof label, "7");
    assert_near(metrics_series(m, 1, labels)->value, 1, 0);
    metrics_destroy(m);
}

static void test_long_labels_are_cut(void **state)
{
    (void)state;
    struct metrics *m = metrics_create(DEFS, COUNT(DEFS));
    char text[2000];
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct metric_series *s = metrics_series(m, 1, (const char *[]){text, text});
    assert_true(strlen(s->labels) < METRIC_LABEL_TEXT_MAX);
    metrics_destroy(m);
}

static void test_cleared(void **state)
{
    (void)state;
    struct metrics *m = metrics_create(DEFS, COUNT(DEFS));
    struct buf out;
    buf_init(&out, 1 << 16);
    metric_set(metrics_series(m, 1, (const char *[]){"a", "b"}), 1);
    metric_set(metrics_series(m, 1, (const char *[]){"c", "d"}), 2);
    metrics_clear(m, 1);
    metric_set(metrics_series(m, 1, (const char *[]){"e", "f"}), 3);
    metrics_write(m, &out);
    assert_non_null(strstr(buf_text(&out), "# TYPE b gauge\nb{x=\"e\",y=\"f\"} 3\n# HELP"));
    buf_finish(&out);
    metrics_destroy(m);
}

static void test_families_are_declared(void **state)
{
    (void)state;
    for (int i = 0; i < FAMILIES; i++) {
        assert_non_null(family_defs[i].name);
        assert_non_null(family_defs[i].help);
        assert_int_equal(family_defs[i].type == METRIC_HISTOGRAM, family_defs[i].buckets != NULL);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(family_defs[i].name, family_defs[k].name);
    }
    metrics_destroy(metrics_create(family_defs, FAMILIES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_series_are_bounded),
        cmocka_unit_test(test_long_labels_are_cut),
        cmocka_unit_test(test_cleared),
        cmocka_unit_test(test_families_are_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
