#include "plan_compile.h"

#include <string.h>

static const struct plan_variable first_variables[] = {
    [VARIABLE_USER] = {"user", NULL},
    [VARIABLE_NUMBER] = {"number", NULL},
    [VARIABLE_SEED] = {"seed", NULL},
    /* what every generation API asks for; a workflow may declare others */
    [VARIABLE_BUILTINS] = {"format", "stl"},
    {"quality", "7"},
};

void plan_variables_init(struct compile *c)
{
    struct workflow *w = &c->plan->workflow;
    w->variables = arena_new(c->arena, struct plan_variable, PLAN_VARIABLES_MAX);
    w->variable_count = sizeof first_variables / sizeof first_variables[0];
    memcpy(w->variables, first_variables, sizeof first_variables);
    for (int i = 0; i < PLAN_VARIABLES_MAX; i++)
        c->captured_by[i] = -1;
}

int plan_variable_find(const struct compile *c, const char *name)
{
    const struct workflow *w = &c->plan->workflow;
    for (int i = 0; i < w->variable_count; i++) {
        if (strcmp(w->variables[i].name, name) == 0)
            return i;
    }
    return -1;
}

static int add_variable(struct compile *c, const struct conf_node *place, const char *name)
{
    struct workflow *w = &c->plan->workflow;
    if (w->variable_count == PLAN_VARIABLES_MAX) {
        conf_error(place, c->diags, NULL, "more than %d variables", PLAN_VARIABLES_MAX);
        return -1;
    }
    w->variables[w->variable_count] = (struct plan_variable){.name = name};
    return w->variable_count++;
}

/* A name that may be given a value. */
static bool check_name(const struct compile *c, const struct conf_node *n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    char shown[CONF_SHOWN];
    conf_shown(n->key, shown);
    bool fits = n->key[0] && strlen(n->key) <= 64 && strspn(n->key, letters) == strlen(n->key) &&
                !(n->key[0] >= '0' && n->key[0] <= '9');
    if (!fits) {
        conf_error_key(n, c->diags, "use letters, digits and _, with no digit first",
                       "'%s' cannot be a variable", shown);
        return false;
    }
    int found = plan_variable_find(c, n->key);
    if (strcmp(n->key, "image") == 0 || (found >= 0 && found < VARIABLE_BUILTINS)) {
        conf_error_key(n, c->diags, "choose another name", "'%s' is built in", shown);
        return false;
    }
    return true;
}

int plan_variable_capture(struct compile *c, const struct conf_node *n, const char *name, int step)
{
    bool is_hidden =
        n->kind == CONF_SCALAR && n->key != name; /* made by {step:/pointer}, not named by the user */
    if (!is_hidden && !check_name(c, n))
        return -1;
    int index = plan_variable_find(c, name);
    if (index < 0)
        index = add_variable(c, n, name);
    if (index >= 0 && c->captured_by[index] < 0)
        c->captured_by[index] = step;
    return index;
}

void plan_variables_declare(struct compile *c, const struct conf_node *vars)
{
    if (!vars || conf_is_null(vars) || !conf_expect_kind(vars, CONF_MAPPING, "vars: {quality: 7}", c->diags))
        return;
    for (const struct conf_node *n = vars->first; n; n = n->next) {
        const char *value = ""; /* stands after a mistake, so that the variable is known all the same */
        conf_string(n, c->diags, &value);
        if (!check_name(c, n))
            continue;
        int index = plan_variable_find(c, n->key);
        if (index < 0)
            index = add_variable(c, n, n->key);
        if (index >= 0)
            c->plan->workflow.variables[index].value = value;
    }
}

/* Names to suggest: those that a user may write. */
static int list_names(const struct compile *c, const char *names[PLAN_VARIABLES_MAX])
{
    int count = 0;
    for (int i = 0; i < c->plan->workflow.variable_count; i++) {
        const char *name = c->plan->workflow.variables[i].name;
        if (i >= VARIABLE_BUILTINS && !strchr(name, ':'))
            names[count++] = name;
    }
    return count;
}

void plan_variables_override(struct compile *c, const struct conf_node *vars)
{
    if (!vars || conf_is_null(vars) || !conf_expect_kind(vars, CONF_MAPPING, "vars: {quality: 7}", c->diags))
        return;
    for (const struct conf_node *n = vars->first; n; n = n->next) {
        const char *value = "";
        bool ok = check_name(c, n);
        int index = plan_variable_find(c, n->key);
        if (ok && index < 0 && c->has_steps) {
            const char *names[PLAN_VARIABLES_MAX];
            char hint[CONF_HINT], shown[CONF_SHOWN];
            conf_suggest(n->key, "its variables: ", names, list_names(c, names), hint);
            conf_error_key(n, c->diags, hint, "the workflow has no variable '%s'", conf_shown(n->key, shown));
        }
        if (conf_string(n, c->diags, &value) && ok && index >= 0)
            c->plan->workflow.variables[index].value = value;
    }
}
