#include "plan_compile.h"

#include <stdio.h>
#include <string.h>

/* ---- what a load is ---- */

static bool is_text(const struct conf_node *n, const char *text)
{
    return n && n->kind == CONF_SCALAR && strcmp(n->text, text) == 0;
}

static bool is_open(const struct conf_node *load)
{
    return is_text(conf_get(load, "users"), user_model_name(USERS_OPEN));
}

static bool is_number(const char *text)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    return digits > 0 && strlen(text) == digits + (*text == '-');
}

static struct conf_node *phases_of(const struct conf_node *root)
{
    struct conf_node *phases = conf_get(conf_get(root, "load"), "phases");
    return phases && phases->kind == CONF_SEQUENCE && phases->count > 0 ? phases : NULL;
}

static void report(struct compile *c, const struct plan_setting *setting, const char *hint, const char *what)
{
    char origin[CONF_SHOWN * 2];
    snprintf(origin, sizeof origin, "%.*s", (int)sizeof origin - 1, setting->origin);
    diag_add(c->diags, origin, 0, 0, hint, "%s", what);
}

static void report_phases(struct compile *c, const struct plan_setting *setting,
                          const struct conf_node *phases, const char *key)
{
    char hint[CONF_HINT] = "say which: ", shown[CONF_SHOWN], what[64];
    size_t used = strlen(hint);
    int index = 0;
    for (const struct conf_node *n = phases->first; n && used < sizeof hint - 160; n = n->next, index++) {
        const struct conf_node *name = conf_get(n, "name");
        char number[16];
        snprintf(number, sizeof number, "%d", index);
        const char *text = name && name->kind == CONF_SCALAR ? conf_shown(name->text, shown) : number;
        used += (size_t)snprintf(hint + used, sizeof hint - used, "%sload.phases.%s.%s", index ? ", " : "",
                                 text, key);
    }
    snprintf(what, sizeof what, "the scenario has %d phases", phases->count);
    report(c, setting, hint, what);
}

static void set(struct compile *c, struct conf_node *root, const struct plan_setting *setting,
                const char *key, const char *value)
{
    conf_set(c->arena, root, key, value, setting->origin, c->diags);
}

/* ---- shorthands ---- */

/* In files these keys stand in the phases, or have another name; given alone they mean the only phase's. */
static const struct {
    const char *key;
    const char *in_phase;
    const char *without_phases;
} shorthands[] = {
    {"load.users", "users", "load.concurrent"},
    {"load.duration", "duration", "load.duration"},
    {"load.rate", "rate", "load.rate"},
};

/* The key to set in place of a shorthand, or NULL after a mistake. */
static const char *expand(struct compile *c, const struct conf_node *root, const struct plan_setting *setting)
{
    for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++) {
        bool is_model = i == 0 && !is_number(setting->value); /* load.users=closed */
        if (strcmp(setting->key, shorthands[i].key) != 0 || is_model)
            continue;
        const struct conf_node *phases = phases_of(root);
        bool is_limit = i == 0 && is_open(conf_get(root, "load")); /* jobs under way, of all phases */
        if (!phases || is_limit)
            return shorthands[i].without_phases;
        if (phases->count == 1)
            return arena_printf(c->arena, "load.phases.0.%s", shorthands[i].in_phase);
        report_phases(c, setting, phases, shorthands[i].in_phase);
        return NULL;
    }
    return setting->key;
}

static void apply_key(struct compile *c, struct conf_node *root, const struct plan_setting *setting)
{
    const char *key = expand(c, root, setting);
    if (key)
        set(c, root, setting, key, setting->value);
}

/* ---- loads that become open ---- */

/* What is said of users goes; the number of closed ones is no limit of jobs under way. */
static void make_open(struct compile *c, struct conf_node *root, const struct plan_setting *setting)
{
    static const char *const of_users[] = {"users", "think", "start_every"};
    struct conf_node *load = conf_get(root, "load"), *phases = phases_of(root);
    if (!is_open(load))
        conf_drop(load, "concurrent");
    for (int i = 1; i < 3; i++)
        conf_drop(load, of_users[i]);
    for (struct conf_node *n = phases ? phases->first : NULL; n; n = n->next)
        for (int i = 0; i < 3; i++)
            conf_drop(n, of_users[i]);
    set(c, root, setting, "load.users", user_model_name(USERS_OPEN));
}

/* Stages have levels of their own; RATE then says only that these are rates. */
static void apply_rate(struct compile *c, struct conf_node *root, const struct plan_setting *setting,
                       bool has_stages)
{
    const struct conf_node *phases = phases_of(root);
    if (phases && phases->count > 1 && !has_stages) {
        report_phases(c, setting, phases, "rate");
        return;
    }
    make_open(c, root, setting);
    if (!has_stages)
        set(c, root, setting, phases ? "load.phases.0.rate" : "load.rate", setting->value);
}

/* The end of the only phase stays: a replay is cut there. */
static void apply_replay(struct compile *c, struct conf_node *root, const struct plan_setting *setting)
{
    struct conf_node *phases = phases_of(root), *load = conf_get(root, "load");
    if (phases && phases->count > 1) {
        report(c, setting, "name a scenario of one phase, or a workflow alone: --workflow NAME",
               "a replay has no phases, and the scenario has several");
        return;
    }
    make_open(c, root, setting);
    struct conf_node *duration = phases ? conf_drop(phases->first, "duration") : NULL;
    conf_drop(load, "rate");
    if (phases)
        conf_drop(load, "phases");
    if (duration)
        conf_append(load, duration);
    set(c, root, setting, "load.arrivals", setting->value);
}

static void apply_arrivals(struct compile *c, struct conf_node *root, const struct plan_setting *setting)
{
    if (strncmp(setting->value, "replay", 6) == 0)
        apply_replay(c, root, setting);
    else
        set(c, root, setting, "load.arrivals", setting->value);
}

/* ---- stages ---- */

static const struct plan_setting *find_kind(const struct plan_options *options, enum setting_kind kind)
{
    for (int i = 0; i < options->setting_count; i++)
        if (options->settings[i].kind == kind)
            return &options->settings[i];
    return NULL;
}

/* One written as a rate makes all of them rates. */
static bool has_rate_level(const struct plan_options *options)
{
    for (int i = 0; i < options->setting_count; i++)
        if (options->settings[i].kind == SETTING_STAGE && strchr(options->settings[i].value, '/'))
            return true;
    return false;
}

static void add_stage(struct compile *c, struct conf_node *phases, const struct plan_setting *setting,
                      const char *level_key)
{
    const char *colon = strchr(setting->value, ':');
    if (!colon || colon == setting->value || !colon[1]) {
        report(c, setting, "write 30s:20, or 30s:100/s", "a stage is a duration and a level");
        return;
    }
    struct conf_node *item = arena_new(c->arena, struct conf_node, 1);
    item->kind = CONF_MAPPING;
    item->file = arena_copy(c->arena, setting->origin, strlen(setting->origin));
    item->text = "";
    const char *duration = arena_copy(c->arena, setting->value, (size_t)(colon - setting->value));
    set(c, item, setting, "name", arena_printf(c->arena, "stage-%d", phases->count + 1));
    set(c, item, setting, level_key, colon + 1);
    set(c, item, setting, "duration", duration);
    set(c, item, setting, "ramp", "true");
    conf_append(phases, item);
}

static void apply_stages(struct compile *c, struct conf_node *root, const struct plan_options *options)
{
    const struct plan_setting *first = find_kind(options, SETTING_STAGE);
    if (!first)
        return;
    if (has_rate_level(options))
        make_open(c, root, first);
    struct conf_node *load = conf_get(root, "load");
    bool open = is_open(load);
    static const char *const without_phases[] = {"phases", "duration", "rate", "concurrent"};
    for (int i = 0; i < (open ? 3 : 4); i++) /* jobs under way are limited in phases too */
        conf_drop(load, without_phases[i]);
    set(c, root, first, "load.phases", "[]");
    struct conf_node *phases = conf_get(conf_get(root, "load"), "phases");
    for (int i = 0; phases && i < options->setting_count; i++)
        if (options->settings[i].kind == SETTING_STAGE)
            add_stage(c, phases, &options->settings[i], open ? "rate" : "users");
}

/* ---- all ---- */

/* Says how users behave: what other settings mean depends on it. */
static bool is_model(const struct plan_setting *setting)
{
    return setting->kind == SETTING_KEY && strcmp(setting->key, "load.users") == 0 &&
           !is_number(setting->value);
}

void plan_apply_settings(struct compile *c, struct conf_node *root, const struct plan_options *options)
{
    if (options->setting_count > PLAN_SETTINGS_MAX) {
        diag_add(c->diags, "", 0, 0, NULL, "more than %d settings", PLAN_SETTINGS_MAX);
        return;
    }
    bool has_stages = find_kind(options, SETTING_STAGE);
    const struct plan_setting *settings = options->settings;
    for (int i = 0; i < options->setting_count; i++)
        if (is_model(&settings[i]))
            apply_key(c, root, &settings[i]);
    for (int i = 0; i < options->setting_count; i++)
        if (settings[i].kind == SETTING_ARRIVALS)
            apply_arrivals(c, root, &settings[i]);
    for (int i = 0; i < options->setting_count; i++)
        if (settings[i].kind == SETTING_RATE)
            apply_rate(c, root, &settings[i], has_stages);
    apply_stages(c, root, options);
    for (int i = 0; i < options->setting_count; i++)
        if (settings[i].kind == SETTING_KEY && !is_model(&settings[i]))
            apply_key(c, root, &settings[i]);
}
