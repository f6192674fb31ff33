#include "plan_fixture.h"

static const char spike[] = "scenario: s\nworkflow: orfeas-3d\nload:\n  users: paced\n  think: uniform 1s..2s\n"
                            "  start_every: 1s\n  phases:\n    - {name: calm, users: 2, duration: 1m}\n"
                            "    - {name: spike, users: 20, duration: 30s, think: 5s, start_every: 10ms}\n";
static const char closed[] = "scenario: one\nworkflow: orfeas-3d\nload: {users: closed, jobs: 5}\n";

static void test_a_phase_overrides_the_load(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_right(&f, spike);
    const struct plan_phase *calm = &plan->load.phases[0], *crowd = &plan->load.phases[1];
    assert_int_equal(calm->think.low, NSEC_PER_SEC);
    assert_int_equal(calm->think.high, 2 * NSEC_PER_SEC);
    assert_int_equal(calm->start_every, NSEC_PER_SEC);
    assert_int_equal(crowd->think.low, 5 * NSEC_PER_SEC);
    assert_int_equal(crowd->think.high, 5 * NSEC_PER_SEC);
    assert_int_equal(crowd->start_every, 10 * NSEC_PER_MSEC);
    assert_string_equal(plan->file, "s.yaml");
    plan_free(plan);
    end(&f);
}

static void test_a_closed_load_is_one_phase(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_right(&f, closed);
    assert_int_equal(plan->load.users, USERS_CLOSED);
    assert_int_equal(plan->load.jobs, 5);
    assert_int_equal(plan->load.phase_count, 1);
    assert_string_equal(plan->load.phases[0].name, "one");
    assert_int_equal(plan->load.phases[0].users, 1);
    assert_int_equal(plan->load.phases[0].duration, NSEC_NEVER);
    assert_int_equal(plan->load.timeout, 300 * NSEC_PER_SEC);
    assert_int_equal(plan->load.max_in_flight, 10000);
    assert_true(plan->load.unique_images);
    assert_int_equal(plan->criterion_count, 0);
    plan_free(plan);
    plan = load_right(&f, "scenario: s\nworkflow: orfeas-3d\nload:\n  users: closed\n  concurrent: 4\n"
                          "  duration: 10s\n  max_in_flight: 7\n  warmup_jobs: 2\n  unique_images: false\n"
                          "  timeout: 1m\nvars: {quality: 9}\n");
    assert_int_equal(plan->load.jobs, 0);
    assert_int_equal(plan->load.phases[0].users, 4);
    assert_int_equal(plan->load.phases[0].duration, 10 * NSEC_PER_SEC);
    assert_int_equal(plan->load.max_in_flight, 7);
    assert_int_equal(plan->load.warmup_jobs, 2);
    assert_int_equal(plan->load.timeout, 60 * NSEC_PER_SEC);
    assert_false(plan->load.unique_images);
    assert_string_equal(plan->workflow.variables[VARIABLE_BUILTINS + 1].value, "9");
    plan_free(plan);
    end(&f);
}

/* What the overridden plan holds, as "users/duration in ms" a phase. */
static char *summary(const struct plan *plan, char out[256])
{
    size_t used = (size_t)snprintf(out, 256, "%s jobs=%d", user_model_name(plan->load.users), (int)plan->load.jobs);
    for (int i = 0; i < plan->load.phase_count; i++) {
        const struct plan_phase *p = &plan->load.phases[i];
        used += (size_t)snprintf(out + used, 256 - used, " %s %d/%d", p->name, p->users,
                                 p->duration == NSEC_NEVER ? -1 : (int)(p->duration / NSEC_PER_MSEC));
    }
    return out;
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *scenario, *key, *value, *expected; /* of a mistake: begins with '!' */
    } rows[] = {
        {closed, "load.users", "4", "closed jobs=5 one 4/-1"},
        {closed, "load.jobs", "9", "closed jobs=9 one 1/-1"},
        {closed, "load.duration", "3s", "closed jobs=5 one 1/3000"},
        {closed, "load.users", "paced", "!set: 'jobs'"},
        {closed, "load.users", "0", "!set: 'concurrent' must be from 1"},
        {closed, "load.users", "-3", "!set: 'concurrent' must be from 1"},
        {"peak", "load.users", "4", "paced jobs=0 peak 4/300000"},
        {"peak", "load.duration", "10s", "paced jobs=0 peak 10/10000"},
        {"peak", "load.phases.peak.users", "6", "paced jobs=0 peak 6/300000"},
        {"peak", "load.jobs", "5", "!set: 'jobs' is for closed users"},
        {"peak", "load.uesrs", "5", "!set: unknown key 'uesrs'\n    did you mean 'users'?"},
        {"peak", "laod.users", "5", "!set: unknown key 'laod'\n    did you mean 'load'?"},
        {"peak", "load.duration", "10", "!set: 'duration' must be a duration, not '10'\n    write the unit too: 10s"},
        {"peak", "vars.qualty", "5", "!set: the workflow has no variable 'qualty'\n    did you mean 'quality'?"},
        {"peak", "workflow", "nothing", "!set: there is no workflow 'nothing'"},
        {spike, "load.phases.1.users", "30", "paced jobs=0 calm 2/60000 spike 30/30000"},
        {spike, "load.phases.spike.duration", "5s", "paced jobs=0 calm 2/60000 spike 20/5000"},
        {spike, "load.users", "4", "!set: the scenario has 2 phases\n    say which: load.phases.calm.users, load.phases.spike.users"},
        {spike, "load.duration", "4s", "!set: the scenario has 2 phases\n    say which: load.phases.calm.duration"},
        {spike, "load.phases.2.users", "4", "!set: 'phases' has no item '2'\n    its items: 0 or calm, 1 or spike"},
        {spike, "load.users", "closed", "closed jobs=0 calm 2/60000 spike 20/30000"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[256];
        begin(&f);
        struct plan_setting setting = {rows[i].key, rows[i].value, "set"};
        set(&f, &setting, 1);
        bool is_shipped = strcmp(rows[i].scenario, "peak") == 0;
        struct plan *plan = is_shipped ? plan_load("peak", &f.options, &f.diags) : load(&f, rows[i].scenario);
        if (rows[i].expected[0] == '!') {
            assert_null(plan);
            if (!strstr(told(&f), rows[i].expected + 1) &&
                !(i == 3 && strstr(told(&f), "'jobs' is for closed users"))) /* told where jobs stands */
                fail_msg("row %d said: %s", i, told(&f));
        } else {
            if (!plan)
                fail_msg("row %d said: %s", i, told(&f));
            assert_string_equal(summary(plan, text), rows[i].expected);
        }
        plan_free(plan);
        end(&f);
    }
}

static void test_a_workflow_without_a_scenario(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan_setting settings[] = {{"load.users", "64", "-u 64"}, {"load.duration", "4s", "-d 4s"}};
    put("w.yaml", "workflow: get\nsteps: [{name: get, get: /}]\nhealth: ''\n");
    f.options.workflow = "w.yaml";
    set(&f, settings, 2);
    struct plan *plan = plan_load(NULL, &f.options, &f.diags);
    if (!plan)
        fail_msg("%s", told(&f));
    assert_string_equal(plan->scenario, "w");
    assert_string_equal(plan->file, "");
    assert_int_equal(plan->load.users, USERS_CLOSED);
    assert_int_equal(plan->load.phases[0].users, 64);
    assert_int_equal(plan->load.phases[0].duration, 4 * NSEC_PER_SEC);
    assert_int_equal(plan->load.phases[0].think.high, 0);
    assert_int_equal(plan->load.phases[0].start_every, 0);
    assert_int_equal(plan->criterion_count, 0);
    assert_string_equal(plan->workflow.health_path, "");
    plan_free(plan);
    set(&f, settings, 1); /* and nothing ends it */
    assert_null(plan_load(NULL, &f.options, &f.diags));
    assert_non_null(strstr(told(&f), "this load has no end\n    write jobs: 5, or duration: 5m"));
    end(&f);
}

static void test_the_shipped_get(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan_setting settings[] = {{"load.jobs", "10", "-n 10"}, {"vars.path", "/index.html", "--set"}};
    f.options.workflow = "get";
    set(&f, settings, 2);
    struct plan *plan = plan_load(NULL, &f.options, &f.diags);
    if (!plan)
        fail_msg("%s", told(&f));
    assert_string_equal(plan->scenario, "get");
    assert_int_equal(plan->load.jobs, 10);
    const struct workflow *w = &plan->workflow;
    assert_int_equal(w->steps[0].path.count, 1);
    assert_string_equal(w->variables[w->steps[0].path.segments[0].variable].value, "/index.html");
    assert_string_equal(w->metrics_path, "");
    plan_free(plan);
    end(&f);
}

static void test_finding_files(void **state)
{
    (void)state;
    static const struct {
        const char *scenario, *workflow, *expected;
    } rows[] = {
        {"paek", NULL, "there is no scenario 'paek'\n    did you mean 'peak'?\n"},
        {"quiet", NULL, "there is no scenario 'quiet'\n    there are: baseline, normal, peak, spike, sustained\n"},
        {"../peak", NULL, "there is no scenario '../peak'"},
        {"", NULL, "there is no scenario ''"},
        {"nothing.yaml", NULL, "nothing.yaml: cannot be read: No such file or directory\n"},
        {"peak", "orfeas-2d", "there is no workflow 'orfeas-2d'\n    did you mean 'orfeas-3d'?\n"},
        {"peak", "no.yaml", "there is no workflow 'no.yaml'"},
        {NULL, NULL, "neither a scenario nor a workflow is named"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        f.options.workflow = rows[i].workflow;
        assert_null(plan_load(rows[i].scenario, &f.options, &f.diags));
        assert_int_equal(f.diags.count, 1);
        if (!strstr(told(&f), rows[i].expected))
            fail_msg("row %d said: %s", i, told(&f));
        end(&f);
    }
}

static void test_the_workflow_beside_the_scenario(void **state)
{
    (void)state;
    static const char *const names[] = {"w", "w.yaml"};
    for (int i = 0; i < COUNT(names); i++) {
        struct fixture f;
        char text[200], path[200];
        begin(&f);
        put("w.yaml", "workflow: mine\nsteps: [{name: get, get: /}]\n");
        snprintf(text, sizeof text, "scenario: s\nworkflow: %s\nload: {users: closed, jobs: 1}\n", names[i]);
        put("s.yaml", text);
        assert_int_equal(chdir("/"), 0);
        snprintf(path, sizeof path, "%s/s.yaml", f.dir);
        struct plan *plan = plan_load(path, &f.options, &f.diags);
        if (!plan)
            fail_msg("%s", told(&f));
        assert_string_equal(plan->workflow.name, "mine");
        plan_free(plan);
        assert_int_equal(chdir(f.dir), 0);
        end(&f);
    }
}

static void test_options_are_checked(void **state)
{
    (void)state;
    static const double scales[] = {0, -1, 1e-4, 1e7, NAN, INFINITY};
    struct fixture f;
    begin(&f);
    for (int i = 0; i < COUNT(scales); i++) {
        f.options.time_scale = scales[i];
        assert_null(plan_load("peak", &f.options, &f.diags));
        assert_int_equal(f.diags.count, i + 1);
    }
    plan_free(NULL);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_phase_overrides_the_load),
        cmocka_unit_test(test_a_closed_load_is_one_phase),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_a_workflow_without_a_scenario),
        cmocka_unit_test(test_the_shipped_get),
        cmocka_unit_test(test_finding_files),
        cmocka_unit_test(test_the_workflow_beside_the_scenario),
        cmocka_unit_test(test_options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
