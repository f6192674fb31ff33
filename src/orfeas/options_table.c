#include "options_table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the values mean ---- */

static char *kept(struct options *o, const char *text)
{
    return arena_copy(&o->arena, text, strlen(text));
}

static const char *take_target(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->target = kept(o, value);
    return NULL;
}

static const char *take_time_scale(struct options *o, const char *name, const char *value)
{
    (void)name;
    char *end;
    double scale = strtod(value, &end);
    if (end == value || *end || !isfinite(scale) || scale < 0.001 || scale > 100000)
        return "needs a number from 0.001 to 100000; 60 plays an hour in a minute";
    o->time_scale = scale;
    return NULL;
}

static const char *take_wait(struct options *o, const char *name, const char *value)
{
    (void)name;
    return duration_parse(value, strlen(value), &o->wait) ? NULL : "needs a duration, such as 60s or 5m";
}

static const char *take_workflow(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->workflow = kept(o, value);
    return NULL;
}

static const char *add_setting(struct options *o, const char *key, const char *value, const char *origin)
{
    if (o->setting_count == SETTINGS_MAX)
        return "comes too often";
    o->settings[o->setting_count++] = (struct plan_setting){key, value, origin};
    return NULL;
}

static const char *take_set(struct options *o, const char *name, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return "needs KEY=VALUE, such as load.users=4";
    return add_setting(o, arena_copy(&o->arena, value, (size_t)(equals - value)), kept(o, equals + 1),
                       arena_printf(&o->arena, "%s %s", name, value));
}

static bool is_count(const char *value)
{
    return *value && strspn(value, "0123456789") == strlen(value);
}

static const char *take_users(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return add_setting(o, "load.users", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_duration(struct options *o, const char *name, const char *value)
{
    return add_setting(o, "load.duration", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_jobs(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return add_setting(o, "load.jobs", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_image(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->image = kept(o, value);
    return NULL;
}

static const char *take_results(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->results = kept(o, value);
    return *value ? NULL : "needs a directory";
}

static const char *take_seed(struct options *o, const char *name, const char *value)
{
    (void)name;
    char *end;
    errno = 0;
    o->seed = strtoull(value, &end, strncmp(value, "0x", 2) == 0 ? 16 : 10);
    if (!isdigit((unsigned char)*value) || *end || errno)
        return "needs a whole number";
    o->seed_given = true;
    return NULL;
}

static const char *take_header(struct options *o, const char *name, const char *value)
{
    (void)name;
    const char *colon = strchr(value, ':');
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return "has a control character";
    if (!colon || colon == value || strcspn(value, " \t") < (size_t)(colon - value))
        return "needs 'Name: value'";
    buf_printf(&o->headers, "%s\r\n", value);
    return o->headers.failed ? "is too long" : NULL;
}

static bool is_true(const char *value)
{
    return strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && *value;
}

static const char *take_quiet(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->quiet = is_true(value);
    return NULL;
}

static const char *take_verbose(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->verbose = is_true(value);
    return NULL;
}

static const char *take_no_color(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->no_color = is_true(value);
    return NULL;
}

static const char *take_help(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->help = is_true(value);
    return NULL;
}

/* ---- the table ---- */

const struct option option_table[] = {
    {"target", 0, 0, "URL",
     "what is tested: http://localhost:5000 (the default), or 'embedded' for an orfeasd\n"
     "of its own, with options: 'embedded?jobs=64&profile=hunyuan3d';\n"
     "'embedded?profile=': as fast as it is",
     take_target, COMMAND_RUN},
    {"time-scale", 0, 0, "N", "divide every duration of the scenario by N: 60 plays an hour in a minute",
     take_time_scale, COMMAND_RUN | COMMAND_CHECK},
    {"wait", 0, 0, "TIME", "how long a target that is loading is waited for (default 60s)", take_wait,
     COMMAND_RUN},
    {"workflow", 0, 0, "NAME",
     "what one user does: a shipped workflow or a .yaml file, in place of the scenario's", take_workflow,
     COMMAND_RUN | COMMAND_CHECK},
    {"set", 0, 0, "KEY=VALUE", "override a part of the scenario: load.users=4, vars.format=glb (repeatable)",
     take_set, COMMAND_RUN | COMMAND_CHECK},
    {"users", 'u', 'c', "N", "number of users (--set load.users=N)", take_users, COMMAND_RUN},
    {"duration", 'd', 0, "TIME", "how long they come (--set load.duration=TIME)", take_duration, COMMAND_RUN},
    {"jobs", 'n', 0, "N", "how many jobs in all, of a closed scenario (--set load.jobs=N)", take_jobs,
     COMMAND_RUN},
    {"image", 0, 0, "FILE",
     "the picture that is uploaded; made when it is missing (default: one from the seed)", take_image,
     COMMAND_RUN},
    {"results", 0, 0, "DIR", "where results_<scenario>.json go (default results)", take_results, COMMAND_RUN},
    {"seed", 0, 0, "N", "every random choice follows from it; it is printed and stored", take_seed,
     COMMAND_RUN | COMMAND_IMAGE},
    {"header", 'H', 0, "'Name: value'", "add a header to every request (repeatable)", take_header,
     COMMAND_RUN},
    {"env-file", 0, 0, "FILE", "read ORFEAS_... variables from a file of NAME=VALUE lines",
     options_take_env_file, COMMAND_RUN | COMMAND_CHECK | COMMAND_IMAGE},
    {"quiet", 'q', 0, NULL, "no progress and no summary, only errors", take_quiet,
     COMMAND_RUN | COMMAND_IMAGE},
    {"verbose", 'v', 0, NULL, "say before each scenario what will be played", take_verbose, COMMAND_RUN},
    {"no-color", 0, 0, NULL, "no colours (also: NO_COLOR)", take_no_color, COMMAND_RUN},
    {"help", 'h', 0, NULL, "this text", take_help,
     COMMAND_RUN | COMMAND_CHECK | COMMAND_IMAGE | COMMAND_VERSION},
};

const int option_count = sizeof option_table / sizeof option_table[0];
