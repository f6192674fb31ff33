#include "plan_compile.h"

#include <stdio.h>
#include <string.h>

/* In files these keys stand in the phases, or have another name; given alone they mean the only phase's. */
static const struct {
    const char *key;
    const char *in_phase;
    const char *without_phases;
} shorthands[] = {
    {"load.users", "users", "load.concurrent"},
    {"load.duration", "duration", "load.duration"},
};

static bool is_number(const char *text)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    return digits > 0 && strlen(text) == digits + (*text == '-');
}

static void report_phases(struct compile *c, const struct plan_setting *setting,
                          const struct conf_node *phases, const char *key)
{
    char hint[CONF_HINT] = "say which: ", shown[CONF_SHOWN];
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
    char origin[CONF_SHOWN * 2];
    snprintf(origin, sizeof origin, "%.*s", (int)sizeof origin - 1, setting->origin);
    diag_add(c->diags, origin, 0, 0, hint, "the scenario has %d phases", phases->count);
}

/* The key to set in place of a shorthand, or NULL after a mistake. */
static const char *expand(struct compile *c, const struct conf_node *root, const struct plan_setting *setting)
{
    for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++) {
        bool is_model = i == 0 && !is_number(setting->value); /* load.users=closed */
        if (strcmp(setting->key, shorthands[i].key) != 0 || is_model)
            continue;
        const struct conf_node *phases = conf_get(conf_get(root, "load"), "phases");
        if (!phases || phases->kind != CONF_SEQUENCE || phases->count == 0)
            return shorthands[i].without_phases;
        if (phases->count == 1)
            return arena_printf(c->arena, "load.phases.0.%s", shorthands[i].in_phase);
        report_phases(c, setting, phases, shorthands[i].in_phase);
        return NULL;
    }
    return setting->key;
}

void plan_apply_settings(struct compile *c, struct conf_node *root, const struct plan_options *options)
{
    if (options->setting_count > PLAN_SETTINGS_MAX) {
        diag_add(c->diags, "", 0, 0, NULL, "more than %d settings", PLAN_SETTINGS_MAX);
        return;
    }
    for (int i = 0; i < options->setting_count; i++) {
        const struct plan_setting *setting = &options->settings[i];
        const char *key = expand(c, root, setting);
        if (key)
            conf_set(c->arena, root, key, setting->value, setting->origin, c->diags);
    }
}
