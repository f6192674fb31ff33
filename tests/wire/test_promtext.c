#include "test.h"
#include "buf.h"
#include "promtext.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- events as text ---- */

static const char *const parts[] = {"value", "bucket", "count", "sum", "quantile", "created"};

static void add_text(struct buf *out, struct promtext_text t)
{
    buf_add(out, t.at, t.len);
}

static void add_event(struct buf *out, const struct promtext *p, enum promtext_event event,
                      const struct promtext_sample *s)
{
    if (event == PROMTEXT_SAMPLE) {
        add_text(out, s->name);
        buf_add_text(out, "{");
        add_text(out, s->labels);
        buf_printf(out, "} %s %s", promtext_type_names[s->type], parts[s->part]);
        if (!promtext_is(s->family, "") && s->family.len != s->name.len) {
            buf_add_text(out, " of ");
            add_text(out, s->family);
        }
        buf_printf(out, " %.17g", s->value);
        if (!isnan(s->bound))
            buf_printf(out, " at %g", s->bound);
        if (s->timed)
            buf_printf(out, " time %.3f", s->time);
        buf_add_text(out, "\n");
    }
    if (event == PROMTEXT_FAMILY) {
        add_text(out, s->family);
        buf_printf(out, " is a %s\n", promtext_type_names[s->type]);
    }
    if (p->mistake)
        buf_printf(out, "%d: %s\n", p->line, p->mistake);
}

/* Every event of a body that ends where its memory ends. */
static void read_all(struct promtext *p, enum promtext_format format, const char *bytes, size_t len, struct buf *out)
{
    char *copy = malloc(len ? len : 1);
    struct promtext_sample s;
    enum promtext_event event;
    memcpy(copy, bytes, len);
    promtext_read(p, format, copy, len);
    int events = 0, line = 0;
    while ((event = promtext_next(p, &s)) != PROMTEXT_END) {
        assert_true(p->line >= line && ++events <= (int)len + 1);
        line = p->line;
        add_event(out, p, event, &s);
    }
    assert_int_equal(promtext_next(p, &s), PROMTEXT_END);
    free(copy);
}

struct row {
    const char *text, *events;
};

static void check_rows(enum promtext_format format, const struct row *rows, int count)
{
    struct promtext p;
    struct buf out;
    promtext_init(&p);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < count; i++) {
        buf_clear(&out);
        read_all(&p, format, rows[i].text, strlen(rows[i].text), &out);
        if (strcmp(buf_text(&out), rows[i].events) != 0)
            fail_msg("of\n%s\nexpected\n%s\nread\n%s", rows[i].text, rows[i].events, buf_text(&out));
    }
    buf_finish(&out);
    promtext_finish(&p);
}

/* ---- what both formats are made of ---- */

static void test_plain(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {"\n  \n\t\n", ""},
        {"a 1\n", "a{} untyped value 1\n"},
        {"  a\t 1 \n", "a{} untyped value 1\n"},
        {"a{} 1\n", "a{} untyped value 1\n"},
        {"a{x=\"1\"}2\n", "a{x=\"1\"} untyped value 2\n"},
        {"a { x = \"1\" , y=\"\" , } 2\n", "a{ x = \"1\" , y=\"\" , } untyped value 2\n"},
        {"a:b_9 .5\n", "a:b_9{} untyped value 0.5\n"},
        {"a +Inf\nb -inf\nc NaN\nd nan\n",
         "a{} untyped value inf\nb{} untyped value -inf\nc{} untyped value nan\nd{} untyped value nan\n"},
        {"a 1.5e3\nb 1E-2\nc -7\nd +3.\n",
         "a{} untyped value 1500\nb{} untyped value 0.01\nc{} untyped value -7\nd{} untyped value 3\n"},
        {"a 1 1395066363000\nb 1 -1500\n", "a{} untyped value 1 time 1395066363.000\nb{} untyped value 1 time -1.500\n"},
        {"# a comment\n#\n#HELP none\n# HELPS x y\n# EOF\na 1\n", "a{} untyped value 1\n"},
        {"# HELP a What \\\\ it \\n is\n# TYPE a gauge\na -1\n", "a is a gauge\na{} gauge value -1\n"},
        {"#\tHELP\ta\tx\n# TYPE a untyped\n# HELP b\na 1\n",
         "a is a untyped\na{} untyped value 1\n4: what belongs to this family stands apart from the rest of it\n"},
        {"a{p=\"C:\\\\D\\n\\\"q\\\"}\"} 1\n", "a{p=\"C:\\\\D\\n\\\"q\\\"}\"} untyped value 1\n"},
        {"a{x=\"\xc3\xa9\"} 1\n", "a{x=\"\xc3\xa9\"} untyped value 1\n"},
        {"# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\n",
         "h is a histogram\nh_bucket{le=\"1\"} histogram bucket of h 2 at 1\nh_bucket{le=\"+Inf\"} histogram bucket of h 3 at inf\n"
         "h_sum{} histogram sum of h 4\nh_count{} histogram count of h 3\n"},
        {"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 0\ns_count 0\n",
         "s is a summary\ns{quantile=\"0.5\"} summary quantile nan at 0.5\ns_sum{} summary sum of s 0\ns_count{} summary count of s 0\n"},
        {"# TYPE c_total counter\nc_total{le=\"1\"} 3\n", "c_total is a counter\nc_total{le=\"1\"} counter value 3\n"},
        {"a{x=\"1\"} 1\na{x=\"2\"} 1\na 1\n", "a{x=\"1\"} untyped value 1\na{x=\"2\"} untyped value 1\na{} untyped value 1\n"},
    };
    check_rows(PROMTEXT_PLAIN, rows, COUNT(rows));
}

static void test_plain_mistakes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a 1", "1: the last line has no line feed: the body was cut\n"},
        {"a 1\nb 2", "a{} untyped value 1\n2: the last line has no line feed: the body was cut\n"},
        {"a 1\r\n", "1: a line ends with a line feed alone, without a carriage return\n"},
        {"9a 1\n", "1: a metric's name is expected\n"},
        {"a\n", "1: a blank is missing\n"},
        {"a \n", "1: the value is no number\n"},
        {"a-1\n", "1: a blank is missing\n"},
        {"a 0x10\nb 1_0\nc 1e\nd .\ne infinit\nf 1e999\n",
         "1: the value is no number\n2: the value is no number\n3: the value is no number\n4: the value is no number\n"
         "5: the value is no number\n6: the value is no number\n"},
        {"a 1 2.5\n", "1: a time is a whole number of milliseconds\n"},
        {"a 1 2 3\n", "1: something stands behind the time\n"},
        {"a 1 # {x=\"1\"} 1\n", "1: exemplars are OpenMetrics'\n"},
        {"a{x=1} 1\n", "1: a label's value stands in quotes\n"},
        {"a{x=\"1} 1\n", "1: a label's value has no closing quote\n"},
        {"a{x=\"1\"\n", "1: labels end with '}', and are separated by ','\n"},
        {"a{x=\"1\" y=\"2\"} 1\n", "1: labels end with '}', and are separated by ','\n"},
        {"a{,} 1\n", "1: a label's name is expected\n"},
        {"a{x:y=\"1\"} 1\n", "1: a label's name is followed by '='\n"},
        {"a{x=\"\\t\"} 1\n", "1: an escape other than \\\\, \\\" and \\n\n"},
        {"a{x=\"\\", "1: the last line has no line feed: the body was cut\n"},
        {"a{x=\"\\\n", "1: an escape other than \\\\, \\\" and \\n\n"},
        {"a{x=\"\xff\"} 1\n", "1: a text that is not UTF-8\n"},
        {"a{x=\"1\",x=\"2\"} 1\n", "1: a label stands there twice\n"},
        {"# HELP a x\\y\n", "1: an escape other than \\\\ and \\n\n"},
        {"# HELP a \xc0\x80\n", "1: a text that is not UTF-8\n"},
        {"# HELP\n", "1: a metric's name is expected\n"},
        {"# TYPE a\n", "1: there is no such type in this format\n"},
        {"# TYPE a info\n", "1: this type is OpenMetrics'\n"},
        {"# TYPE a unknown\n", "1: there is no such type in this format\n"},
        {"# TYPE a gauge x\n", "1: something stands behind the type\n"},
        {"# TYPE a gauge\n# TYPE a counter\na 1\n",
         "a is a gauge\n2: the type of this family stands here a second time\na{} gauge value 1\n"},
        {"# HELP a x\n# HELP a y\n", "2: the help of this family stands here a second time\n"},
        {"a 1\n# TYPE a gauge\n", "a{} untyped value 1\n2: the type stands behind samples of its family\n"},
        {"a 1\na 2\n", "a{} untyped value 1\n2: this series stands here a second time\n"},
        {"a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\",z=\"\"} 2\n",
         "a{x=\"1\",y=\"2\"} untyped value 1\n2: this series stands here a second time\n"},
        {"a{x=\"1\"} 1\nb 1\na{x=\"2\"} 1\na{x=\"3\"} 1\n",
         "a{x=\"1\"} untyped value 1\nb{} untyped value 1\na{x=\"2\"} untyped value 1\n"
         "3: what belongs to this family stands apart from the rest of it\na{x=\"3\"} untyped value 1\n"},
        {"# TYPE h histogram\nh_count 1\nb 1\nh_sum 1\n",
         "h is a histogram\nh_count{} histogram count of h 1\nb{} untyped value 1\nh_sum{} untyped value 1\n"
         "4: what belongs to this family stands apart from the rest of it\n"},
        {"h_count 1\n# TYPE h histogram\n",
         "h_count{} untyped value 1\nh is a histogram\n2: another family has a name that belongs to this one\n"},
        {"# TYPE h histogram\nh 1\n",
         "h is a histogram\nh{} histogram value 1\n2: the name lacks the ending that samples of this type have\n"},
        {"# TYPE h histogram\nh_bucket 1\nh_bucket{le=\"x\"} 1\n",
         "h is a histogram\nh_bucket{} histogram bucket of h 1\n2: a bucket has a label le with a number\n"
         "h_bucket{le=\"x\"} histogram bucket of h 1\n3: a bucket has a label le with a number\n"},
        {"# TYPE h histogram\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"1\"} 2\n",
         "h is a histogram\nh_bucket{le=\"2\"} histogram bucket of h 3 at 2\nh_bucket{le=\"1\"} histogram bucket of h 2 at 1\n"
         "3: buckets ascend by le\n3: the buckets above have none with le=\"+Inf\"\n"},
        {"# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_count 3\n",
         "h is a histogram\nh_bucket{le=\"1\"} histogram bucket of h 3 at 1\nh_bucket{le=\"+Inf\"} histogram bucket of h 2 at inf\n"
         "3: a bucket holds less than the one before: they are cumulative\nh_count{} histogram count of h 3\n"
         "4: the count is not that of the bucket le=\"+Inf\"\n"},
        {"# TYPE h histogram\nh_bucket{x=\"a\",le=\"1\"} 3\nh_bucket{x=\"b\",le=\"+Inf\"} 2\na 1\n",
         "h is a histogram\nh_bucket{x=\"a\",le=\"1\"} histogram bucket of h 3 at 1\n"
         "h_bucket{x=\"b\",le=\"+Inf\"} histogram bucket of h 2 at inf\n3: the buckets above have none with le=\"+Inf\"\n"
         "a{} untyped value 1\n"},
        {"# TYPE c counter\nc -1\n", "c is a counter\nc{} counter value -1\n2: what counts is a number from 0 on\n"},
        {"# TYPE c counter\nc NaN\n", "c is a counter\nc{} counter value nan\n2: what counts is a number from 0 on\n"},
        {"# TYPE s summary\ns 1\n", "s is a summary\ns{} summary quantile 1\n2: a summary's value has a label quantile from 0 to 1\n"},
        {"# TYPE s summary\ns{quantile=\"2\"} 1\n",
         "s is a summary\ns{quantile=\"2\"} summary quantile 1 at 2\n2: a summary's value has a label quantile from 0 to 1\n"},
        {"<html>\n\xff\xfe{{{\n\x01\n", "1: a metric's name is expected\n2: a metric's name is expected\n3: a metric's name is expected\n"},
    };
    check_rows(PROMTEXT_PLAIN, rows, COUNT(rows));
}

#define EOF_LINE "# EOF\n"

static void test_openmetrics(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {EOF_LINE, ""},
        {"# EOF", ""},
        {"# TYPE r counter\n# UNIT r \n# HELP r x\nr_total 3\nr_created 1520872607.123\n" EOF_LINE,
         "r is a counter\nr_total{} counter value of r 3\nr_created{} counter created of r 1520872607.1229999\n"},
        {"# TYPE d_seconds gauge\n# UNIT d_seconds seconds\nd_seconds{a=\"b\"} 1.5 12.25\n" EOF_LINE,
         "d_seconds is a gauge\nd_seconds{a=\"b\"} gauge value 1.5 time 12.250\n"},
        {"# TYPE a gauge\na 1 1\na 2 2\n" EOF_LINE, "a is a gauge\na{} gauge value 1 time 1.000\na{} gauge value 2 time 2.000\n"},
        {"# TYPE h histogram\nh_bucket{le=\"0.1\"} 8 # {} 0.054\n"
         "h_bucket{le=\"+Inf\"} 9 1.5 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1520879607.789\nh_count 9\nh_sum 3.2\n" EOF_LINE,
         "h is a histogram\nh_bucket{le=\"0.1\"} histogram bucket of h 8 at 0.1\n"
         "h_bucket{le=\"+Inf\"} histogram bucket of h 9 at inf time 1.500\nh_count{} histogram count of h 9\n"
         "h_sum{} histogram sum of h 3.2000000000000002\n"},
        {"# TYPE g gaugehistogram\ng_bucket{le=\"+Inf\"} 2\ng_gcount 2\ng_gsum -1\n" EOF_LINE,
         "g is a gaugehistogram\ng_bucket{le=\"+Inf\"} gaugehistogram bucket of g 2 at inf\n"
         "g_gcount{} gaugehistogram count of g 2\ng_gsum{} gaugehistogram sum of g -1\n"},
        {"# TYPE i info\ni_info{version=\"1\"} 1\n# TYPE s stateset\ns{s=\"on\"} 1\ns{s=\"off\"} 0\n# TYPE u unknown\nu 5\n" EOF_LINE,
         "i is a info\ni_info{version=\"1\"} info value of i 1\ns is a stateset\ns{s=\"on\"} stateset value 1\n"
         "s{s=\"off\"} stateset value 0\nu is a untyped\nu{} untyped value 5\n"},
        {"a{x=\"\\q\\\"\"} 1\n" EOF_LINE, "a{x=\"\\q\\\"\"} untyped value 1\n"},
        {"", "0: no # EOF at the end: the body was cut\n"},
        {"a 1\n", "a{} untyped value 1\n1: no # EOF at the end: the body was cut\n"},
        {"a 1\n# EO", "a{} untyped value 1\n2: the last line has no line feed: the body was cut\n"},
        {EOF_LINE "a 1\n", "2: something stands behind # EOF\n"},
        {EOF_LINE "\n", "2: something stands behind # EOF\n"},
        {"\n" EOF_LINE, "1: OpenMetrics has no empty lines\n"},
        {"# so\n" EOF_LINE, "1: OpenMetrics knows # HELP, # TYPE, # UNIT and # EOF, and no comments\n"},
        {"a  1\n" EOF_LINE, "1: OpenMetrics separates by a single space\n"},
        {"a\t1\n" EOF_LINE, "1: OpenMetrics separates by a single space\n"},
        {" a 1\n" EOF_LINE, "1: a metric's name is expected\n"},
        {"a 1 \n" EOF_LINE, "1: a time is a number of seconds\n"},
        {"a{x=\"1\",} 1\n" EOF_LINE, "1: a label's name is expected\n"},
        {"a{x=\"1\"}1\n" EOF_LINE, "1: a blank is missing\n"},
        {"a 1 # {x=\"1\"\n" EOF_LINE, "1: an exemplar is # {labels} value, and perhaps a time\n"},
        {"a 1 # {x=\"1\"} 1 x\n" EOF_LINE, "1: an exemplar's time is no number of seconds\n"},
        {"# TYPE c counter\nc 1\n" EOF_LINE,
         "c is a counter\nc{} counter value 1\n2: the name lacks the ending that samples of this type have\n"},
        {"# TYPE c_total counter\nc_total 1\n" EOF_LINE,
         "c_total is a counter\nc_total{} counter value 1\n2: the name lacks the ending that samples of this type have\n"},
        {"# TYPE a untyped\n" EOF_LINE, "1: there is no such type in this format\n"},
        {"# UNIT a_s seconds\n# UNIT a_s s\n" EOF_LINE,
         "1: the family's name does not end in its unit\n2: the unit of this family stands here a second time\n"},
        {"# TYPE i info\ni_info 2\n" EOF_LINE, "i is a info\ni_info{} info value of i 2\n2: an info's value is 1\n"},
        {"# TYPE s stateset\ns 2\n" EOF_LINE, "s is a stateset\ns{} stateset value 2\n2: a state's value is 0 or 1\n"},
        {"# TYPE a gauge\na 1\na 1\n" EOF_LINE, "a is a gauge\na{} gauge value 1\n3: this series stands here a second time\n"},
        {"# TYPE h histogram\nh_bucket{le=\"1\"} 1\n" EOF_LINE,
         "h is a histogram\nh_bucket{le=\"1\"} histogram bucket of h 1 at 1\n3: the buckets above have none with le=\"+Inf\"\n"},
    };
    check_rows(PROMTEXT_OPENMETRICS, rows, COUNT(rows));
}

static void test_formats(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        enum promtext_format format;
    } rows[] = {
        {"", "", PROMTEXT_PLAIN},
        {"", "# EOF\n", PROMTEXT_OPENMETRICS},
        {"", "# EOF", PROMTEXT_OPENMETRICS},
        {"text/html", "a 1\n# EOF\n", PROMTEXT_OPENMETRICS},
        {"", "a 1 # EOF\n", PROMTEXT_PLAIN},
        {"text/plain; version=0.0.4", "a 1\n# EOF\n", PROMTEXT_PLAIN},
        {"text/plain", "a 1\n# EOF\n", PROMTEXT_OPENMETRICS},
        {"Application/OpenMetrics-Text; version=1.0.0", "a 1\n", PROMTEXT_OPENMETRICS},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(promtext_format_of(rows[i].type, rows[i].body, strlen(rows[i].body)), rows[i].format);
}

static void test_labels(void **state)
{
    (void)state;
    static const char text[] = "m{ax=\"true\", simulated = \"true\",b=\"f\",q=\"a\\\"\\\\\\n\",} 1\n";
    struct promtext p;
    struct promtext_sample s;
    promtext_init(&p);
    promtext_read(&p, PROMTEXT_PLAIN, text, sizeof text - 1);
    assert_int_equal(promtext_next(&p, &s), PROMTEXT_SAMPLE);
    assert_true(promtext_has_label(&s, "simulated", "true"));
    assert_false(promtext_has_label(&s, "simulated", "tru"));
    assert_false(promtext_has_label(&s, "simulated", "true1"));
    assert_false(promtext_has_label(&s, "x", "true"));
    assert_true(promtext_has_label(&s, "b", "f"));
    assert_true(promtext_has_label(&s, "q", "a\"\\\n"));
    assert_false(promtext_has_label(&s, "q", "a\"\\n"));
    promtext_finish(&p);
}

/* ---- whole bodies ---- */

static const char plain_body[] =
    "# HELP jobs_total Jobs by state, a \\\\ and a \\n in the help.\n# TYPE jobs_total counter\n"
    "jobs_total{state=\"done\",user=\"a \\\"b\\\"\"} 1027 1395066363000\njobs_total{state=\"failed\"} 3 1395066363000\n\n"
    "# Nothing is known of this one:\nodd_thing{path=\"C:\\\\DIR\\n\"} 1.458255915e9\n"
    "no_labels 12.47\nfar{problem=\"division by zero\"} +Inf -3982045\n\n"
    "# TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"0.05\"} 24054\nwait_seconds_bucket{le=\"1\"} 133988\n"
    "wait_seconds_bucket{le=\"+Inf\"} 144320\nwait_seconds_sum 53423\nwait_seconds_count 144320\n"
    "# TYPE rpc_seconds summary\nrpc_seconds{quantile=\"0.5\"} 4773\nrpc_seconds{quantile=\"0.99\"} 76656\n"
    "rpc_seconds_sum 1.7560473e+07\nrpc_seconds_count 2693\n";

static const char openmetrics_body[] =
    "# TYPE jobs counter\n# HELP jobs Jobs with a \\\" in the help\njobs_total{state=\"done\"} 17.0 1520879607.789 "
    "# {trace_id=\"KOO5S4vxi0o\"} 0.67\njobs_created{state=\"done\"} 1520430000.123\n"
    "# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\nwait_seconds_bucket{le=\"0.01\"} 0\n"
    "wait_seconds_bucket{le=\"1.0\"} 8 # {} 0.054\nwait_seconds_bucket{le=\"+Inf\"} 17 # {trace_id=\"oHg5SJYRHA0\"} 9.8 "
    "1520879607.789\nwait_seconds_count 17\nwait_seconds_sum 324789.3\nwait_seconds_created 1520430000.123\n# EOF\n";

/* Of a body that ends anywhere all lines but the last one are the same, and the end is noticed. */
static void check_prefixes(enum promtext_format format, const char *text, size_t len)
{
    struct promtext p;
    struct buf whole, cut;
    promtext_init(&p);
    buf_init(&whole, 1 << 20);
    buf_init(&cut, 1 << 20);
    read_all(&p, format, text, len, &whole);
    assert_null(strstr(buf_text(&whole), ": "));
    for (size_t to = 0; to < len; to++) {
        buf_clear(&cut);
        read_all(&p, format, text, to, &cut);
        size_t common = cut.len;
        const char *mistake = strstr(buf_text(&cut), ": ");
        if (mistake) {
            while (mistake > cut.bytes && mistake[-1] != '\n')
                mistake--;
            common = (size_t)(mistake - cut.bytes);
        }
        assert_true(common <= whole.len);
        if (common)
            assert_memory_equal(cut.bytes, whole.bytes, common);
        bool between = format == PROMTEXT_PLAIN ? to == 0 || text[to - 1] == '\n' : to == len - 1;
        bool in_buckets = strstr(buf_text(&cut), "+Inf") != NULL;
        if (!mistake != between && !in_buckets)
            fail_msg("cut at %zu: %s", to, buf_text(&cut));
    }
    buf_finish(&whole);
    buf_finish(&cut);
    promtext_finish(&p);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    check_prefixes(PROMTEXT_PLAIN, plain_body, sizeof plain_body - 1);
    check_prefixes(PROMTEXT_OPENMETRICS, openmetrics_body, sizeof openmetrics_body - 1);
}

static void test_changed_bytes(void **state)
{
    (void)state;
    struct promtext p;
    struct buf out;
    struct rng r;
    rng_init(&r, 3, 0);
    promtext_init(&p);
    buf_init(&out, 1 << 20);
    for (int round = 0; round < 20000; round++) {
        bool om = round % 2;
        char copy[sizeof plain_body > sizeof openmetrics_body ? sizeof plain_body : sizeof openmetrics_body];
        size_t len = om ? sizeof openmetrics_body - 1 : sizeof plain_body - 1;
        memcpy(copy, om ? openmetrics_body : plain_body, len);
        for (int k = 0; k < 3; k++)
            copy[rng_range(&r, 0, (int64_t)len - 1)] = (char)rng_range(&r, 0, 255);
        buf_clear(&out);
        read_all(&p, om ? PROMTEXT_OPENMETRICS : PROMTEXT_PLAIN, copy, len, &out);
    }
    buf_finish(&out);
    promtext_finish(&p);
}

static void test_many_series(void **state)
{
    (void)state;
    enum { MORE = 5000, ALL = PROMTEXT_SERIES_MAX + MORE };
    struct promtext p;
    struct promtext_sample s;
    struct buf body;
    promtext_init(&p);
    buf_init(&body, 64 << 20);
    buf_add_text(&body, "# TYPE a gauge\n");
    for (int i = 0; i < ALL; i++)
        buf_printf(&body, "a{number=\"%d\",kind=\"some\"} %d\n", i, i);
    buf_add_text(&body, "a{kind=\"some\",number=\"7\"} 1\n");
    for (int round = 0; round < 2; round++) { /* the second one needs no more memory */
        int mistakes = 0;
        promtext_read(&p, PROMTEXT_PLAIN, body.bytes, body.len);
        for (enum promtext_event e; (e = promtext_next(&p, &s)) != PROMTEXT_END;)
            mistakes += p.mistake != NULL;
        assert_int_equal(p.samples, PROMTEXT_SERIES_MAX);
        assert_int_equal(p.unread, MORE);
        assert_int_equal(mistakes, 1);
        assert_int_equal(p.families, 1);
        assert_true((p.series.capacity + p.names.capacity) * sizeof(uint64_t) <= 4 << 20);
    }
    buf_finish(&body);
    promtext_finish(&p);
}

static void test_many_families(void **state)
{
    (void)state;
    enum { ALL = PROMTEXT_NAMES_MAX + 1000 };
    struct promtext p;
    struct promtext_sample s;
    struct buf body;
    promtext_init(&p);
    buf_init(&body, 64 << 20);
    for (int i = 0; i < ALL; i++)
        buf_printf(&body, "a%d 1\n", i);
    promtext_read(&p, PROMTEXT_PLAIN, body.bytes, body.len);
    while (promtext_next(&p, &s) != PROMTEXT_END)
        assert_null(p.mistake);
    assert_int_equal(p.families, ALL);
    assert_int_equal(p.names.count, PROMTEXT_NAMES_MAX);
    buf_finish(&body);
    promtext_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_plain_mistakes),
        cmocka_unit_test(test_openmetrics),   cmocka_unit_test(test_formats),
        cmocka_unit_test(test_labels),        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_changed_bytes), cmocka_unit_test(test_many_series),
        cmocka_unit_test(test_many_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
