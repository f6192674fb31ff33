#include "plan_fixture.h"

static struct plan *load_workflow(struct fixture *f, const char *workflow)
{
    put("w.yaml", workflow);
    return load_right(f, "scenario: s\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\n");
}

/* Text with <kind name> for the variables. */
static const char *shown(const struct plan *plan, const struct template *t, struct buf *out)
{
    static const char *const marks[] = {
        [SEGMENT_VARIABLE] = "v", [SEGMENT_JSON] = "j", [SEGMENT_JSON_PART] = "p"};
    buf_clear(out);
    for (int i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        if (s->kind == SEGMENT_TEXT)
            buf_add(out, s->text, s->len);
        else
            buf_printf(out, "<%s %s>", marks[s->kind], plan->workflow.variables[s->variable].name);
    }
    return buf_text(out);
}

static void test_json_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"{a: 1, b: -2.5e3, c: 0, d: 0.5}", "{\"a\":1,\"b\":-2.5e3,\"c\":0,\"d\":0.5}"},
        {"{a: \"1\", b: '2.5', c: \"true\"}", "{\"a\":\"1\",\"b\":\"2.5\",\"c\":\"true\"}"},
        {"{a: true, b: false, c: null, d: ~, e: }",
         "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":null}"},
        {"{a: 0x10, b: .5, c: 007, d: 1., e: yes, f: 1e, g: +1}",
         "{\"a\":\"0x10\",\"b\":\".5\",\"c\":\"007\",\"d\":\"1.\",\"e\":\"yes\",\"f\":\"1e\",\"g\":\"+1\"}"},
        {"{q: \"{quality}\", t: \"a {quality} b\", u: \"{format}{quality}\"}",
         "{\"q\":<j quality>,\"t\":\"a <p quality> b\",\"u\":\"<p format><p quality>\"}"},
        {"{a: [1, [2, {b: \"{user}\"}]], c: {}, d: []}",
         "{\"a\":[1,[2,{\"b\":<j user>}]],\"c\":{},\"d\":[]}"},
        {"[1, \"{number}\"]", "[1,<j number>]"},
        {"{a: \"q\\\"b\\\\n\\n\\té\"}", "{\"a\":\"q\\\"b\\\\n\\u000a\\u0009é\"}"},
        {"{\"k\\\"ey\": 1}", "{\"k\\\"ey\":1}"},
        {"{a: \"{{x}}\", b: \"{{\"}", "{\"a\":\"{x}\",\"b\":\"{\"}"},
        {"{a: \"{seed}{{\"}", "{\"a\":\"<p seed>{\"}"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buf out;
        char text[1024];
        begin(&f);
        buf_init(&out, 1 << 16);
        snprintf(text, sizeof text, "workflow: w\nsteps:\n  - {name: a, post: /x, json: %s}\n", rows[i].yaml);
        struct plan *plan = load_workflow(&f, text);
        assert_int_equal(plan->workflow.steps[0].body, BODY_JSON);
        assert_string_equal(shown(plan, &plan->workflow.steps[0].json, &out), rows[i].expected);
        plan_free(plan);
        buf_finish(&out);
        end(&f);
    }
}

static void test_multipart(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out;
    begin(&f);
    buf_init(&out, 1 << 16);
    struct plan *plan = load_workflow(
        &f, "workflow: w\nsteps:\n"
            "  - {name: a, put: /x, multipart: {file: \"@{image}\", kind: \"f-{format}\", n: 5}}\n");
    const struct plan_step *s = &plan->workflow.steps[0];
    assert_int_equal(s->method, METHOD_PUT);
    assert_int_equal(s->part_count, 3);
    assert_true(s->parts[0].is_image);
    assert_false(s->parts[1].is_image);
    assert_string_equal(shown(plan, &s->parts[1].value, &out), "f-<v format>");
    assert_string_equal(shown(plan, &s->parts[2].value, &out), "5");
    plan_free(plan);
    buf_finish(&out);
    end(&f);
}

static void test_variables(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out;
    begin(&f);
    buf_init(&out, 1 << 16);
    struct plan *plan =
        load_workflow(&f, "workflow: w\nvars: {style: toon, job: none, quality: 3}\nsteps:\n"
                          "  - {name: a, get: \"/{job}/{style}\", capture: {job: /id, other: /x/0}}\n"
                          "  - {name: b, get: \"/{other}/{a:/url}/{a:/url}/{a:/id}\"}\n"
                          "  - {name: c, get: \"{a:/url}\"}\n");
    const struct workflow *w = &plan->workflow;
    static const struct {
        const char *name, *value;
    } expected[] = {{"user", NULL},    {"number", NULL}, {"seed", NULL},  {"format", "stl"}, {"quality", "3"},
                    {"style", "toon"}, {"job", "none"},  {"other", NULL}, {"a:/url", NULL},  {"a:/id", NULL}};
    assert_int_equal(w->variable_count, COUNT(expected));
    for (int i = 0; i < COUNT(expected); i++) {
        assert_string_equal(w->variables[i].name, expected[i].name);
        assert_int_equal(w->variables[i].value != NULL, expected[i].value != NULL);
        if (expected[i].value)
            assert_string_equal(w->variables[i].value, expected[i].value);
    }
    assert_int_equal(w->steps[0].capture_count, 4); /* two said, two from templates, each once */
    assert_string_equal(w->steps[0].captures[1].pointer, "/x/0");
    assert_string_equal(w->steps[0].captures[2].pointer, "/url");
    assert_string_equal(shown(plan, &w->steps[1].path, &out), "/<v other>/<v a:/url>/<v a:/url>/<v a:/id>");
    assert_int_equal(w->steps[1].method, METHOD_GET);
    plan_free(plan);
    buf_finish(&out);
    end(&f);
}

static void check_sign(const struct plan_sign *sign, const char *pointer, const char *value,
                       enum plan_state state)
{
    assert_string_equal(sign->is.pointer, pointer);
    assert_string_equal(sign->is.value, value);
    assert_int_equal(sign->state, state);
}

static void test_states(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_workflow(
        &f, "workflow: w\nsteps:\n  - name: b\n    poll: /s\n"
            "    states: {at: /job/s, done: ok, cancelled: [gone, 7], running: [r, true], queued: \"\"}\n");
    const struct plan_states *s = &plan->workflow.steps[0].states;
    assert_string_equal(s->at, "/job/s");
    assert_int_equal(s->count, 6);
    check_sign(&s->signs[0], "/job/s", "", STATE_QUEUED);
    check_sign(&s->signs[1], "/job/s", "r", STATE_RUNNING);
    check_sign(&s->signs[2], "/job/s", "true", STATE_RUNNING);
    check_sign(&s->signs[3], "/job/s", "ok", STATE_DONE);
    check_sign(&s->signs[4], "/job/s", "gone", STATE_CANCELLED);
    check_sign(&s->signs[5], "/job/s", "7", STATE_CANCELLED);
    plan_free(plan);
    end(&f);
}

static void test_polls(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.options.time_scale = 4;
    struct plan *plan = load_workflow(
        &f, "workflow: w\nsteps:\n  - {name: a, post: /x}\n  - name: b\n    poll: /s\n"
            "    until: {/status: [done, ok], /progress: 100}\n    fail: {/error/code: 5}\n    error: /why\n"
            "    times: {started: /t}\n  - {name: c, delete: /x, expect: [200, 204, 404]}\n");
    const struct plan_step *s = &plan->workflow.steps[1];
    assert_int_equal(s->kind, STEP_POLL);
    assert_int_equal(s->every, NSEC_PER_SEC / 4); /* a second, if nothing is said */
    assert_null(s->states.at);
    assert_int_equal(s->states.count, 4);
    check_sign(&s->states.signs[0], "/error/code", "5", STATE_FAILED);
    check_sign(&s->states.signs[1], "/status", "done", STATE_DONE);
    check_sign(&s->states.signs[2], "/status", "ok", STATE_DONE);
    check_sign(&s->states.signs[3], "/progress", "100", STATE_DONE);
    assert_string_equal(s->error_pointer, "/why");
    assert_null(s->created_pointer);
    assert_string_equal(s->started_pointer, "/t");
    assert_int_equal(plan->workflow.steps[2].method, METHOD_DELETE);
    assert_int_equal(plan->workflow.steps[2].expect_count, 3);
    assert_int_equal(plan->workflow.steps[2].expect[2], 404);
    plan_free(plan);
    end(&f);
}

static void test_events_step(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_workflow(
        &f,
        "workflow: w\nsteps:\n  - {name: a, post: /x}\n  - name: b\n    events: /s\n    on: [update, done]\n"
        "    until: {/status: done}\n    fail: {/status: failed}\n    capture: {url: /url}\n    retry: 2\n");
    const struct plan_step *s = &plan->workflow.steps[1];
    assert_int_equal(s->kind, STEP_EVENTS);
    assert_true(step_waits(s) && step_listens(s));
    assert_false(step_waits(&plan->workflow.steps[0]));
    assert_int_equal(workflow_wait(&plan->workflow), 1);
    assert_int_equal(plan->workflow.accept_step, 0);
    assert_int_equal(s->listen.on_count, 2);
    assert_string_equal(s->listen.on[1], "done");
    assert_int_equal(s->listen.match_count, 0);
    assert_int_equal(s->states.count, 2);
    assert_int_equal(s->retry.times, 2);
    assert_false(s->listen.says);
    plan_free(plan);
    end(&f);
}

static void test_what_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *message, *auth, *namespace;
        enum plan_transport transport;
    } rows[] = {
        {"websocket: /w, send: {q: \"{quality}\", t: [x]}", "{\"q\":<j quality>,\"t\":[\"x\"]}", "", "/",
         TRANSPORT_UPGRADE},
        {"websocket: /w, send: hello", "\"hello\"", "", "/", TRANSPORT_UPGRADE},
        {"socketio: /s", "", "", "/", TRANSPORT_UPGRADE},
        {"socketio: /s, emit: sub", "[\"sub\"]", "", "/", TRANSPORT_UPGRADE},
        {"socketio: /s, emit: {event: a\"b, data: \"{seed}\"}, transport: polling", "[\"a\\\"b\",<j seed>]",
         "", "/", TRANSPORT_POLLING},
        {"socketio: /s, emit: {event: sub, data: {id: \"{number}-x\"}}, namespace: /jobs, auth: {token: t}, "
         "transport: websocket",
         "[\"sub\",{\"id\":\"<p number>-x\"}]", "{\"token\":\"t\"}", "/jobs", TRANSPORT_WEBSOCKET},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buf out;
        char text[1024];
        begin(&f);
        buf_init(&out, 1 << 16);
        snprintf(text, sizeof text, "workflow: w\nsteps: [{name: a, %s, until: {/a: b}}]\n", rows[i].keys);
        struct plan *plan = load_workflow(&f, text);
        const struct plan_listen *l = &plan->workflow.steps[0].listen;
        assert_int_equal(l->says, rows[i].message[0] != '\0');
        assert_string_equal(shown(plan, &l->message, &out), rows[i].message);
        assert_int_equal(l->has_auth, rows[i].auth[0] != '\0');
        assert_string_equal(shown(plan, &l->auth, &out), rows[i].auth);
        assert_string_equal(l->namespace, rows[i].namespace);
        assert_int_equal(l->transport, rows[i].transport);
        plan_free(plan);
        buf_finish(&out);
        end(&f);
    }
}

static void test_match(void **state)
{
    (void)state;
    struct fixture f;
    struct buf out;
    begin(&f);
    buf_init(&out, 1 << 16);
    struct plan *plan = load_workflow(
        &f,
        "workflow: w\nsteps:\n  - {name: a, get: /x, capture: {job: /id}}\n"
        "  - {name: b, websocket: \"/{job}\", match: {/event: update, /id: \"{job}\"}, until: {/a: b}}\n");
    const struct plan_listen *l = &plan->workflow.steps[1].listen;
    assert_int_equal(l->match_count, 2);
    assert_string_equal(l->match[0].pointer, "/event");
    assert_string_equal(shown(plan, &l->match[0].value, &out), "update");
    assert_string_equal(shown(plan, &l->match[1].value, &out), "<v job>");
    plan_free(plan);
    buf_finish(&out);
    end(&f);
}

static void test_a_poll_beside(void **state)
{
    (void)state;
    static const struct {
        const char *check;
        nsec every;
        const char *first; /* value that means something */
        int signs;
    } rows[] = {
        {"\"/s/{number}\"", NSEC_PER_SEC, "c", 2},
        {"{poll: \"/s/{number}\", every: 3s}", 3 * NSEC_PER_SEC, "c", 2},
        {"{poll: \"/s/{number}\", until: {/c: d}, fail: {/c: [e, f]}}", NSEC_PER_SEC, "e", 3},
        {"{poll: \"/s/{number}\", states: {at: /s, done: d, running: r}}", NSEC_PER_SEC, "r", 2},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct buf out;
        char text[1024];
        begin(&f);
        buf_init(&out, 1 << 16);
        snprintf(text, sizeof text,
                 "workflow: w\nsteps: [{name: a, events: /e, until: {/a: b}, fail: {/a: c}, progress: /p, "
                 "check: %s}]\n",
                 rows[i].check);
        struct plan *plan = load_workflow(&f, text);
        const struct plan_step *w = plan->workflow.steps[0].listen.witness;
        assert_string_equal(plan->workflow.steps[0].listen.progress, "/p");
        assert_string_equal(shown(plan, &w->path, &out), "/s/<v number>");
        assert_int_equal(w->kind, STEP_POLL);
        assert_int_equal(w->every, rows[i].every);
        assert_string_equal(w->states.signs[0].is.value, rows[i].first);
        assert_int_equal(w->states.count, rows[i].signs);
        assert_int_equal(w->expect_count, 4);
        plan_free(plan);
        buf_finish(&out);
        end(&f);
    }
}

static void test_generation_and_accept(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *keys;
        int first, last, accept;
    } rows[] = {
        {"- {name: a, get: /}", "", 0, 0, 0},
        {"- {name: a, get: /}\n- {name: b, get: /}", "", 0, 1, 1},
        {"- {name: a, get: /}\n- {name: b, get: /}\n- {name: c, poll: /, until: {/a: b}}\n- {name: d, get: "
         "/}",
         "", 0, 3, 1},
        {"- {name: c, poll: /, until: {/a: b}}\n- {name: d, get: /}", "", 0, 1, 0},
        {"- {name: a, get: /}\n- {name: b, get: /}", "generation: b", 1, 1, 1},
        {"- {name: a, get: /}\n- {name: b, get: /}\n- {name: c, get: /}", "generation: a..b\naccept: a", 0, 1,
         0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[1024];
        begin(&f);
        snprintf(text, sizeof text, "workflow: w\nsteps:\n%s\n%s\n", rows[i].steps, rows[i].keys);
        struct plan *plan = load_workflow(&f, text);
        assert_int_equal(plan->workflow.generation_first, rows[i].first);
        assert_int_equal(plan->workflow.generation_last, rows[i].last);
        assert_int_equal(plan->workflow.accept_step, rows[i].accept);
        plan_free(plan);
        end(&f);
    }
}

static void test_retries_and_jitter(void **state)
{
    (void)state;
    static const struct {
        const char *step;
        int statuses[3], count, times;
        int wait_ms; /* at time scale 2 */
        double jitter;
    } rows[] = {
        {"get: /", {0}, 0, 0, 0, 0},
        {"get: /, retry: 3", {429, 503}, 2, 3, 500, 0},
        {"get: /, retry: {}", {429, 503}, 2, 5, 500, 0},
        {"get: /, retry: {on: [500, 502, 429], times: 7, wait: 3s}", {500, 502, 429}, 3, 7, 1500, 0},
        {"get: /, retry: {on: 404, wait: 0s}", {404}, 1, 5, 0, 0},
        {"get: /, expect: 429, retry: {on: 503}", {503}, 1, 5, 500, 0},
        {"poll: /, until: {/s: a}", {0}, 0, 0, 0, 0.1},
        {"poll: /, until: {/s: a}, jitter: 0%", {0}, 0, 0, 0, 0},
        {"poll: /, until: {/s: a}, jitter: 25%, retry: 1", {429, 503}, 2, 1, 500, 0.25},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[256];
        begin(&f);
        f.options.time_scale = 2;
        snprintf(text, sizeof text, "workflow: w\nsteps:\n  - {name: a, %s}\n", rows[i].step);
        struct plan *plan = load_workflow(&f, text);
        const struct plan_step *s = &plan->workflow.steps[0];
        assert_int_equal(s->retry.status_count, rows[i].count);
        for (int k = 0; k < rows[i].count; k++)
            assert_int_equal(s->retry.statuses[k], rows[i].statuses[k]);
        assert_int_equal(s->retry.times, rows[i].times);
        assert_int_equal(s->retry.wait, rows[i].wait_ms * NSEC_PER_MSEC);
        assert_near(s->jitter, rows[i].jitter, 1e-15);
        plan_free(plan);
        end(&f);
    }
}

static void test_names_of_enums(void **state)
{
    (void)state;
    assert_string_equal(http_method_name(METHOD_DELETE), "DELETE");
    assert_string_equal(http_method_name(METHOD_GET), "GET");
    assert_string_equal(user_model_name(USERS_CLOSED), "closed");
    assert_string_equal(user_model_name(USERS_OPEN), "open");
    assert_string_equal(arrival_kind_name(ARRIVALS_CONSTANT), "constant");
    assert_string_equal(arrival_kind_name(ARRIVALS_POISSON), "poisson");
    assert_string_equal(arrival_kind_name(ARRIVALS_REPLAY), "replay");
    assert_string_equal(measure_unit_name(UNIT_NONE), "");
    assert_string_equal(measure_unit_name(UNIT_SECONDS), "s");
    assert_string_equal(measure_unit_name(UNIT_PERCENT), "%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_bodies),
        cmocka_unit_test(test_multipart),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_polls),
        cmocka_unit_test(test_events_step),
        cmocka_unit_test(test_what_is_said),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_a_poll_beside),
        cmocka_unit_test(test_generation_and_accept),
        cmocka_unit_test(test_retries_and_jitter),
        cmocka_unit_test(test_names_of_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
