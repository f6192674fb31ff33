#include "test.h"
#include "file.h"
#include "golden.h"
#include "metered.h"

#include <stdio.h>
#include <stdlib.h>

/* Written as text and read back: what a reader gets. The text is kept, too, where the schema's check looks
 * for it. */
static json_t *read_back(const struct made *m, const struct result_context *context, const char *name)
{
    struct verdict v;
    verdict_judge(&v, &m->plan, &m->record, false);
    json_t *document = result_json(&m->plan, &m->record, &v, context);
    verdict_finish(&v);
    assert_non_null(document);
    struct buf text;
    buf_init(&text, 64 << 20);
    result_json_write(document, &text);
    assert_false(text.failed);
    json_decref(document);
    json_error_t error;
    json_t *read = json_loads(buf_text(&text), JSON_REJECT_DUPLICATES, &error);
    if (!read)
        fail_msg("%s at line %d", error.text, error.line);
    const char *dir = getenv("ORFEAS_TEST_RESULTS");
    char path[500];
    if (dir && name && snprintf(path, sizeof path, "%s/%s.json", dir, name) < (int)sizeof path)
        assert_int_equal(file_write(path, text.bytes, text.len), 0);
    buf_finish(&text);
    return read;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("%s is no number", key);
    return json_number_value(value);
}

static void assert_prints(const json_t *object, const char *key, int digits, const char *expected)
{
    char text[40];
    snprintf(text, sizeof text, "%.*f", digits, number(object, key));
    assert_string_equal(text, expected);
}

static const char *string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "(none)";
}

/* The guide's example, from the run to the numbers as the guide prints them. */
static void test_golden(void **state)
{
    (void)state;
    struct made m;
    golden_fill(&m);
    struct result_context context = golden_context();
    json_t *out = read_back(&m, &context, "golden");
    static const struct {
        const char *key, *expected;
        int digits;
    } rows[] = {
        {"avg_duration", "82.1", 1},
        {"min_duration", "79.5", 1},
        {"max_duration", "85.3", 1},
        {"p50_duration", "82.0", 1},
        {"p95_duration", "84.8", 1},
        {"p99_duration", "85.2", 1},
        {"throughput_per_minute", "0.73", 2},
        {"duration_seconds", "410.5", 1},
        {"total_requests", "5", 0},
        {"successful_requests", "5", 0},
        {"failed_requests", "0", 0},
        {"success_rate", "100.0", 1},
        {"error_rate", "0.0", 1},
        {"load_seconds", "410.5", 1},
        {"polls", "400", 0},
        {"valid_models", "5", 0},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_prints(out, rows[i].key, rows[i].digits, rows[i].expected);
    /* Written as they are, without the digits of their storage. */
    assert_near(number(out, "p95_duration"), 84.8, 0);
    assert_string_equal(string(out, "verdict"), "pass");
    assert_string_equal(string(out, "scenario"), "baseline");
    assert_string_equal(string(out, "started_at"), "2026-01-31T12:00:00.000000Z");
    assert_string_equal(string(out, "ended_at"), "2026-01-31T12:06:50.500000Z");
    static const char *const checks[] = {"avg_time_ok", "zero_errors", "full_success", "all_completed",
                                         "overall"};
    const json_t *validation = json_object_get(out, "validation");
    assert_int_equal(json_object_size(validation), COUNT(checks));
    for (int i = 0; i < COUNT(checks); i++)
        assert_true(json_is_true(json_object_get(validation, checks[i])));
    assert_null(json_object_get(out, "unfinished"));
    json_decref(out);
    made_finish(&m);
}

static void test_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "schema",          "scenario",     "duration_seconds", "total_requests", "successful_requests",
        "failed_requests", "success_rate", "error_rate",       "avg_duration",   "min_duration",
        "max_duration",    "p50_duration", "p95_duration",     "p99_duration",   "throughput_per_minute",
        "errors",          "validation",   "verdict",          "criteria",       "phases",
        "steps",           "timeline",     "target",           "generator",      "censored",
        "attempted",       "accepted",     "completed",        "valid_models",   "load_seconds",
        "time_scale",      "seed",         "started_at",       "ended_at",       "version",
        "command",         "environment"};
    static const char *const criterion_keys[] = {"name", "expression", "phase",      "observed", "limit",
                                                 "unit", "interval",   "confidence", "verdict",  "why"};
    static const char *const generator_keys[] = {"workers", "start_lag_p99", "cpu",
                                                 "steal",   "skipped",       "fit"};
    struct made m;
    golden_fill(&m);
    struct result_context context = golden_context();
    json_t *out = read_back(&m, &context, NULL);
    for (int i = 0; i < COUNT(keys); i++)
        if (!json_object_get(out, keys[i]))
            fail_msg("%s is missing", keys[i]);
    const json_t *criterion = json_array_get(json_object_get(out, "criteria"), 0);
    for (int i = 0; i < COUNT(criterion_keys); i++)
        if (!json_object_get(criterion, criterion_keys[i]))
            fail_msg("criteria[].%s is missing", criterion_keys[i]);
    for (int i = 0; i < COUNT(generator_keys); i++)
        if (!json_object_get(json_object_get(out, "generator"), generator_keys[i]))
            fail_msg("generator.%s is missing", generator_keys[i]);
    const json_t *health = json_object_get(json_object_get(out, "target"), "health");
    assert_string_equal(string(health, "status"), "healthy");
    static const char *const steps[] = {"upload",     "submit", "wait",     "queue",
                                        "processing", "notice", "download", "validate"};
    for (int i = 0; i < COUNT(steps); i++)
        assert_string_equal(string(json_array_get(json_object_get(out, "steps"), (size_t)i), "name"),
                            steps[i]);
    json_decref(out);
    made_finish(&m);
}

/* Two phases with failures, timeouts and unfinished jobs; a GPU series that does not exist; scaled time. */
static void fill_messy(struct made *m)
{
    made_init(m, 2, 100);
    m->plan.time_scale = 60;
    for (int i = 0; i < 10; i++)
        made_job(m, i / 5, i * 10, 1 + i * 0.1);
    made_failure(m, 0, 3, FAIL_TIMEOUT, MADE_WAIT, 30, "wait: timeout");
    made_failure(m, 1, 60, FAIL_STATUS, MADE_UPLOAD, 0.1, "upload: status 500");
    made_failure(m, 1, 61, FAIL_STATUS, MADE_UPLOAD, 0.1, "upload: status 500");
    made_failure(m, 1, 62, FAIL_RESET, MADE_UPLOAD, 0.1, "")->error = -1;
    struct record_job *cut = made_failure(m, 1, 95, FAIL_RESET, MADE_WAIT, 3, "cut");
    cut->outcome = JOB_UNFINISHED;
    cut->fail = FAIL_NONE;
    cut->failed_step = cut->error = -1;
    m->record.interrupted = true;
    record_add_series(&m->record, "gpu.memory", "MB")->why = "the target has no GPU";
    struct record_series *s = record_add_series(&m->record, "target.memory", "bytes");
    for (int i = 0; i < 100; i++)
        record_add_point(&m->record, s, made_time(i), 1e9 + i * 1e5);
    record_add_series(&m->record, "target.cpu", "%")->state = SERIES_UNREADABLE;
    for (int i = 0; i < 100; i++)
        record_add_probe(&m->record, (struct record_probe){made_time(i), 1, i != 3});
    m->record.metrics = (struct record_metrics){
        .readable = true, .families = 50, .scrapes = 100, .mistakes = 2, .mistake = "line 3: odd"};
    made_criterion(m, "gpu_memory_stable", MEASURE_GROWTH, COMPARE_LESS, 10)->left.series = "gpu.memory";
    made_criterion(m, "memory_stable", MEASURE_GROWTH, COMPARE_LESS, 5)->left.series = "target.memory";
    made_criterion(m, "cpu_stable", MEASURE_GROWTH, COMPARE_LESS, 5)->left.series = "target.cpu";
    made_criterion(m, "p95_ok", MEASURE_PERCENTILE, COMPARE_LESS, 3);
    made_criterion(m, "second_rate", MEASURE_ERROR_RATE, COMPARE_LESS, 2)->left.phase = 1;
    struct criterion *near = made_criterion(m, "recovered", MEASURE_AVG, COMPARE_NEAR, 20);
    near->left.phase = 1;
    near->right = near->left;
    near->right.phase = 0;
}

static const json_t *named(const json_t *array, const char *name)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(string(json_array_get(array, i), "name"), name) == 0)
            return json_array_get(array, i);
    fail_msg("%s is missing", name);
    return NULL;
}

static void test_messy(void **state)
{
    (void)state;
    struct made m;
    fill_messy(&m);
    struct result_context context = golden_context();
    json_t *out = read_back(&m, &context, "messy");
    assert_int_equal(number(out, "total_requests"), 15);
    assert_int_equal(number(out, "unfinished"), 1);
    assert_int_equal(number(out, "censored"), 1);
    assert_near(number(out, "error_rate"), 28.571429, 0);
    const json_t *errors = json_object_get(out, "errors"), *failures = json_object_get(out, "failures");
    assert_int_equal(number(errors, "upload: status 500"), 2);
    assert_int_equal(number(errors, "wait: timeout"), 1);
    assert_int_equal(number(errors, "reset"), 1);
    assert_int_equal(json_object_size(errors), 3);
    assert_int_equal(number(failures, "status"), 2);
    assert_int_equal(json_array_size(json_object_get(out, "not_reached")), 2);
    const json_t *criteria = json_object_get(out, "criteria"),
                 *validation = json_object_get(out, "validation");
    assert_string_equal(string(named(criteria, "gpu_memory_stable"), "verdict"), "not_applicable");
    assert_string_equal(string(named(criteria, "gpu_memory_stable"), "why"), "the target has no GPU");
    assert_null(json_object_get(validation, "gpu_memory_stable"));
    assert_string_equal(string(named(criteria, "cpu_stable"), "verdict"), "inconclusive");
    assert_true(json_is_false(json_object_get(validation, "cpu_stable")));
    assert_true(json_is_true(json_object_get(validation, "memory_stable")));
    assert_true(json_is_false(json_object_get(validation, "overall")));
    const json_t *p95 = named(criteria, "p95_ok");
    assert_string_equal(string(p95, "verdict"), "fail");
    assert_true(json_is_null(json_object_get(p95, "observed")));
    assert_true(json_is_null(json_array_get(json_object_get(p95, "interval"), 1)));
    assert_near(number(p95, "limit"), 3, 0);
    assert_string_equal(string(named(criteria, "second_rate"), "phase"), "second");
    assert_int_equal(json_array_size(json_object_get(named(criteria, "recovered"), "limit")), 2);
    const json_t *second = named(json_object_get(out, "phases"), "second");
    assert_int_equal(number(second, "failed_requests"), 3);
    assert_near(number(second, "avg_duration"), 1.7, 0);
    const json_t *gpu = json_object_get(json_object_get(out, "target"), "gpu");
    assert_int_equal(json_array_size(gpu), 0);
    json_decref(out);
    made_finish(&m);
}

/* Law: the timeline and the phases add up to the totals. */
static void test_sums(void **state)
{
    (void)state;
    struct made m;
    fill_messy(&m);
    struct result_context context = golden_context();
    json_t *out = read_back(&m, &context, NULL);
    static const struct {
        const char *part, *key, *total;
    } rows[] = {
        {"timeline", "started", "attempted"},      {"timeline", "done", "completed"},
        {"timeline", "failed", "failed_requests"}, {"phases", "attempted", "attempted"},
        {"phases", "completed", "completed"},      {"phases", "failed_requests", "failed_requests"},
        {"phases", "censored", "censored"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        const json_t *part = json_object_get(out, rows[i].part);
        double sum = 0;
        for (size_t n = 0; n < json_array_size(part); n++)
            sum += number(json_array_get(part, n), rows[i].key);
        assert_near(sum, number(out, rows[i].total), 0);
    }
    json_decref(out);
    made_finish(&m);
}

static void test_findings(void **state)
{
    (void)state;
    struct made m;
    struct result_context context = golden_context();
    made_init(&m, 1, 100);
    made_job(&m, 0, 0, 132);
    for (int i = 1; i < 8; i++)
        made_job(&m, 0, i, 82);
    made_failure(&m, 0, 41, FAIL_JOB, MADE_WAIT, 1, "wait: the target says the job failed: no");
    json_t *out = read_back(&m, &context, "findings");
    const json_t *cold = json_object_get(out, "cold_start"), *found = json_object_get(out, "findings");
    assert_int_equal(number(cold, "jobs"), 1);
    assert_near(number(cold, "seconds"), 50, 1e-6);
    assert_near(number(cold, "warm_median"), 82, 1e-6);
    const json_t *worst = json_array_get(found, 0), *next = json_array_get(found, 1);
    assert_string_equal(json_string_value(json_object_get(worst, "name")), "jobs_failed");
    assert_string_equal(json_string_value(json_object_get(worst, "culprit")), "target");
    assert_string_equal(json_string_value(json_object_get(worst, "severity")), "critical");
    assert_near(number(worst, "since_seconds"), 42, 0);
    assert_non_null(strstr(json_string_value(json_object_get(worst, "evidence")), "11.1 %"));
    assert_true(json_is_null(json_object_get(next, "since_seconds")));
    json_decref(out);
    made_finish(&m);
}

static bool are_close(const json_t *a, const json_t *b)
{
    if (!json_is_number(a) || !json_is_number(b))
        return json_equal(a, b);
    double x = json_number_value(a), y = json_number_value(b);
    return fabs(x - y) <= fmax(fabs(x), fabs(y)) / 1024 + 1e-6;
}

static void assert_close(const json_t *kept, const json_t *counted, const char *where)
{
    static const char *const own[] = {"timeline",   "trends",   "steps", "distinct_models", "stages",
                                      "completion", "queueing", "jobs",  "findings",        "cold_start",
                                      "evidence",   "why",      "reason"};
    const char *key;
    json_t *value;
    size_t i;
    json_object_foreach((json_t *)kept, key, value)
    {
        bool skip = false;
        for (int n = 0; n < COUNT(own); n++)
            skip |= strcmp(key, own[n]) == 0;
        if (!skip)
            assert_close(value, json_object_get(counted, key), key);
    }
    json_array_foreach(kept, i, value) assert_close(value, json_array_get(counted, i), where);
    if (!json_is_object(kept) && !json_is_array(kept) && !are_close(kept, counted))
        fail_msg("%s differs", where);
    assert_int_equal(json_object_size(kept), json_object_size(counted));
    assert_int_equal(json_array_size(kept), json_array_size(counted));
}

/* The same run, tallied: the same document, to the histogram's precision. */
static void test_tallied(void **state)
{
    (void)state;
    struct made kept, counted;
    fill_messy(&kept);
    fill_messy(&counted);
    made_tally(&counted);
    struct result_context context = golden_context();
    json_t *a = read_back(&kept, &context, NULL), *b = read_back(&counted, &context, "tallied");
    assert_close(a, b, "all");
    for (size_t i = 0; i < MADE_STEPS; i++)
        assert_close(json_array_get(json_object_get(a, "steps"), i),
                     json_array_get(json_object_get(b, "steps"), i), "steps");
    double started = 0;
    const json_t *timeline = json_object_get(b, "timeline");
    for (size_t i = 0; i < json_array_size(timeline); i++)
        started += number(json_array_get(timeline, i), "started");
    assert_near(started, number(b, "attempted"), 0);
    assert_true(json_is_null(json_object_get(b, "distinct_models")));
    json_decref(a);
    json_decref(b);
    made_finish(&kept);
    made_finish(&counted);
}

/* What an open load has, and what was exchanged. */
static void test_traffic_and_rates(void **state)
{
    (void)state;
    struct made m;
    fill_messy(&m);
    m.plan.load.users = USERS_OPEN;
    m.phases[0].rate = 2.5;
    m.phases[1].rate = 80;
    m.record.traffic = (struct record_traffic){.requests = 400,
                                               .polls = 300,
                                               .messages = 12,
                                               .reconnects = 2,
                                               .missed = 3,
                                               .late = 1,
                                               .latest = 1500 * NSEC_PER_MSEC,
                                               .backwards = 4,
                                               .out_of_order = 6,
                                               .contradicted = 8,
                                               .throttled = 7,
                                               .retries = 5,
                                               .connects = 9,
                                               .bytes_sent = 5000000000,
                                               .bytes_received = 6};
    record_words_add(&m.record.unknown, "paused", 2);
    m.record.unknown.others = 3;
    m.record.generator.fd_limit = 1024;
    m.record.generator.fd_most = 90;
    record_loop_lag(&m.record, 3 * NSEC_PER_MSEC);
    made_lag(&m, 0.002);
    for (int i = 0; i < 3; i++)
        m.record.jobs[i]->model_hash = i < 2 ? 5 : 6;
    struct result_context context = golden_context();
    json_t *out = read_back(&m, &context, "open");
    assert_string_equal(string(out, "users_model"), "open");
    const json_t *phases = json_object_get(out, "phases"), *traffic = json_object_get(out, "traffic");
    assert_near(number(json_array_get(phases, 0), "rate"), 2.5, 0);
    assert_near(number(json_array_get(phases, 1), "rate"), 80, 0);
    assert_near(number(traffic, "poll_share"), 75, 0);
    assert_near(number(traffic, "bytes_sent"), 5e9, 0);
    assert_int_equal(number(traffic, "messages"), 12);
    assert_int_equal(number(traffic, "reconnects"), 2);
    assert_int_equal(number(traffic, "missed"), 3);
    assert_int_equal(number(traffic, "late"), 1);
    assert_near(number(traffic, "late_max"), 1.5, 0);
    assert_int_equal(number(traffic, "backwards"), 4);
    assert_int_equal(number(traffic, "out_of_order"), 6);
    assert_int_equal(number(traffic, "contradicted"), 8);
    assert_int_equal(number(json_object_get(traffic, "unknown_states"), "paused"), 2);
    assert_int_equal(number(json_object_get(traffic, "unknown_states"), "other states"), 3);
    assert_int_equal(number(traffic, "throttled"), 7);
    assert_int_equal(number(out, "distinct_models"), 2);
    const json_t *generator = json_object_get(out, "generator");
    assert_near(number(generator, "start_lag_p50"), 0.002, 0);
    assert_near(number(generator, "start_lag_max"), 0.002, 0);
    assert_near(number(generator, "loop_lag_p99"), 0.003, 0);
    assert_near(number(generator, "loop_lag_max"), 0.003, 0);
    assert_int_equal(number(generator, "fd_limit"), 1024);
    assert_int_equal(number(generator, "fd_most"), 90);
    json_decref(out);
    m.plan.load.arrivals = ARRIVALS_REPLAY;
    out = read_back(&m, &context, NULL);
    assert_null(json_object_get(json_array_get(json_object_get(out, "phases"), 0), "rate"));
    json_decref(out);
    made_finish(&m);
}

static void test_an_empty_run(void **state)
{
    (void)state;
    struct made m;
    made_init(&m, 2, 0);
    m.record.phases[0] = m.record.phases[1] = (struct record_span){-1, -1};
    m.record.load_ended = m.record.ended = -1;
    made_criterion(&m, "avg", MEASURE_AVG, COMPARE_LESS, 1);
    made_criterion(&m, "back", MEASURE_AVG, COMPARE_NEAR, 20)->right =
        (struct measure){.kind = MEASURE_AVG, .step = SUBJECT_GENERATION, .phase = 0};
    struct result_context context = {.seed = UINT64_MAX, .environment = {.cpus = 1}};
    json_t *out = read_back(&m, &context, "empty");
    static const char *const nulls[] = {"success_rate",          "error_rate", "avg_duration", "p99_duration",
                                        "throughput_per_minute", "version",    "ended_at"};
    for (int i = 0; i < COUNT(nulls); i++)
        assert_true(json_is_null(json_object_get(out, nulls[i])));
    assert_string_equal(string(out, "seed"), "18446744073709551615");
    assert_string_equal(string(out, "verdict"), "inconclusive");
    json_decref(out);
    made_finish(&m);
}

/* Whatever a target sends, the file stays JSON. */
static void test_hostile_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"}],\"verdict\":\"pass\"",
        "back\\slash \\u0000",
        "bytes \xff\xfe\xc0\x80",
        "control \x01\x1b[31m\n\t",
        "\xed\xa0\x80 surrogate",
        "",
        "{\"not\": json",
        "%s%n%d",
    };
    struct made m;
    golden_fill(&m);
    for (int i = 0; i < COUNT(texts); i++) {
        struct record_job *j = made_failure(&m, 0, 400, FAIL_STATUS, MADE_UPLOAD, 0.1, "placeholder");
        /* As a message that did not pass record_message(). */
        if (m.record.message_count < RECORD_MESSAGES_MAX)
            m.record.messages[j->error = m.record.message_count++] = texts[i];
    }
    m.record.metrics = (struct record_metrics){.why = "bad \xff", .mistakes = 1, .mistake = "a \xfe"};
    for (int i = 0; i < COUNT(texts); i++) {
        struct result_context context = golden_context();
        context.command = context.target_url = context.target_server = context.target_health = texts[i];
        json_t *out = read_back(&m, &context, i == 0 ? "hostile" : NULL);
        assert_string_equal(string(out, "verdict"), "fail");
        double sum = 0;
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(out, "errors"), key, value) sum += json_number_value(value);
        assert_near(sum, COUNT(texts), 0);
        json_decref(out);
    }
    made_finish(&m);
}

static void test_metrics(void **state)
{
    (void)state;
    struct metered m;
    metered_init(&m, 5);
    m.expected[metered_add(&m, "a_total", 5)].grows = COUNT_COMPLETED;
    m.expected[metered_add(&m, "b_total", 0)].moves = true;
    m.seen[metered_add(&m, "c_total", 0)].type = NULL;
    m.seen[0].p50 = 1.5;
    struct record_series *points = record_add_series(&m.made.record, "a_total", "");
    record_add_point(&m.made.record, points, -5, 100); /* before the load */
    record_add_point(&m.made.record, points, 1, 104);
    record_add_series(&m.made.record, "b_total", "");
    m.made.plan.workflow.families = 48;
    struct result_context context = golden_context();
    json_t *out = read_back(&m.made, &context, "metrics");
    const json_t *metrics = json_object_get(json_object_get(out, "target"), "metrics"),
                 *checks = json_object_get(metrics, "checks");
    static const struct {
        const char *key;
        int value;
    } numbers[] = {
        {"families", 60}, {"families_expected", 48}, {"expected", 3}, {"present", 2}, {"moving", 1},
        {"scrapes", 5},   {"failed_scrapes", 0},     {"mistakes", 0}, {"restarts", 0}};
    for (int i = 0; i < COUNT(numbers); i++)
        assert_near(number(metrics, numbers[i].key), numbers[i].value, 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(metrics, "wrong"), 0)),
                        "b_total: stood still at 100 while 5 jobs were completed");
    assert_string_equal(json_string_value(json_array_get(json_object_get(metrics, "wrong"), 1)),
                        "c_total: missing");
    assert_int_equal(json_array_size(checks), 3);
    const json_t *a = named(checks, "a_total"), *b = named(checks, "b_total"), *c = named(checks, "c_total");
    assert_string_equal(string(a, "agrees"), "yes");
    assert_string_equal(string(a, "grows"), "completed");
    assert_near(number(a, "ours"), 5, 0);
    assert_near(number(a, "grew"), 5, 0);
    assert_near(number(a, "p50"), 1.5, 0);
    assert_true(json_is_true(json_object_get(a, "right_type")) && json_is_true(json_object_get(a, "moved")));
    assert_true(json_is_false(json_object_get(b, "moved")));
    assert_true(json_is_null(json_object_get(b, "agrees")));
    assert_null(json_object_get(b, "p50"));
    assert_true(json_is_false(json_object_get(c, "present")) && json_is_null(json_object_get(c, "moved")));
    assert_null(json_object_get(c, "type"));
    const json_t *row = json_array_get(json_object_get(out, "timeline"), 0);
    assert_near(number(json_object_get(row, "metrics"), "a_total"), 102, 0);
    assert_int_equal(json_object_size(json_object_get(row, "metrics")), 1); /* b stood still */
    json_decref(out);
    made_finish(&m.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_messy),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_an_empty_run),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_tallied),
        cmocka_unit_test(test_traffic_and_rates),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
