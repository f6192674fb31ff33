#include "plan_fixture.h"

#define SEC NSEC_PER_SEC

static struct plan *load_shipped(struct fixture *f, const char *name)
{
    struct plan *plan = plan_load(name, &f->options, &f->diags);
    if (!plan)
        fail_msg("%s: %s", name, told(f));
    return plan;
}

static void assert_range(struct nsec_range range, nsec low, nsec high)
{
    assert_int_equal(range.low, low);
    assert_int_equal(range.high, high);
}

struct expected_phase {
    const char *name;
    int users;
    nsec duration, think_low, think_high, start_every;
};

static void test_loads(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        enum user_model users;
        int64_t jobs;
        int criteria, phases;
        struct expected_phase phase[3];
    } rows[] = {
        {"baseline", USERS_CLOSED, 5, 4, 1, {{"baseline", 1, NSEC_NEVER, 0, 0, 0}}},
        {"normal", USERS_PACED, 0, 6, 1, {{"normal", 3, 600 * SEC, 60 * SEC, 90 * SEC, SEC}}},
        {"peak", USERS_PACED, 0, 5, 1, {{"peak", 10, 300 * SEC, 20 * SEC, 60 * SEC, SEC / 2}}},
        {"spike",
         USERS_PACED,
         0,
         4,
         3,
         {{"baseline", 2, 120 * SEC, 40 * SEC, 70 * SEC, SEC / 5},
          {"spike", 20, 60 * SEC, 10 * SEC, 30 * SEC, SEC / 5},
          {"recovery", 2, 120 * SEC, 40 * SEC, 70 * SEC, SEC / 5}}},
        {"sustained", USERS_PACED, 0, 5, 1, {{"sustained", 5, 3600 * SEC, 60 * SEC, 120 * SEC, SEC}}},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        struct plan *plan = load_shipped(&f, rows[i].scenario);
        assert_string_equal(plan->scenario, rows[i].scenario);
        assert_true(strlen(plan->about) > 10);
        assert_string_equal(plan->workflow.name, "orfeas-3d");
        assert_int_equal(plan->load.users, rows[i].users);
        assert_int_equal(plan->load.jobs, rows[i].jobs);
        assert_int_equal(plan->load.timeout, 300 * SEC);
        assert_int_equal(plan->load.max_in_flight, 10000);
        assert_int_equal(plan->load.warmup_jobs, 0);
        assert_true(plan->load.unique_images);
        assert_int_equal(plan->criterion_count, rows[i].criteria);
        assert_int_equal(plan->load.phase_count, rows[i].phases);
        for (int j = 0; j < rows[i].phases; j++) {
            const struct plan_phase *p = &plan->load.phases[j];
            const struct expected_phase *e = &rows[i].phase[j];
            assert_string_equal(p->name, e->name);
            assert_int_equal(p->users, e->users);
            assert_int_equal(p->duration, e->duration);
            assert_range(p->think, e->think_low, e->think_high);
            assert_int_equal(p->start_every, e->start_every);
        }
        plan_free(plan);
        end(&f);
    }
}

static const struct {
    const char *scenario, *name;
    enum measure_kind kind;
    double percentile;
    int phase;
    const char *series;
    enum comparison comparison;
    double limit, limit_high;
} criteria[] = {
    {"baseline", "avg_time_ok", MEASURE_AVG, 0, -1, NULL, COMPARE_RANGE, 75, 90},
    {"baseline", "zero_errors", MEASURE_ERROR_RATE, 0, -1, NULL, COMPARE_AT_MOST, 0, 0},
    {"baseline", "full_success", MEASURE_SUCCESS_RATE, 0, -1, NULL, COMPARE_AT_LEAST, 100, 0},
    {"baseline", "all_completed", MEASURE_COMPLETED, 0, -1, NULL, COMPARE_AT_LEAST, 5, 0},
    {"normal", "uptime_ok", MEASURE_UPTIME, 0, -1, NULL, COMPARE_AT_LEAST, 100, 0},
    {"normal", "error_rate_ok", MEASURE_ERROR_RATE, 0, -1, NULL, COMPARE_LESS, 1, 0},
    {"normal", "success_rate_ok", MEASURE_SUCCESS_RATE, 0, -1, NULL, COMPARE_GREATER, 99, 0},
    {"normal", "avg_time_ok", MEASURE_AVG, 0, -1, NULL, COMPARE_LESS, 90, 0},
    {"normal", "p95_ok", MEASURE_PERCENTILE, 95, -1, NULL, COMPARE_LESS, 120, 0},
    {"normal", "p99_ok", MEASURE_PERCENTILE, 99, -1, NULL, COMPARE_LESS, 150, 0},
    {"peak", "min_requests_ok", MEASURE_ATTEMPTED, 0, -1, NULL, COMPARE_AT_LEAST, 50, 0},
    {"peak", "error_rate_ok", MEASURE_ERROR_RATE, 0, -1, NULL, COMPARE_LESS, 5, 0},
    {"peak", "avg_time_ok", MEASURE_AVG, 0, -1, NULL, COMPARE_LESS, 150, 0},
    {"peak", "p95_ok", MEASURE_PERCENTILE, 95, -1, NULL, COMPARE_LESS, 180, 0},
    {"peak", "min_completions_ok", MEASURE_COMPLETED, 0, -1, NULL, COMPARE_AT_LEAST, 50, 0},
    {"spike", "survived", MEASURE_UPTIME, 0, -1, NULL, COMPARE_AT_LEAST, 99, 0},
    {"spike", "spike_error_rate_ok", MEASURE_ERROR_RATE, 0, 1, NULL, COMPARE_LESS, 10, 0},
    {"spike", "recovery_error_rate_ok", MEASURE_ERROR_RATE, 0, 2, NULL, COMPARE_LESS, 2, 0},
    {"spike", "performance_recovered", MEASURE_AVG, 0, 2, NULL, COMPARE_NEAR, 20, 0},
    {"sustained", "uptime_ok", MEASURE_ERROR_RATE, 0, -1, NULL, COMPARE_LESS, 0.1, 0},
    {"sustained", "performance_stable", MEASURE_DEGRADATION, 0, -1, NULL, COMPARE_LESS, 10, 0},
    {"sustained", "memory_stable", MEASURE_GROWTH, 0, -1, "target.memory", COMPARE_LESS, 5, 0},
    {"sustained", "gpu_memory_stable", MEASURE_GROWTH, 0, -1, "gpu.memory", COMPARE_LESS, 10, 0},
    {"sustained", "sustained_activity", MEASURE_COMPLETED, 0, -1, NULL, COMPARE_AT_LEAST, 150, 0},
};

static const struct criterion *find_criterion(const struct plan *plan, const char *name)
{
    for (int i = 0; i < plan->criterion_count; i++) {
        if (strcmp(plan->criteria[i].name, name) == 0)
            return &plan->criteria[i];
    }
    fail_msg("%s has no criterion %s", plan->scenario, name);
    return NULL;
}

static void test_criteria(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    int in_all = 0;
    for (int i = 0; i < COUNT(criteria); i++) {
        struct plan *plan = load_shipped(&f, criteria[i].scenario);
        const struct criterion *k = find_criterion(plan, criteria[i].name);
        assert_int_equal(k->left.kind, criteria[i].kind);
        assert_near(k->left.percentile, criteria[i].percentile, 0);
        assert_int_equal(k->left.step, SUBJECT_GENERATION);
        assert_int_equal(k->left.phase, criteria[i].phase);
        assert_int_equal(k->left.last, 0);
        if (criteria[i].series)
            assert_string_equal(k->left.series, criteria[i].series);
        assert_int_equal(k->comparison, criteria[i].comparison);
        assert_near(k->limit, criteria[i].limit, 1e-12);
        assert_near(k->limit_high, criteria[i].limit_high, 1e-12);
        if (k->comparison == COMPARE_NEAR) {
            assert_int_equal(k->right.kind, MEASURE_AVG);
            assert_int_equal(k->right.phase, 0);
        }
        if (i == 0 || strcmp(criteria[i].scenario, criteria[i - 1].scenario) != 0)
            in_all += plan->criterion_count;
        plan_free(plan);
    }
    assert_int_equal(in_all, COUNT(criteria)); /* no criterion is left out above */
    end(&f);
}

static void assert_template(const struct template *t, const struct plan *plan, const char *expected)
{
    static const char *const marks[] = {
        [SEGMENT_VARIABLE] = "v", [SEGMENT_JSON] = "j", [SEGMENT_JSON_PART] = "p"};
    struct buf out;
    buf_init(&out, 1 << 16);
    for (int i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        if (s->kind == SEGMENT_TEXT)
            buf_add(&out, s->text, s->len);
        else
            buf_printf(&out, "<%s %s>", marks[s->kind], plan->workflow.variables[s->variable].name);
    }
    assert_string_equal(buf_text(&out), expected);
    buf_finish(&out);
}

static enum plan_state state_named(const struct plan_states *states, const char *value)
{
    for (int i = 0; i < states->count; i++)
        if (strcmp(states->signs[i].is.value, value) == 0)
            return states->signs[i].state;
    return STATE_NONE;
}

static void test_workflow(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_shipped(&f, "peak");
    const struct workflow *w = &plan->workflow;
    assert_int_equal(w->step_count, 4);
    const struct plan_step *upload = &w->steps[0], *submit = &w->steps[1], *wait = &w->steps[2],
                           *get = &w->steps[3];
    assert_string_equal(upload->name, "upload");
    assert_int_equal(upload->method, METHOD_POST);
    assert_template(&upload->path, plan, "/api/upload-image");
    assert_int_equal(upload->body, BODY_MULTIPART);
    assert_int_equal(upload->part_count, 1);
    assert_string_equal(upload->parts[0].name, "image");
    assert_true(upload->parts[0].is_image);
    assert_int_equal(upload->expect_count, 1);
    assert_int_equal(upload->expect[0], 200);
    assert_int_equal(upload->capture_count, 1);
    assert_string_equal(upload->captures[0].pointer, "/job_id");
    assert_string_equal(w->variables[upload->captures[0].variable].name, "job");
    assert_int_equal(submit->body, BODY_JSON);
    assert_template(&submit->json, plan,
                    "{\"job_id\":<j job>,\"format\":<j format>,\"quality\":<j quality>}");
    assert_int_equal(submit->expect_count, 2);
    assert_int_equal(submit->expect[1], 202);
    assert_int_equal(wait->kind, STEP_POLL);
    assert_int_equal(wait->method, METHOD_GET);
    assert_template(&wait->path, plan, "/api/job-status/<v job>");
    assert_int_equal(wait->every, SEC);
    assert_string_equal(wait->states.at, "/status");
    assert_int_equal(state_named(&wait->states, "queued"), STATE_QUEUED);
    assert_int_equal(state_named(&wait->states, "processing"), STATE_RUNNING);
    assert_int_equal(state_named(&wait->states, "completed"), STATE_DONE);
    assert_int_equal(state_named(&wait->states, "failed"), STATE_FAILED);
    assert_int_equal(state_named(&wait->states, "cancelled"), STATE_CANCELLED);
    assert_string_equal(wait->created_pointer, "/queued_at");
    assert_string_equal(wait->started_pointer, "/started_at");
    assert_string_equal(wait->finished_pointer, "/finished_at");
    assert_string_equal(wait->error_pointer, "/error");
    assert_int_equal(wait->expect_count, 4); /* 200, 201, 202, 204 */
    assert_int_equal(wait->capture_count, 1);
    assert_string_equal(wait->captures[0].pointer, "/download_url");
    assert_template(&get->path, plan, "<v wait:/download_url>");
    assert_true(get->model_valid);
    assert_false(wait->model_valid);
    assert_int_equal(w->generation_first, 1);
    assert_int_equal(w->generation_last, 2);
    assert_int_equal(w->accept_step, 1);
    assert_string_equal(w->health_path, "/health");
    assert_string_equal(w->ready_path, "/ready");
    assert_string_equal(w->metrics_path, "/metrics");
    plan_free(plan);
    end(&f);
}

static void test_every_shipped_file_checks(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    static const char *const files[] = {"scenarios/baseline.yaml",
                                        "scenarios/normal.yaml",
                                        "scenarios/peak.yaml",
                                        "scenarios/spike.yaml",
                                        "scenarios/sustained.yaml",
                                        "workflows/orfeas-3d.yaml",
                                        "workflows/get.yaml",
                                        "workflows/orfeas-3d-events.yaml",
                                        "workflows/orfeas-3d-websocket.yaml",
                                        "workflows/orfeas-3d-socketio.yaml"};
    for (int i = 0; i < COUNT(files); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", SHARE_DIR, files[i]);
        if (!plan_check_file(path, &f.options, &f.diags))
            fail_msg("%s: %s", path, told(&f));
    }
    char path[512];
    snprintf(path, sizeof path, "%s/workflows/orfeas-3d.yaml", SHARE_DIR);
    assert_true(plan_check_workflow(path, &f.diags));
    end(&f);
}

static void test_time_scale_is_exact(void **state)
{
    (void)state;
    static const double scales[] = {60, 100, 3600, 0.001, 7};
    struct fixture f;
    begin(&f);
    for (int i = 0; i < COUNT(scales); i++) {
        double scale = scales[i];
        f.options.time_scale = scale;
        struct plan *spike = load_shipped(&f, "spike");
        assert_int_equal(spike->load.phases[1].duration, llroundl(60e9L / scale));
        assert_int_equal(spike->load.phases[1].think.low, llroundl(10e9L / scale));
        assert_int_equal(spike->load.phases[1].think.high, llroundl(30e9L / scale));
        assert_int_equal(spike->load.phases[1].start_every, llroundl(0.2e9L / scale));
        assert_int_equal(spike->load.phases[1].users, 20);
        assert_int_equal(spike->load.timeout, llroundl(300e9L / scale));
        assert_int_equal(spike->workflow.steps[2].every, llroundl(1e9L / scale));
        assert_near(find_criterion(spike, "performance_recovered")->limit, 20, 0); /* per cent stays */
        plan_free(spike);
        struct plan *baseline = load_shipped(&f, "baseline");
        assert_int_equal(baseline->load.phases[0].duration, NSEC_NEVER);
        assert_int_equal(baseline->load.jobs, 5);
        assert_near(find_criterion(baseline, "avg_time_ok")->limit, 75 / scale, 1e-12);
        assert_near(find_criterion(baseline, "avg_time_ok")->limit_high, 90 / scale, 1e-12);
        assert_near(baseline->time_scale, scale, 0);
        plan_free(baseline);
    }
    f.options.time_scale = 60;
    struct plan *sustained = load_shipped(&f, "sustained"); /* an hour in a minute */
    assert_int_equal(sustained->load.phases[0].duration, 60 * SEC);
    assert_int_equal(sustained->load.phases[0].think.low, SEC);
    assert_int_equal(sustained->load.phases[0].think.high, 2 * SEC);
    plan_free(sustained);
    end(&f);
}

/* ---- damaged files ---- */

static void read_shipped(const char *name, struct buf *out)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", SHARE_DIR, name);
    buf_clear(out);
    assert_int_equal(file_read(path, out), 0);
}

/* Either a plan and no mistake, or mistakes and no plan. */
static void load_damaged(struct fixture *f)
{
    struct plan *plan = plan_load("s.yaml", &f->options, &f->diags);
    assert_int_equal(plan != NULL, f->diags.count == 0);
    plan_free(plan);
    forget(f);
}

static const char *const whole[] = {"scenarios/baseline.yaml", "scenarios/peak.yaml", "scenarios/spike.yaml",
                                    "scenarios/sustained.yaml", "workflows/orfeas-3d.yaml"};

static void put_pair(struct fixture *f, int index, const char *bytes, size_t len)
{
    bool is_workflow = index == COUNT(whole) - 1;
    assert_int_equal(file_write(is_workflow ? "w.yaml" : "s.yaml", bytes, len), 0);
    f->options.workflow = is_workflow ? "w.yaml" : NULL;
    if (is_workflow)
        put("s.yaml", "scenario: s\nload: {users: closed, jobs: 1}\n"
                      "criteria: [{name: k, expect: \"p95(submit) < 1s\"}]\n");
}

static void test_every_prefix(void **state)
{
    (void)state;
    struct fixture f;
    struct buf bytes;
    begin(&f);
    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < COUNT(whole); i++) {
        read_shipped(whole[i], &bytes);
        for (size_t len = 0; len <= bytes.len; len++) {
            put_pair(&f, i, bytes.bytes, len);
            load_damaged(&f);
        }
    }
    buf_finish(&bytes);
    end(&f);
}

static void test_changed_bytes(void **state)
{
    (void)state;
    static const char odd[] = "{}[]:,.\"'%<>=-_@/~ \n\t#&*!|0a9\xff";
    struct fixture f;
    struct buf bytes;
    uint32_t random = 12345;
    begin(&f);
    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < COUNT(whole); i++) {
        for (int round = 0; round < 600; round++) {
            read_shipped(whole[i], &bytes);
            for (int change = 0; change <= round % 3; change++) {
                random = random * 1664525u + 1013904223u;
                size_t at = (random >> 8) % bytes.len;
                bytes.bytes[at] = odd[(random >> 3) % (sizeof odd - 1)];
            }
            put_pair(&f, i, bytes.bytes, bytes.len);
            load_damaged(&f);
        }
    }
    buf_finish(&bytes);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads),
        cmocka_unit_test(test_criteria),
        cmocka_unit_test(test_workflow),
        cmocka_unit_test(test_every_shipped_file_checks),
        cmocka_unit_test(test_time_scale_is_exact),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
