#include "options_table.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the values mean ---- */

static char *kept(struct options *o, const char *text)
{
    return arena_copy(&o->arena, text, strlen(text));
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

static const char *take_scrape(struct options *o, const char *name, const char *value)
{
    (void)name;
    bool right = duration_parse(value, strlen(value), &o->scrape) && o->scrape >= 100 * NSEC_PER_MSEC &&
                 o->scrape <= 3600 * NSEC_PER_SEC;
    return right ? NULL : "needs a duration from 100ms to 1h, such as 5s";
}

static const char *take_pid(struct options *o, const char *name, const char *value)
{
    (void)name;
    char *end;
    errno = 0;
    long pid = strtol(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno || pid < 1 || pid > INT_MAX)
        return "needs a process' number, such as 4711";
    o->pid = (int)pid;
    return NULL;
}

static const char *add_setting(struct options *o, enum setting_kind kind, const char *key, const char *name,
                               const char *value)
{
    if (o->setting_count == SETTINGS_MAX)
        return "comes too often";
    o->settings[o->setting_count++] = (struct plan_setting){
        .kind = kind,
        .key = key,
        .value = kept(o, value),
        .origin = arena_printf(&o->arena, "%s %s", name, value),
    };
    return NULL;
}

/* A shorthand of --set. */
static const char *set_key(struct options *o, const char *key, const char *name, const char *value)
{
    return add_setting(o, SETTING_KEY, key, name, value);
}

static const char *take_set(struct options *o, const char *name, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return "needs KEY=VALUE, such as load.users=4";
    const char *wrong = set_key(o, arena_copy(&o->arena, value, (size_t)(equals - value)), name, value);
    if (!wrong)
        o->settings[o->setting_count - 1].value = kept(o, equals + 1);
    return wrong;
}

static bool is_count(const char *value)
{
    return *value && strspn(value, "0123456789") == strlen(value);
}

static const char *take_users(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return set_key(o, "load.users", name, value);
}

static const char *take_duration(struct options *o, const char *name, const char *value)
{
    return set_key(o, "load.duration", name, value);
}

static const char *take_jobs(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return set_key(o, "load.jobs", name, value);
}

static const char *take_rate(struct options *o, const char *name, const char *value)
{
    return add_setting(o, SETTING_RATE, "load.rate", name, value);
}

static const char *take_arrivals(struct options *o, const char *name, const char *value)
{
    return add_setting(o, SETTING_ARRIVALS, "load.arrivals", name, value);
}

/* Stages of the environment do not go before those of the command line. */
static void drop_stages_of_environment(struct options *o)
{
    int kept_count = 0;
    for (int i = 0; i < o->setting_count; i++) {
        const struct plan_setting *setting = &o->settings[i];
        if (setting->kind != SETTING_STAGE || setting->origin[0] == '-')
            o->settings[kept_count++] = *setting;
    }
    o->setting_count = kept_count;
}

/* One, or several with commas between: a variable can hold but one value. */
static const char *take_stage(struct options *o, const char *name, const char *value)
{
    if (name[0] == '-')
        drop_stages_of_environment(o);
    for (const char *at = value;; at++) {
        size_t len = strcspn(at, ",");
        const char *stage = arena_copy(&o->arena, at, len), *colon = strchr(stage, ':');
        if (!colon || colon == stage || !colon[1])
            return "needs DURATION:LEVEL, such as 30s:20 or 30s:100/s";
        const char *wrong = add_setting(o, SETTING_STAGE, "load.phases", name, stage);
        at += len;
        if (wrong || !*at)
            return wrong;
    }
}

static const char *take_timeout(struct options *o, const char *name, const char *value)
{
    return set_key(o, "load.timeout", name, value);
}

static const char *take_connect_timeout(struct options *o, const char *name, const char *value)
{
    return set_key(o, "load.connect_timeout", name, value);
}

static const char *take_connections(struct options *o, const char *name, const char *value)
{
    return set_key(o, "load.connections", name, value);
}

static const char *take_resolve(struct options *o, const char *name, const char *value)
{
    return set_key(o, "load.resolve", name, value);
}

static const char *take_workers(struct options *o, const char *name, const char *value)
{
    (void)name;
    long workers = is_count(value) ? strtol(value, NULL, 10) : 0;
    if (workers < 1 || workers > WORKERS_MAX)
        return "needs a whole number from 1 to 256";
    o->workers = (int)workers;
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

static bool is_header(const char *value, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(value, name, len) == 0 && value[len] == ':';
}

/* What says where a request ends, or what becomes of the connection, cannot be another's. */
static bool is_framing(const char *value)
{
    static const char *const NAMES[] = {
        "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Expect", "TE", "Trailer",
        "Upgrade"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (is_header(value, NAMES[i]))
            return true;
    return false;
}

static const char *take_header(struct options *o, const char *name, const char *value)
{
    static const char *const USUAL[HTTP_USUAL_HEADERS] = {"Host", "User-Agent", "Accept"};
    (void)name;
    const char *colon = strchr(value, ':');
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return "has a control character";
    if (!colon || colon == value || strcspn(value, " \t") < (size_t)(colon - value))
        return "needs 'Name: value'";
    if (is_framing(value))
        return "is a header that orfeas has to say itself";
    for (int i = 0; i < HTTP_USUAL_HEADERS; i++)
        o->own_headers[i] |= is_header(value, USUAL[i]);
    buf_printf(&o->headers, "%s\r\n", value);
    return o->headers.failed ? "is too long" : NULL;
}

static bool is_true(const char *value)
{
    return strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && *value;
}

const char *option_take(struct options *o, const struct option *option, const char *name, const char *value)
{
    void *field = (char *)o + option->field;
    if (option->take)
        return option->take(o, name, value);
    if (option->argument)
        *(const char **)field = kept(o, value);
    else
        *(bool *)field = is_true(value);
    return NULL;
}

/* ---- the table ---- */

#define FIELD(name) offsetof(struct options, name)

const struct option option_table[] = {
    {"target", 0, 0, "URL",
     "what is tested: http://localhost:5000 (the default), or 'embedded' for an orfeasd\n"
     "of its own, with options: 'embedded?jobs=64&profile=hunyuan3d';\n"
     "'embedded?profile=': as fast as it is",
     NULL, COMMAND_TARGET, FIELD(target)},
    {"time-scale", 0, 0, "N", "divide every duration of the scenario by N: 60 plays an hour in a minute",
     take_time_scale, COMMAND_TARGET | COMMAND_CHECK},
    {"wait", 0, 0, "TIME", "how long a target that is loading is waited for (default 60s)", take_wait,
     COMMAND_TARGET},
    {"scrape", 0, 0, "TIME",
     "how often the target's metrics are read (default 5s); the time scale divides it,\n"
     "down to 100ms",
     take_scrape, COMMAND_RUN},
    {"pid", 0, 0, "PID",
     "the target's process, which is watched with all that it starts (default: the one\n"
     "that listens on the target's port, where that is on this machine)",
     take_pid, COMMAND_RUN},
    {"workflow", 0, 0, "NAME",
     "what one user does: a shipped workflow or a .yaml file, in place of the scenario's", NULL,
     COMMAND_TARGET | COMMAND_CHECK, FIELD(workflow)},
    {"set", 0, 0, "KEY=VALUE", "override a part of the scenario: load.users=4, vars.format=glb (repeatable)",
     take_set, COMMAND_TARGET | COMMAND_CHECK},
    {"users", 'u', 'c', "N", "number of users (--set load.users=N); of an open load: jobs under way at most",
     take_users, COMMAND_TARGET},
    {"rate", 'R', 0, "RATE",
     "jobs arrive at this rate, whatever became of those before: 100/s, 6/min, 30/h, or\n"
     "a bare number a second; users of the scenario and their think times are dropped",
     take_rate, COMMAND_TARGET},
    {"arrivals", 0, 0, "HOW",
     "of such jobs: constant (the default), poisson, or replay:FILE, one time a line,\n"
     "which needs no --rate",
     take_arrivals, COMMAND_TARGET},
    {"stage", 0, 0, "TIME:LEVEL",
     "ramp to so many users, or to a rate, in place of the scenario's phases: 30s:20,\n"
     "30s:100/s (repeatable, or with commas; from 0 on). With --rate every level is\n"
     "a rate, and RATE itself counts for nothing",
     take_stage, COMMAND_TARGET},
    {"duration", 'd', 0, "TIME", "how long they come (--set load.duration=TIME)", take_duration,
     COMMAND_TARGET},
    {"jobs", 'n', 0, "N", "how many jobs in all, of a closed or open load (--set load.jobs=N)", take_jobs,
     COMMAND_TARGET},
    {"timeout", 0, 0, "TIME", "how long a whole job may take (--set load.timeout=TIME)", take_timeout,
     COMMAND_TARGET},
    {"connect-timeout", 0, 0, "TIME",
     "how long a connection may take, TLS included; no time scale divides it\n"
     "(default 10s; --set load.connect_timeout=TIME)",
     take_connect_timeout, COMMAND_TARGET},
    {"connections", 0, 0, "N", "how many connections at most (--set load.connections=N)", take_connections,
     COMMAND_TARGET},
    {"resolve", 0, 0, "WHEN",
     "look the target's name up once, before the run (the default), or for each\n"
     "connection: once, connection (--set load.resolve=WHEN)",
     take_resolve, COMMAND_TARGET},
    {"workers", 0, 0, "N", "threads that send, 1 to 256 (default: as many as the cores that may be used)",
     take_workers, COMMAND_TARGET},
    {"cacert", 0, 0, "FILE", "trust the certificates in this PEM file, in place of the system's", NULL,
     COMMAND_TARGET, FIELD(cacert)},
    {"cert", 0, 0, "FILE", "show the target this certificate (PEM)", NULL, COMMAND_TARGET, FIELD(cert)},
    {"key", 0, 0, "FILE", "the private key of --cert (PEM), unless that file holds it too", NULL,
     COMMAND_TARGET, FIELD(key)},
    {"insecure", 0, 0, NULL, "do not check the target's certificate", NULL, COMMAND_TARGET, FIELD(insecure)},
    {"image", 0, 0, "FILE",
     "FILE or directory: the picture that is uploaded, made when it is missing, or\n"
     "several (default: one from the seed)",
     NULL, COMMAND_TARGET, FIELD(image)},
    {"results", 0, 0, "DIR", "where results_<scenario>.json go (default results)", take_results,
     COMMAND_TARGET},
    {"seed", 0, 0, "N", "every random choice follows from it; it is printed and stored", take_seed,
     COMMAND_TARGET | COMMAND_IMAGE},
    {"header", 'H', 0, "'Name: value'", "add a header to every request (repeatable)", take_header,
     COMMAND_TARGET},
    {"env-file", 0, 0, "FILE", "read ORFEAS_... variables from a file of NAME=VALUE lines",
     options_take_env_file, COMMAND_TARGET | COMMAND_CHECK | COMMAND_IMAGE},
    {"quick", 0, 0, NULL, "send no job: what can be seen without an upload and a generation", NULL,
     COMMAND_DOCTOR, FIELD(quick)},
    {"quiet", 'q', 0, NULL, "no progress and no summary, only errors", NULL, COMMAND_RUN | COMMAND_IMAGE,
     FIELD(quiet)},
    {"verbose", 'v', 0, NULL, "say before each scenario what will be played", NULL, COMMAND_RUN,
     FIELD(verbose)},
    {"no-color", 0, 0, NULL, "no colours (also: NO_COLOR)", NULL, COMMAND_TARGET, FIELD(no_color)},
    {"help", 'h', 0, NULL, "this text", NULL,
     COMMAND_TARGET | COMMAND_CHECK | COMMAND_IMAGE | COMMAND_VERSION, FIELD(help)},
};

const int option_count = sizeof option_table / sizeof option_table[0];
