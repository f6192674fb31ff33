#include "plan_compile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two files' trees, settings, a replay, and the plan made of them. */
enum { ARENA_MAX = 256 << 20 };

static const char *const method_names[] = {
    [METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_DELETE] = "DELETE"};
static const char *const model_names[] = {
    [USERS_PACED] = "paced", [USERS_CLOSED] = "closed", [USERS_OPEN] = "open"};
static const char *const arrival_names[] = {
    [ARRIVALS_CONSTANT] = "constant", [ARRIVALS_POISSON] = "poisson", [ARRIVALS_REPLAY] = "replay"};
static const char *const unit_names[] = {[UNIT_NONE] = "", [UNIT_SECONDS] = "s", [UNIT_PERCENT] = "%"};

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

const char *subject_name(const struct workflow *w, int subject)
{
    static const char *const names[] = {"generation", "queue", "processing", "notice", "unseen", "validate"};
    return subject < 0 ? names[SUBJECT_GENERATION - subject] : w->steps[subject].name;
}

bool step_waits(const struct plan_step *s)
{
    return s->kind != STEP_REQUEST;
}

bool step_listens(const struct plan_step *s)
{
    return step_waits(s) && s->kind != STEP_POLL;
}

int workflow_wait(const struct workflow *w)
{
    for (int i = 0; i < w->step_count; i++)
        if (step_waits(&w->steps[i]))
            return i;
    return -1;
}

bool workflow_uploads(const struct workflow *w)
{
    for (int i = 0; i < w->step_count; i++)
        for (int k = 0; k < w->steps[i].part_count; k++)
            if (w->steps[i].parts[k].is_image)
                return true;
    return false;
}

const char *user_model_name(enum user_model model)
{
    return model_names[model];
}

const char *arrival_kind_name(enum arrival_kind kind)
{
    return arrival_names[kind];
}

const char *measure_unit_name(enum measure_unit unit)
{
    return unit_names[unit];
}

static const struct conf_key scenario_keys[] = {
    {"scenario", "scenario: peak", true},
    {"about"},
    {"workflow"},
    {"vars"},
    {"load", "load: {users: closed, jobs: 5}", true},
    {"criteria"},
};

static struct plan *plan_create(double time_scale)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    arena_init(&plan->arena, "plan", ARENA_MAX);
    plan->scenario = plan->about = plan->file = "";
    plan->time_scale = time_scale;
    plan->workflow = (struct workflow){.name = "",
                                       .about = "",
                                       .health_path = "/health",
                                       .ready_path = "/ready",
                                       .metrics_path = "/metrics"};
    plan->load.unique_images = true;
    plan->load.connect_timeout = 10 * NSEC_PER_SEC;
    return plan;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    arena_finish(&plan->arena);
    free(plan);
}

static bool check_options(const struct plan_options *options, struct diag_list *diags)
{
    bool ok = options->time_scale >= 1e-3 && options->time_scale <= 1e6;
    if (!ok)
        diag_add(diags, "", 0, 0, "write a number from 0.001 to 1000000; 60 is an hour in a minute",
                 "the time scale cannot be %g", options->time_scale);
    return ok;
}

static bool begin(struct compile *c, double time_scale, struct diag_list *diags)
{
    struct plan *plan = plan_create(time_scale);
    if (!plan) {
        diag_add(diags, "", 0, 0, NULL, "out of memory");
        return false;
    }
    *c = (struct compile){.plan = plan, .arena = &plan->arena, .diags = diags, .time_scale = time_scale};
    plan_variables_init(c);
    plan->load.timeout = plan_scaled(c, 300 * NSEC_PER_SEC);
    return true;
}

/* The plan when nothing was wrong with it, else NULL. */
static struct plan *finish(struct compile *c, int mistakes_before)
{
    if (c->diags->count == mistakes_before)
        return c->plan;
    plan_free(c->plan);
    return NULL;
}

/* ---- the scenario ---- */

static void read_workflow(struct compile *c, const struct conf_node *root, const struct plan_options *options)
{
    const struct conf_node *named = options->workflow ? NULL : conf_get(root, "workflow");
    const char *name = options->workflow;
    if (!options->workflow && !named)
        conf_error(root, c->diags, "write workflow: orfeas-3d", "'workflow' is missing");
    if (!conf_string(named, c->diags, &name) || !name)
        return;
    const char *beside = named && named->line ? named->file : NULL; /* not for --set, which has no folder */
    const char *path = plan_find_workflow(c, name, options->share_dir, beside, named);
    struct conf_node *workflow = path ? conf_load(c->arena, path, c->diags) : NULL;
    if (workflow)
        plan_workflow_compile(c, workflow, conf_get(root, "vars"));
}

static void read_criteria(struct compile *c, const struct conf_node *list)
{
    static const char hint[] =
        "write criteria: and below it '- {name: p95_ok, expect: \"p95(generation) < 120s\"}'";
    struct plan *plan = c->plan;
    if (!list || !conf_expect_kind(list, CONF_SEQUENCE, hint, c->diags))
        return;
    if (list->count > PLAN_CRITERIA_MAX) {
        conf_error(list, c->diags, NULL, "more than %d criteria", PLAN_CRITERIA_MAX);
        return;
    }
    plan->criteria = arena_new(c->arena, struct criterion, list->count ? list->count : 1);
    for (const struct conf_node *n = list->first; n; n = n->next)
        plan_criterion_compile(c, n, &plan->criteria[plan->criterion_count++]);
}

static void compile_scenario(struct compile *c, struct conf_node *root, const struct plan_options *options)
{
    if (!conf_expect_kind(root, CONF_MAPPING, NULL, c->diags))
        return;
    plan_apply_settings(c, root, options);
    conf_expect_keys(root, scenario_keys, sizeof scenario_keys / sizeof scenario_keys[0], c->diags);
    conf_name(conf_get(root, "scenario"), c->diags, &c->plan->scenario);
    conf_string(conf_get(root, "about"), c->diags, &c->plan->about);
    read_workflow(c, root, options);
    plan_load_model_compile(c, conf_get(root, "load"));
    read_criteria(c, conf_get(root, "criteria"));
    plan_watched_compile(c);
}

/* The tree of a run that names a workflow and no scenario: closed users, no criteria. */
static struct conf_node *ad_hoc_tree(struct compile *c, const struct plan_options *options)
{
    char name[65];
    const char *slash = strrchr(options->workflow, '/'), *from = slash ? slash + 1 : options->workflow;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(from, "."), from);
    static const char origin[] = "run without a scenario";
    struct conf_node *root = arena_new(c->arena, struct conf_node, 1);
    root->kind = CONF_MAPPING;
    root->file = origin;
    root->text = "";
    conf_set(c->arena, root, "scenario", name, origin, c->diags);
    conf_set(c->arena, root, "load.users", user_model_name(USERS_CLOSED), origin, c->diags);
    return root;
}

static struct conf_node *scenario_tree(struct compile *c, const char *scenario,
                                       const struct plan_options *options)
{
    if (!scenario && options->workflow)
        return ad_hoc_tree(c, options);
    if (!scenario) {
        diag_add(c->diags, "", 0, 0, NULL, "neither a scenario nor a workflow is named");
        return NULL;
    }
    const char *path = plan_find_scenario(c, scenario, options->share_dir);
    if (!path)
        return NULL;
    c->plan->file = path;
    return conf_load(c->arena, path, c->diags);
}

struct plan *plan_load(const char *scenario, const struct plan_options *options, struct diag_list *diags)
{
    struct compile c;
    int before = diags->count;
    if (!check_options(options, diags) || !begin(&c, options->time_scale, diags))
        return NULL;
    struct conf_node *root = scenario_tree(&c, scenario, options);
    if (root)
        compile_scenario(&c, root, options);
    return finish(&c, before);
}

/* ---- files alone ---- */

bool plan_check_workflow(const char *path, struct diag_list *diags)
{
    struct compile c;
    int before = diags->count;
    if (!begin(&c, 1, diags))
        return false;
    const struct conf_node *root = conf_load(c.arena, path, diags);
    if (root)
        plan_workflow_compile(&c, root, NULL);
    plan_free(c.plan);
    return diags->count == before;
}

enum file_kind { FILE_UNKNOWN, FILE_SCENARIO, FILE_WORKFLOW };

/* By the first key that only one kind has; the "workflow" of a scenario names its workflow. */
static enum file_kind kind_of(const struct conf_node *root)
{
    if (conf_get(root, "scenario") || conf_get(root, "load") || conf_get(root, "criteria"))
        return FILE_SCENARIO;
    return conf_get(root, "workflow") || conf_get(root, "steps") ? FILE_WORKFLOW : FILE_UNKNOWN;
}

bool plan_check_file(const char *path, const struct plan_options *options, struct diag_list *diags)
{
    struct compile c;
    int before = diags->count;
    if (!check_options(options, diags) || !begin(&c, options->time_scale, diags))
        return false;
    struct conf_node *root = conf_load(c.arena, path, diags);
    enum file_kind kind = root ? kind_of(root) : FILE_UNKNOWN;
    if (kind == FILE_SCENARIO)
        compile_scenario(&c, root, options);
    else if (kind == FILE_WORKFLOW)
        plan_workflow_compile(&c, root, NULL);
    else if (root)
        conf_error(root, diags, "a scenario begins with scenario: NAME, a workflow with workflow: NAME",
                   "this is neither a scenario nor a workflow");
    plan_free(c.plan);
    return diags->count == before;
}
