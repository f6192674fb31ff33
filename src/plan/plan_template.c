#include "plan_compile.h"

#include "jsonptr.h"

#include <string.h>

void template_begin(struct template_builder *b, struct compile *c, int step)
{
    b->c = c;
    b->step = step;
    b->count = 0;
    b->failed = false;
    buf_init(&b->text, 2 * CONF_BYTES_MAX * 6); /* every byte of a file may become an escape of six */
}

void template_add(struct template_builder *b, const char *bytes, size_t len)
{
    buf_add(&b->text, bytes, len);
}

static struct segment *new_segment(struct template_builder *b, enum segment_kind kind)
{
    if (b->count == PLAN_SEGMENTS_MAX) {
        b->failed = true;
        b->count--;
    }
    struct segment *s = &b->segments[b->count++];
    *s = (struct segment){.kind = kind};
    return s;
}

/* What was added since the last variable becomes a segment. */
static void flush(struct template_builder *b)
{
    if (b->text.len == 0)
        return;
    struct segment *s = new_segment(b, SEGMENT_TEXT);
    s->len = b->text.len;
    s->text = arena_copy(b->c->arena, b->text.bytes, b->text.len);
    buf_clear(&b->text);
}

static void add_variable(struct template_builder *b, enum segment_kind kind, int variable)
{
    flush(b);
    new_segment(b, kind)->variable = variable;
}

void template_end(struct template_builder *b, const struct conf_node *n, struct template *ret)
{
    flush(b);
    if (b->failed || b->text.failed)
        conf_error(n, b->c->diags, NULL, "this is too long, or holds more than %d variables",
                   PLAN_SEGMENTS_MAX / 2);
    ret->count = b->count;
    ret->segments = arena_new(b->c->arena, struct segment, b->count ? b->count : 1);
    memcpy(ret->segments, b->segments, (size_t)b->count * sizeof b->segments[0]);
    buf_finish(&b->text);
}

/* ---- what stands between { and } ---- */

static bool capture_once(struct compile *c, const struct conf_node *n, int step, int variable,
                         const char *pointer)
{
    struct plan_step *s = &c->plan->workflow.steps[step];
    for (int i = 0; i < s->capture_count; i++) {
        if (s->captures[i].variable == variable)
            return true;
    }
    if (s->capture_count == PLAN_CAPTURES_MAX) {
        conf_error(n, c->diags, NULL, "more than %d values are taken from step '%s'", PLAN_CAPTURES_MAX,
                   s->name);
        return false;
    }
    s->captures[s->capture_count++] = (struct plan_capture){variable, pointer};
    return true;
}

/* {step:/pointer} is a variable that the step captures without saying so. */
static int resolve_answer(struct template_builder *b, const struct conf_node *n, size_t offset, char *name)
{
    struct compile *c = b->c;
    const char *whole = arena_copy(c->arena, name, strlen(name));
    char *colon = strchr(name, ':'), shown[CONF_SHOWN];
    const char *pointer = whole + (colon - name) + 1;
    *colon = '\0';
    int step = plan_step_find(c, name);
    if (step < 0) {
        plan_step_unknown(c, n, offset, name);
        return -1;
    }
    if (step >= b->step) {
        conf_error_at(n, offset, c->diags, "use the answer of an earlier step",
                      step == b->step ? "step '%s' cannot use its own answer" : "step '%s' comes later",
                      name);
        return -1;
    }
    if (pointer[0] != '/' || !jsonptr_valid(pointer)) {
        conf_error_at(n, offset + (size_t)(pointer - whole), c->diags,
                      "write {step:/name} or {step:/list/0/name}", "'%s' is no JSON pointer",
                      conf_shown(pointer, shown));
        return -1;
    }
    int variable = plan_variable_capture(c, n, whole, step);
    return variable >= 0 && capture_once(c, n, step, variable, pointer) ? variable : -1;
}

static void report_unknown(const struct compile *c, const struct conf_node *n, size_t offset,
                           const char *name)
{
    const char *names[PLAN_VARIABLES_MAX];
    const struct workflow *w = &c->plan->workflow;
    int count = 0;
    for (int i = 0; i < w->variable_count; i++) {
        if (!strchr(w->variables[i].name, ':'))
            names[count++] = w->variables[i].name;
    }
    char hint[CONF_HINT], shown[CONF_SHOWN];
    conf_suggest(name, "variables: ", names, count, hint);
    conf_error_at(n, offset, c->diags, hint, "there is no variable '%s'", conf_shown(name, shown));
}

static int resolve(struct template_builder *b, const struct conf_node *n, size_t offset, char *name)
{
    const struct compile *c = b->c;
    if (strchr(name, ':'))
        return resolve_answer(b, n, offset, name);
    if (strcmp(name, "image") == 0) {
        conf_error_at(n, offset, c->diags, "write multipart: {image: \"@{image}\"}",
                      "'image' is a file: it can only be a whole part of a multipart body");
        return -1;
    }
    int variable = plan_variable_find(c, name);
    if (variable < 0) {
        report_unknown(c, n, offset, name);
        return -1;
    }
    int by = c->captured_by[variable];
    bool is_known =
        variable < VARIABLE_BUILTINS || c->plan->workflow.variables[variable].value || by < b->step;
    if (!is_known) {
        conf_error_at(n, offset, c->diags, "use it in a later step, or give it a first value in vars",
                      "'%s' is only known after step '%s'", name, c->plan->workflow.steps[by].name);
        return -1;
    }
    return variable;
}

enum { NAME_MAX_BYTES = 640 };

/* Reads the placeholder whose '{' is at `at`. Returns the place behind its '}'. */
static size_t scan_placeholder(struct template_builder *b, const struct conf_node *n, size_t at,
                               enum segment_kind kind)
{
    const char *from = n->text + at + 1;
    const char *end = strchr(from, '}');
    if (!end) {
        conf_error_at(n, at, b->c->diags, "close it with }, or write {{ for a brace", "this { is not closed");
        return n->len;
    }
    size_t len = (size_t)(end - from);
    char name[NAME_MAX_BYTES];
    if (len == 0 || len >= sizeof name) {
        conf_error_at(n, at, b->c->diags, "write the name of a variable in it, or {{ for a brace",
                      "there is no name between { and }");
    } else {
        memcpy(name, from, len);
        name[len] = '\0';
        int variable = resolve(b, n, at + 1, name);
        if (variable >= 0)
            add_variable(b, kind, variable);
    }
    return at + len + 2;
}

static void add_plain(struct template_builder *b, const char *bytes, size_t len, enum segment_kind kind)
{
    if (kind == SEGMENT_VARIABLE)
        template_add(b, bytes, len);
    else
        plan_json_escape(b, bytes, len);
}

void template_scan(struct template_builder *b, const struct conf_node *n, enum segment_kind kind)
{
    size_t at = 0;
    while (at < n->len) {
        size_t plain = strcspn(n->text + at, "{}");
        add_plain(b, n->text + at, plain, kind);
        at += plain;
        if (at >= n->len)
            break;
        if (n->text[at + 1] == n->text[at]) {
            add_plain(b, n->text + at, 1, kind);
            at += 2;
        } else if (n->text[at] == '{') {
            at = scan_placeholder(b, n, at, kind);
        } else {
            conf_error_at(n, at, b->c->diags, "write }} for a brace", "this } closes nothing");
            at++;
        }
    }
}
