#include "test.h"
#include "buf.h"
#include "scrape.h"

#include <stdio.h>
#include <stdlib.h>

struct world {
    struct scrape scrape;
    struct record log;
    struct arena arena;
    int scrapes;
};

static void begin(struct world *w, const struct promtext_selector *selectors, int count)
{
    w->scrapes = 0;
    record_init(&w->log, &(struct record_shape){0});
    arena_init(&w->arena, "test", 64 << 20);
    scrape_init(&w->scrape, selectors, count, &w->log);
}

static void end(struct world *w)
{
    scrape_finish(&w->scrape);
    record_finish(&w->log);
    arena_finish(&w->arena);
}

static bool scrape(struct world *w, const char *text)
{
    return scrape_read(&w->scrape, "text/plain; version=0.0.4", text, strlen(text),
                       ++w->scrapes * NSEC_PER_SEC, &w->log);
}

static struct record_metric collected(struct world *w, int metric)
{
    struct record_metric m;
    track_collect(&w->scrape.track, metric, &w->arena, &m);
    return m;
}

static const struct promtext_wanted done[] = {{"state", "done"}};

#define NAMED(metric)                  \
    {                                  \
        .name = metric, .text = metric \
    }

/* ---- one metric over time ---- */

enum { SCRAPES = 5 };

static void test_growth(void **state)
{
    (void)state;
    static const struct promtext_selector selector = {"jobs", done, 1, "jobs{state=\"done\"}"};
    static const struct {
        const char *type;
        const char *texts[SCRAPES];
        double first, last, grew;
        int resets, points;
        bool moved;
    } rows[] = {
        {"counter", {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 5\n"}, 5, 5, 0, 0, 2, false},
        {"counter",
         {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 7\n", "jobs{state=\"done\"} 12\n"},
         5,
         12,
         7,
         0,
         3,
         true},
        /* others are not meant */
        {"counter", {"jobs{state=\"failed\"} 5\n", "jobs{state=\"failed\"} 7\n"}, NAN, NAN, 0, 0, 0, false},
        /* it turns up after the first scrape, and began at 0 */
        {"counter", {"a 1\n", "jobs{state=\"done\"} 3\n", "jobs{state=\"done\"} 4\n"}, 3, 4, 4, 0, 2, true},
        {"counter", {"a 1\n", "jobs{state=\"done\"} 0\n"}, 0, 0, 0, 0, 1, false},
        /* two series are one sum, and each has its own resets */
        {"counter",
         {"jobs{state=\"done\",x=\"a\"} 5\njobs{state=\"done\",x=\"b\"} 1\n",
          "jobs{x=\"a\",state=\"done\"} 2\njobs{state=\"done\",x=\"b\"} 9\n"},
         6,
         11,
         10,
         1,
         2,
         true},
        /* a fall is a restart: 5 to 8, then from 0 to 2 */
        {"counter",
         {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 8\n", "jobs{state=\"done\"} 2\n"},
         5,
         2,
         5,
         1,
         3,
         true},
        {"untyped", {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 2\n"}, 5, 2, 2, 1, 2, true},
        {"gauge", {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 2\n"}, 5, 2, -3, 0, 2, true},
        {"gauge",
         {"jobs{state=\"done\"} 5\n", "jobs{state=\"done\"} 7\n", "jobs{state=\"done\"} 5\n"},
         5,
         5,
         0,
         0,
         3,
         true},
        /* what is no number is as if it were not there */
        {"gauge", {"jobs{state=\"done\"} NaN\n", "jobs{state=\"done\"} 7\n"}, 7, 7, 7, 0, 1, true},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        char text[500];
        begin(&w, &selector, 1);
        for (int k = 0; k < SCRAPES && rows[i].texts[k]; k++) {
            snprintf(text, sizeof text, "# TYPE jobs %s\n%s", rows[i].type, rows[i].texts[k]);
            assert_true(scrape(&w, text));
        }
        struct record_metric m = collected(&w, 0);
        const struct record_series *s = record_find_series(&w.log, "jobs{state=\"done\"}");
        bool none = isnan(rows[i].first);
        if (m.grew != rows[i].grew || m.resets != rows[i].resets || m.moved != rows[i].moved ||
            (none ? !isnan(m.first) : m.first != rows[i].first || m.last != rows[i].last) ||
            s->count != rows[i].points)
            fail_msg("row %d: %g to %g, grew %g, %d resets, moved %d, %d points", i, m.first, m.last, m.grew,
                     m.resets, m.moved, s->count);
        assert_string_equal(m.type, rows[i].type);
        end(&w);
    }
}

/* The counter has passed its last value since the restart, which only the start time tells. */
static void test_restart_by_start_time(void **state)
{
    (void)state;
    static const struct promtext_selector selector = NAMED("jobs");
    struct world w;
    begin(&w, &selector, 1);
    scrape(&w, "# TYPE jobs counter\njobs 5\nprocess_start_time_seconds 1000\n");
    scrape(&w, "# TYPE jobs counter\njobs 6\nprocess_start_time_seconds 1000.4\n"); /* computed anew */
    scrape(&w, "# TYPE jobs counter\njobs 9\nprocess_start_time_seconds 1060\n");
    scrape(&w, "# TYPE jobs counter\njobs 10\n");
    struct record_metric m = collected(&w, 0);
    assert_int_equal(w.scrape.restarts, 1);
    assert_int_equal(w.scrape.restart.start, 2 * NSEC_PER_SEC);
    assert_int_equal(w.scrape.restart.end, 3 * NSEC_PER_SEC);
    assert_int_equal(m.resets, 1);
    assert_near(m.grew, 1 + 9 + 1, 0);
    end(&w);
}

static void test_histogram(void **state)
{
    (void)state;
    struct promtext_selector selectors[] = {NAMED("h"), {"h", done, 1, "h{state=\"done\"}"}, NAMED("h_sum")};
    struct world w;
    begin(&w, selectors, 3);
    scrape(&w, "# TYPE h histogram\n"
               "h_bucket{state=\"done\",le=\"1\"} 100\nh_bucket{state=\"done\",le=\"2\"} "
               "100\nh_bucket{state=\"done\",le=\"+Inf\"} 100\nh_sum{state=\"done\"} "
               "7\nh_count{state=\"done\"} 100\n");
    scrape(&w, "# TYPE h histogram\n"
               "h_bucket{state=\"done\",le=\"1\"} 102\nh_bucket{state=\"done\",le=\"2\"} "
               "106\nh_bucket{state=\"done\",le=\"+Inf\"} 110\n"
               "h_sum{state=\"done\"} 27\nh_count{state=\"done\"} 110\n"
               "h_bucket{state=\"bad\",le=\"1\"} 10\nh_bucket{state=\"bad\",le=\"2\"} "
               "10\nh_bucket{state=\"bad\",le=\"+Inf\"} 10\n"
               "h_sum{state=\"bad\"} 1\nh_count{state=\"bad\"} 10\n");
    struct record_metric all = collected(&w, 0), one = collected(&w, 1), sum = collected(&w, 2);
    assert_string_equal(all.type, "histogram");
    assert_near(all.grew, 20, 0);
    assert_int_equal(all.series, 2);
    assert_near(one.grew, 10, 0);
    assert_near(one.first, 100, 0);
    assert_near(sum.grew, 21, 0);
    assert_true(isnan(sum.p50));
    /* Meanwhile: 12 up to 1, 16 up to 2, 20 in all. */
    assert_near(all.p50, 10.0 / 12, 1e-12);
    assert_near(one.p50, 1 + (5.0 - 2) / 4, 1e-12);
    assert_near(all.p95, 2, 0);
    end(&w);
}

static void test_summary_and_openmetrics(void **state)
{
    (void)state;
    struct promtext_selector selectors[] = {NAMED("s"), NAMED("jobs_total"), NAMED("jobs")};
    static const char *const texts[] = {"# TYPE s summary\ns{quantile=\"0.5\"} 4\ns_sum 9\ns_count 2\n# TYPE "
                                        "jobs counter\njobs_total 3\njobs_created 1000\n# EOF\n",
                                        "# TYPE s summary\ns{quantile=\"0.5\"} 5\ns_sum 19\ns_count 7\n# "
                                        "TYPE jobs counter\njobs_total 4\njobs_created 2000\n# EOF\n"};
    struct world w;
    begin(&w, selectors, 3);
    for (int i = 0; i < 2; i++)
        assert_true(
            scrape_read(&w.scrape, "application/openmetrics-text", texts[i], strlen(texts[i]), i, &w.log));
    struct record_metric summary = collected(&w, 0);
    assert_string_equal(summary.type, "summary");
    assert_near(summary.grew, 5, 0);
    assert_near(collected(&w, 1).grew, 4, 0); /* it was created anew */
    assert_string_equal(collected(&w, 1).type, "counter");
    assert_near(collected(&w, 2).grew, 4, 0); /* by the family's name */
    assert_int_equal(collected(&w, 2).resets, 1);
    assert_int_equal(w.scrape.mistakes, 0);
    assert_int_equal(w.scrape.families, 2);
    end(&w);
}

/* Of each label set on its own, counters and histograms with their buckets, in whatever order it is said. */
static void test_created_anew(void **state)
{
    (void)state;
    static const struct promtext_selector selectors[] = {
        NAMED("jobs_total"), {"jobs_total", done, 1, "x"}, NAMED("h")};
    static const char *const texts[] = {
        "# TYPE jobs counter\njobs_created{state=\"done\"} 10.5\njobs_total{state=\"done\"} "
        "5\njobs_total{state=\"bad\"} 7\n"
        "jobs_created{state=\"bad\"} 20\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} "
        "4\nh_count 4\n"
        "h_sum 1\nh_created 30\n# EOF\n",
        /* one is told no more, one is new, one is another */
        "# TYPE jobs counter\njobs_created{state=\"done\"} 11.5\njobs_total{state=\"done\"} "
        "8\njobs_total{state=\"bad\"} 9\n"
        "# TYPE h histogram\nh_bucket{le=\"1.0\"} 3\nh_bucket{le=\"+Inf\"} 6\nh_count 6\nh_sum 1\nh_created "
        "31\n# EOF\n",
        "# TYPE jobs counter\njobs_created{state=\"done\"} 11.5\njobs_total{state=\"done\"} "
        "9\njobs_total{state=\"bad\"} 9\n"
        "# TYPE h histogram\nh_bucket{le=\"1.0\"} 3\nh_bucket{le=\"+Inf\"} 7\nh_count 7\nh_sum 1\nh_created "
        "31\n# EOF\n"};
    struct world w;
    begin(&w, selectors, 3);
    for (int i = 0; i < COUNT(texts); i++)
        assert_true(
            scrape_read(&w.scrape, "application/openmetrics-text", texts[i], strlen(texts[i]), i, &w.log));
    assert_int_equal(w.scrape.mistakes, 0);
    assert_near(collected(&w, 0).grew, 8 + 1 + 2, 0);
    assert_int_equal(collected(&w, 0).resets, 1);
    assert_int_equal(collected(&w, 0).series, 2);
    assert_near(collected(&w, 0).last, 18, 0);
    assert_near(collected(&w, 1).grew, 9, 0);
    assert_near(collected(&w, 2).grew, 7, 0);
    assert_near(collected(&w, 2).p50, 1, 0); /* of 3 up to 1 and 7 in all */
    assert_int_equal(collected(&w, 2).resets, 1);
    end(&w);
}

static void test_a_counter_without_samples_in_openmetrics(void **state)
{
    (void)state;
    static const struct promtext_selector selectors[] = {NAMED("jobs_total"), NAMED("jobs"),
                                                         NAMED("job_total"), NAMED("jobs_total_total")};
    static const char text[] = "# TYPE jobs counter\n# TYPE jobs_of gauge\njobs_of 1\n# EOF\n";
    struct world w;
    begin(&w, selectors, 4);
    assert_true(scrape_read(&w.scrape, "application/openmetrics-text", text, strlen(text), 1, &w.log));
    assert_string_equal(collected(&w, 0).type, "counter");
    assert_string_equal(collected(&w, 1).type, "counter");
    assert_null(collected(&w, 2).type);
    assert_null(collected(&w, 3).type);
    end(&w);
}

/* Neither a fall nor anything else, whichever half is there. */
static void test_a_cut_body_counts_for_nothing(void **state)
{
    (void)state;
    struct promtext_selector selectors[] = {NAMED("a")};
    static const char *const texts[] = {"a{x=\"1\"} 5\na{x=\"2\"} 7\n", "a{x=\"1\"} 900\na{x=\"2\"} 9",
                                        "a{x=\"1\"} 6\na{x=\"2\"} 7\n"};
    struct world w;
    begin(&w, selectors, 1);
    for (int i = 0; i < COUNT(texts); i++)
        assert_int_equal(scrape(&w, texts[i]), i != 1);
    assert_near(collected(&w, 0).grew, 1, 0);
    assert_near(collected(&w, 0).last, 13, 0);
    assert_int_equal(record_find_series(&w.log, "a")->count, 2);
    end(&w);
}

static void test_declared_without_samples(void **state)
{
    (void)state;
    struct promtext_selector selectors[] = {NAMED("a"), NAMED("b")};
    struct world w;
    begin(&w, selectors, 2);
    scrape(&w, "# HELP a x\n# TYPE a counter\nother 1\n");
    assert_string_equal(collected(&w, 0).type, "counter");
    assert_int_equal(collected(&w, 0).series, 0);
    assert_null(collected(&w, 1).type);
    end(&w);
}

/* ---- what is wrong with the text ---- */

static void test_mistakes_are_told_once(void **state)
{
    (void)state;
    struct world w;
    begin(&w, NULL, 0);
    assert_true(scrape(&w, "a 1\nb\x1b[2J 2\nc\n"));
    assert_true(scrape(&w, "a 1\nd\ne\nf\n"));
    assert_true(scrape(&w, "a 1\n"));
    assert_int_equal(w.scrape.mistakes, 3);
    assert_string_equal(w.scrape.mistake, "line 2: a blank is missing: 'b?[2J 2'");
    assert_int_equal(w.scrape.families, 1);
    end(&w);
}

static void test_garbage(void **state)
{
    (void)state;
    struct world w;
    begin(&w, NULL, 0);
    assert_false(scrape(&w, ""));
    assert_false(scrape(&w, "<html>\n<body>\n"));
    assert_false(scrape(&w, "a 1")); /* cut */
    assert_false(scrape(&w, "a 1\nb"));
    assert_string_equal(w.scrape.mistake, "line 1: a metric's name is expected: '<html>'");
    size_t len = 16 << 20;
    char *bytes = malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    assert_false(scrape_read(&w.scrape, "", bytes, len, 1, &w.log));
    memset(bytes, '\n', len);
    assert_false(scrape_read(&w.scrape, "", bytes, len, 1, &w.log));
    memset(bytes, 'a', len);
    assert_false(scrape_read(&w.scrape, "", bytes, len, 1, &w.log));
    free(bytes);
    end(&w);
}

static void test_more_series_than_are_kept(void **state)
{
    (void)state;
    enum { MORE = 10, ALL = TRACK_SERIES_MAX + MORE };
    static const struct promtext_selector selector = NAMED("a");
    struct world w;
    struct buf text;
    begin(&w, &selector, 1);
    buf_init(&text, 4 << 20);
    buf_add_text(&text, "# TYPE a counter\n");
    for (int i = 0; i < ALL; i++)
        buf_printf(&text, "a{n=\"%d\"} 1\n", i);
    assert_true(scrape(&w, buf_text(&text)));
    assert_int_equal(w.scrape.track.unkept, MORE);
    assert_near(collected(&w, 0).last, TRACK_SERIES_MAX, 0);
    buf_finish(&text);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_restart_by_start_time),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_summary_and_openmetrics),
        cmocka_unit_test(test_created_anew),
        cmocka_unit_test(test_a_cut_body_counts_for_nothing),
        cmocka_unit_test(test_a_counter_without_samples_in_openmetrics),
        cmocka_unit_test(test_declared_without_samples),
        cmocka_unit_test(test_mistakes_are_told_once),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_more_series_than_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
