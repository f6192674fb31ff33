#include "plan_compile.h"

#include <string.h>

static const struct conf_key workflow_keys[] = {
    {"workflow", "workflow: orfeas-3d", true},
    {"about"},
    {"vars"},
    {"steps", "steps: and a list of steps", true},
    {"generation"},
    {"accept"},
    {"health"},
    {"healthy"},
    {"ready"},
    {"metrics"},
    {"expect_metrics"},
    {"expect_families"},
};

/* ---- the names of the steps ---- */

static void read_step_name(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    const struct conf_node *place = conf_get(n, "name");
    const char *name = NULL;
    if (!place || !conf_name(place, c->diags, &name))
        return;
    if (plan_step_find(c, name) >= 0)
        conf_error(place, c->diags, "give each step a name of its own", "there is a step '%s' already", name);
    else if (strcmp(name, "generation") == 0)
        conf_error(place, c->diags, "choose another name",
                   "'generation' means all steps that make the model");
    else
        s->name = name;
}

static bool has_steps(struct compile *c, const struct conf_node *list)
{
    if (!list ||
        !conf_expect_kind(list, CONF_SEQUENCE, "steps: and below it '- {name: ..., get: /...}'", c->diags))
        return false;
    if (list->count >= 1 && list->count <= PLAN_STEPS_MAX)
        return true;
    conf_error(list, c->diags, NULL, "a workflow has 1 to %d steps, not %d", PLAN_STEPS_MAX, list->count);
    return false;
}

static void read_names(struct compile *c, const struct conf_node *list)
{
    struct workflow *w = &c->plan->workflow;
    w->steps = arena_new(c->arena, struct plan_step, list->count);
    for (const struct conf_node *n = list->first; n; n = n->next) {
        struct plan_step *s = &w->steps[w->step_count];
        if (conf_expect_kind(n, CONF_MAPPING, "write {name: submit, post: /path}", c->diags))
            read_step_name(c, n, s);
        plan_step_captures(c, n, w->step_count++);
    }
    c->has_steps = true;
}

/* ---- what the steps mean together ---- */

/* The step that the `len` bytes at `offset` of the text name; 0 after a mistake. */
static int named_step(struct compile *c, const struct conf_node *n, size_t offset, size_t len)
{
    char name[80];
    size_t kept = len < sizeof name ? len : sizeof name - 1;
    memcpy(name, n->text + offset, kept);
    name[kept] = '\0';
    int step = plan_step_find(c, name);
    if (step < 0)
        plan_step_unknown(c, n, offset, name);
    return step < 0 ? 0 : step;
}

static void read_generation(struct compile *c, const struct conf_node *n)
{
    struct workflow *w = &c->plan->workflow;
    const char *text = NULL;
    w->generation_first = 0;
    w->generation_last = w->step_count - 1;
    if (!conf_string(n, c->diags, &text) || !text)
        return;
    const char *dots = strstr(text, "..");
    size_t first_len = dots ? (size_t)(dots - text) : n->len;
    w->generation_first = w->generation_last = named_step(c, n, 0, first_len);
    if (!dots)
        return;
    int before = c->diags->count;
    w->generation_last = named_step(c, n, first_len + 2, n->len - first_len - 2);
    if (w->generation_last < w->generation_first && c->diags->count == before)
        conf_error(n, c->diags, "write the earlier step first", "the generation ends before it begins");
}

/* The step whose answer means that the target has taken the job: the one before the first wait, else the
 * last. */
static int default_accept(const struct workflow *w)
{
    int wait = workflow_wait(w);
    return wait < 0 ? w->step_count - 1 : wait > 0 ? wait - 1 : 0;
}

static void read_accept(struct compile *c, const struct conf_node *n)
{
    struct workflow *w = &c->plan->workflow;
    const char *text = NULL;
    w->accept_step = default_accept(w);
    if (conf_string(n, c->diags, &text) && text)
        w->accept_step = named_step(c, n, 0, n->len);
}

static void read_probe_path(struct compile *c, const struct conf_node *n, const char **ret)
{
    if (!conf_string(n, c->diags, ret) || !n || !(*ret)[0])
        return;
    if ((*ret)[0] != '/' || strpbrk(*ret, " \t\r\n{}\"#"))
        conf_error(n, c->diags, "write a path like /health, or \"\" when there is none", "this is no path");
}

void plan_workflow_compile(struct compile *c, const struct conf_node *root, const struct conf_node *vars)
{
    struct workflow *w = &c->plan->workflow;
    if (!conf_expect_kind(root, CONF_MAPPING, NULL, c->diags))
        return;
    const struct conf_node *list = conf_get(root, "steps");
    conf_expect_keys(root, workflow_keys, sizeof workflow_keys / sizeof workflow_keys[0], c->diags);
    conf_name(conf_get(root, "workflow"), c->diags, &w->name);
    conf_string(conf_get(root, "about"), c->diags, &w->about);
    plan_variables_declare(c, conf_get(root, "vars"));
    read_probe_path(c, conf_get(root, "health"), &w->health_path);
    if (conf_get(root, "healthy"))
        w->healthy = plan_step_matches(c, conf_get(root, "healthy"), &w->healthy_count);
    read_probe_path(c, conf_get(root, "ready"), &w->ready_path);
    read_probe_path(c, conf_get(root, "metrics"), &w->metrics_path);
    plan_metrics_compile(c, root);
    if (!has_steps(c, list)) {
        plan_variables_override(c, vars);
        return;
    }
    read_names(c, list);
    plan_variables_override(c, vars);
    int index = 0;
    for (const struct conf_node *n = list->first; n; n = n->next, index++) {
        if (n->kind == CONF_MAPPING)
            plan_step_compile(c, n, index);
    }
    read_generation(c, conf_get(root, "generation"));
    read_accept(c, conf_get(root, "accept"));
}
