#include "plan_compile.h"

#include "jsonptr.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *key;
    enum step_kind kind;
    enum http_method method;
    bool has_body;
} actions[] = {
    {"get", STEP_REQUEST, METHOD_GET, false},         {"post", STEP_REQUEST, METHOD_POST, true},
    {"put", STEP_REQUEST, METHOD_PUT, true},          {"delete", STEP_REQUEST, METHOD_DELETE, false},
    {"poll", STEP_POLL, METHOD_GET, false},           {"events", STEP_EVENTS, METHOD_GET, false},
    {"websocket", STEP_WEBSOCKET, METHOD_GET, false}, {"socketio", STEP_SOCKETIO, METHOD_GET, false},
};

enum { ACTIONS = sizeof actions / sizeof actions[0] };

static const struct conf_key step_keys[] = {
    {"name", "name: submit", true},
    {"get"},
    {"post"},
    {"put"},
    {"delete"},
    {"poll"},
    {"events"},
    {"websocket"},
    {"socketio"},
    {"json"},
    {"multipart"},
    {"expect"},
    {"capture"},
    {"every"},
    {"jitter"},
    {"states"},
    {"until"},
    {"fail"},
    {"running"},
    {"on"},
    {"match"},
    {"send"},
    {"emit"},
    {"transport"},
    {"namespace"},
    {"auth"},
    {"progress"},
    {"check"},
    {"retry"},
    {"times"},
    {"error"},
    {"model"},
};

static const int default_expect[] = {200, 201, 202, 204};

int plan_step_find(const struct compile *c, const char *name)
{
    const struct workflow *w = &c->plan->workflow;
    for (int i = 0; i < w->step_count; i++) {
        if (w->steps[i].name && strcmp(w->steps[i].name, name) == 0)
            return i;
    }
    return -1;
}

void plan_step_unknown(const struct compile *c, const struct conf_node *n, size_t offset, const char *name)
{
    const struct workflow *w = &c->plan->workflow;
    const char *names[PLAN_STEPS_MAX];
    int count = 0;
    for (int i = 0; i < w->step_count; i++) {
        if (w->steps[i].name)
            names[count++] = w->steps[i].name;
    }
    char hint[CONF_HINT], shown[CONF_SHOWN];
    conf_suggest(name, "steps: ", names, count, hint);
    conf_error_at(n, offset, c->diags, hint, "there is no step '%s'", conf_shown(name, shown));
}

/* ---- pieces of a step ---- */

bool plan_step_pointer(const struct compile *c, const struct conf_node *n, const char **ret)
{
    const char *text = NULL;
    if (!conf_string(n, c->diags, &text) || !text)
        return false;
    if (text[0] != '/' || !jsonptr_valid(text)) {
        char shown[CONF_SHOWN], hint[CONF_HINT];
        snprintf(hint, sizeof hint, "write /%s", conf_shown(text, shown));
        conf_error(n, c->diags, text[0] == '/' ? "only ~0 and ~1 may follow a ~" : hint,
                   "'%s' is no JSON pointer", shown);
        return false;
    }
    *ret = text;
    return true;
}

void plan_step_captures(struct compile *c, const struct conf_node *n, int index)
{
    struct plan_step *s = &c->plan->workflow.steps[index];
    s->captures = arena_new(c->arena, struct plan_capture, PLAN_CAPTURES_MAX);
    const struct conf_node *map = conf_get(n, "capture");
    if (!map || !conf_expect_kind(map, CONF_MAPPING, "capture: {job: /job_id}", c->diags))
        return;
    for (const struct conf_node *entry = map->first; entry; entry = entry->next) {
        const char *pointer = "/";
        plan_step_pointer(c, entry, &pointer);
        int variable = plan_variable_capture(c, entry, entry->key, index);
        if (variable < 0)
            continue;
        if (s->capture_count == PLAN_CAPTURES_MAX) {
            conf_error_key(entry, c->diags, NULL, "more than %d captures", PLAN_CAPTURES_MAX);
            return;
        }
        s->captures[s->capture_count++] = (struct plan_capture){variable, pointer};
    }
}

void plan_step_statuses(struct compile *c, const struct conf_node *n, int *statuses, int *ret_count)
{
    const struct conf_node *item = n->kind == CONF_SEQUENCE ? n->first : n;
    char hint[CONF_HINT];
    snprintf(hint, sizeof hint, "write %s: 200, or [200, 202]", n->key);
    if (!item)
        conf_error(n, c->diags, hint, "'%s' holds no status", n->key);
    for (; item; item = n->kind == CONF_SEQUENCE ? item->next : NULL) {
        int64_t status = 0;
        conf_int(item, c->diags, 100, 599, &status);
        if (*ret_count == PLAN_EXPECT_MAX) {
            conf_error(item, c->diags, NULL, "more than %d statuses", PLAN_EXPECT_MAX);
            return;
        }
        statuses[(*ret_count)++] = (int)status;
    }
}

void plan_step_expect_usual(struct plan_step *s)
{
    memcpy(s->expect, default_expect, sizeof default_expect);
    s->expect_count = sizeof default_expect / sizeof default_expect[0];
}

static void read_expect(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    enum { OK = 200, SWITCHING_PROTOCOLS = 101 };
    if (step_listens(s)) {
        if (n)
            conf_error_key(n, c->diags, "leave it out",
                           "'expect' is for requests: such a connection stands or it does not");
        s->expect[s->expect_count++] = s->kind == STEP_WEBSOCKET ? SWITCHING_PROTOCOLS : OK;
        return;
    }
    if (n) {
        plan_step_statuses(c, n, s->expect, &s->expect_count);
        return;
    }
    plan_step_expect_usual(s);
}

static bool is_path_byte(char byte)
{
    return byte > ' ' && byte < 0x7f && !strchr("\"<>\\^`#", byte);
}

static void check_path_text(const struct compile *c, const struct conf_node *n)
{
    size_t http = strncmp(n->text, "http://", 7) == 0 || strncmp(n->text, "https://", 8) == 0;
    if (n->text[0] != '/' && n->text[0] != '{' && !http)
        conf_error_at(n, 0, c->diags, "write the path on the target: /api/generate-3d",
                      "a path begins with '/', a {variable} or http://");
    for (size_t i = 0; i < n->len; i++) {
        if (!is_path_byte(n->text[i])) {
            conf_error_at(n, i, c->diags, "write it percent-encoded: a space is %20",
                          "this cannot stand in a path");
            return;
        }
    }
}

/* The value of a variable that no answer sets; NULL: it has none, or is not known yet. */
static const char *constant(const struct compile *c, const struct segment *s)
{
    if (s->kind == SEGMENT_TEXT || s->variable < VARIABLE_BUILTINS || c->captured_by[s->variable] >= 0)
        return NULL;
    return c->plan->workflow.variables[s->variable].value;
}

/* At its beginning, and where a value begins with '/', a value stands as it is. */
static void check_path_values(const struct compile *c, const struct conf_node *n, const struct template *path)
{
    for (int i = 0; i < path->count; i++) {
        const char *value = constant(c, &path->segments[i]);
        if (!value || (i && value[0] != '/'))
            continue;
        bool good = i || value[0] == '/' || strstr(value, "://");
        for (const char *byte = value; *byte; byte++)
            good &= is_path_byte(*byte);
        if (!good) {
            char shown[CONF_SHOWN];
            conf_error(n, c->diags, "a path begins with '/' or http://, and has no blanks",
                       "the variable '%s' is '%s', which is no path",
                       c->plan->workflow.variables[path->segments[i].variable].name,
                       conf_shown(value, shown));
        }
    }
}

void plan_step_text(struct compile *c, const struct conf_node *n, int step, struct template *ret)
{
    struct template_builder b;
    template_begin(&b, c, step);
    template_scan(&b, n, SEGMENT_VARIABLE);
    template_end(&b, n, ret);
}

void plan_step_path(struct compile *c, const struct conf_node *n, int step, struct template *ret)
{
    const char *text;
    if (!conf_string(n, c->diags, &text))
        return;
    check_path_text(c, n);
    plan_step_text(c, n, step, ret);
    check_path_values(c, n, ret);
}

static void read_part(struct compile *c, const struct conf_node *n, int step, struct plan_part *ret)
{
    const char *text = "";
    ret->name = n->key;
    if (strpbrk(n->key, "\"\r\n") || !n->key[0])
        conf_error_key(n, c->diags, NULL, "this cannot be the name of a form field");
    if (!conf_string(n, c->diags, &text))
        return;
    ret->is_image = strcmp(text, "@{image}") == 0;
    if (text[0] == '@' && !ret->is_image)
        conf_error(n, c->diags, "write \"@{image}\": the picture of the run",
                   "only the image can be sent as a file");
    else if (!ret->is_image)
        plan_step_text(c, n, step, &ret->value);
}

static void read_multipart(struct compile *c, const struct conf_node *n, int step, struct plan_step *s)
{
    static const char hint[] = "multipart: {image: \"@{image}\"}";
    if (!conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        return;
    if (n->count == 0 || n->count > PLAN_PARTS_MAX) {
        conf_error(n, c->diags, hint, "'multipart' must hold 1 to %d fields", PLAN_PARTS_MAX);
        return;
    }
    s->body = BODY_MULTIPART;
    s->parts = arena_new(c->arena, struct plan_part, n->count);
    for (const struct conf_node *entry = n->first; entry; entry = entry->next)
        read_part(c, entry, step, &s->parts[s->part_count++]);
}

static void read_body(struct compile *c, const struct conf_node *n, int step, struct plan_step *s,
                      bool allowed)
{
    const struct conf_node *json = conf_get(n, "json"), *multipart = conf_get(n, "multipart");
    const struct conf_node *body = json ? json : multipart;
    if (body && !allowed)
        conf_error_key(body, c->diags, "use post or put", "a request of this kind has no body");
    if (json && multipart)
        conf_error_key(multipart, c->diags, "keep one of json and multipart", "a request has one body");
    if (json) {
        s->body = BODY_JSON;
        plan_json_compile(c, json, step, &s->json);
    }
    if (multipart)
        read_multipart(c, multipart, step, s);
}

/* ---- waits ---- */

static void add_match(struct compile *c, const struct conf_node *value, const char *pointer,
                      struct jsonptr_match *matches, int *count)
{
    const char *text = "";
    if (!conf_string(value, c->diags, &text))
        return;
    if (*count == PLAN_MATCHES_MAX)
        conf_error(value, c->diags, NULL, "more than %d values", PLAN_MATCHES_MAX);
    else
        matches[(*count)++] = (struct jsonptr_match){pointer, text};
}

struct jsonptr_match *plan_step_matches(struct compile *c, const struct conf_node *n, int *ret_count)
{
    struct jsonptr_match *matches = arena_new(c->arena, struct jsonptr_match, PLAN_MATCHES_MAX);
    char hint[CONF_HINT];
    snprintf(hint, sizeof hint, "write %s: {/status: %s}", n->key,
             strcmp(n->key, "until") == 0  ? "completed"
             : strcmp(n->key, "fail") == 0 ? "failed"
                                           : n->key);
    if (!conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        return matches;
    if (n->count == 0)
        conf_error(n, c->diags, hint, "'%s' is empty", n->key);
    for (const struct conf_node *entry = n->first; entry; entry = entry->next) {
        if (entry->key[0] != '/' || !jsonptr_valid(entry->key))
            conf_error_key(entry, c->diags, hint, "the key must be a JSON pointer");
        if (entry->kind != CONF_SEQUENCE) {
            add_match(c, entry, entry->key, matches, ret_count);
            continue;
        }
        for (const struct conf_node *item = entry->first; item; item = item->next)
            add_match(c, item, entry->key, matches, ret_count);
    }
    return matches;
}

/* A pointer, or a mapping that says besides what one of them is called and when it began and ended. */
static void read_stages(struct compile *c, const struct conf_node *n, struct plan_stages *s)
{
    static const struct conf_key keys[] = {{"at", "at: /stages", true}, {"name"}, {"started"}, {"finished"}};
    *s = (struct plan_stages){NULL, "/name", "/started_at", "/finished_at"};
    if (!n || n->kind != CONF_MAPPING) {
        plan_step_pointer(c, n, &s->at);
        return;
    }
    conf_expect_keys(n, keys, sizeof keys / sizeof keys[0], c->diags);
    plan_step_pointer(c, conf_get(n, "at"), &s->at);
    plan_step_pointer(c, conf_get(n, "name"), &s->name);
    plan_step_pointer(c, conf_get(n, "started"), &s->started);
    plan_step_pointer(c, conf_get(n, "finished"), &s->finished);
}

static void read_times(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    static const struct conf_key keys[] = {{"created"}, {"started"}, {"finished"}, {"stages"}};
    if (!n || !conf_expect_kind(n, CONF_MAPPING, "times: {created: /created_at}", c->diags))
        return;
    conf_expect_keys(n, keys, sizeof keys / sizeof keys[0], c->diags);
    plan_step_pointer(c, conf_get(n, "created"), &s->created_pointer);
    plan_step_pointer(c, conf_get(n, "started"), &s->started_pointer);
    plan_step_pointer(c, conf_get(n, "finished"), &s->finished_pointer);
    read_stages(c, conf_get(n, "stages"), &s->stages);
}

static void read_model(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    static const char *const words[] = {"valid"};
    int choice;
    s->model_valid = n && conf_choice(n, c->diags, words, 1, &choice);
    if (n && step_waits(s))
        conf_error_key(n, c->diags, "put it at the step that downloads the model",
                       "what ends a wait is no model");
}

/* ---- the step ---- */

/* Which action, by the one key that names it; -1 after a mistake. */
static int find_action(struct compile *c, const struct conf_node *n)
{
    int found = -1;
    for (int i = 0; i < ACTIONS; i++) {
        const struct conf_node *entry = conf_get(n, actions[i].key);
        if (entry && found >= 0)
            conf_error_key(entry, c->diags, "make it a step of its own",
                           "a step does one thing: it has '%s' already", actions[found].key);
        else if (entry)
            found = i;
    }
    if (found < 0)
        conf_error(n, c->diags,
                   "write get:, post:, put:, delete:, poll:, events:, websocket: or socketio: and a path",
                   "this step does nothing");
    return found;
}

void plan_step_compile(struct compile *c, const struct conf_node *n, int index)
{
    struct plan_step *s = &c->plan->workflow.steps[index];
    conf_expect_keys(n, step_keys, sizeof step_keys / sizeof step_keys[0], c->diags);
    int action = find_action(c, n);
    if (action >= 0) {
        const struct conf_node *path = conf_get(n, actions[action].key);
        s->kind = actions[action].kind;
        s->method = actions[action].method;
        plan_step_path(c, path, index, &s->path);
        read_body(c, n, index, s, actions[action].has_body);
        plan_wait_compile(c, n, index, s);
    }
    read_expect(c, conf_get(n, "expect"), s);
    plan_retry_compile(c, conf_get(n, "retry"), s);
    read_times(c, conf_get(n, "times"), s);
    s->error_pointer = "/error";
    plan_step_pointer(c, conf_get(n, "error"), &s->error_pointer);
    read_model(c, conf_get(n, "model"), s);
}
