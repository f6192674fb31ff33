#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets one field from its text; false when the text is not what `expects` says. */
typedef bool set_function(struct settings *s, const char *text);

static bool whole(const char *text, long long low, long long high, long long *ret)
{
    char *end;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return end != text && !*end && !errno && *ret >= low && *ret <= high;
}

static bool set_int(const char *text, int low, int high, int *ret)
{
    long long value;
    if (!whole(text, low, high, &value))
        return false;
    *ret = (int)value;
    return true;
}

static bool set_host(struct settings *s, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len >= sizeof s->host)
        return false;
    memcpy(s->host, text, len + 1);
    const char *address = strcmp(text, "localhost") == 0 ? "127.0.0.1" : text;
    return inet_pton(AF_INET, address, &s->address) == 1;
}

static bool set_port(struct settings *s, const char *text)
{
    return set_int(text, 0, 65535, &s->port);
}

static bool set_listen(struct settings *s, const char *text)
{
    const char *colon = strrchr(text, ':');
    char host[sizeof s->host];
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    return set_host(s, host) && set_port(s, colon + 1);
}

static bool set_data(struct settings *s, const char *text)
{
    s->data = text;
    return *text;
}

static bool set_jobs(struct settings *s, const char *text)
{
    return set_int(text, 1, 10000, &s->jobs);
}

static bool set_queue(struct settings *s, const char *text)
{
    return set_int(text, 0, 50000, &s->queue);
}

static bool set_profile(struct settings *s, const char *text)
{
    s->profile = text;
    return *text;
}

static bool set_time_scale(struct settings *s, const char *text)
{
    char *end;
    s->time_scale = strtod(text, &end);
    return end != text && !*end && s->time_scale >= 0.001 && s->time_scale <= 100000;
}

static bool set_seed(struct settings *s, const char *text)
{
    char *end;
    errno = 0;
    s->seed = strtoull(text, &end, 10);
    s->seed_given = true;
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool set_load_time(struct settings *s, const char *text)
{
    s->load_time_given = true;
    return duration_parse(text, strlen(text), &s->load_time);
}

static bool set_keep(struct settings *s, const char *text)
{
    return duration_parse(text, strlen(text), &s->kept.keep);
}

static bool set_keep_jobs(struct settings *s, const char *text)
{
    return set_int(text, 1, 100000, &s->kept.jobs);
}

/* A number and a unit: "1GiB", "500MB". */
static bool set_quota(struct settings *s, const char *text)
{
    static const struct {
        const char *name;
        double bytes;
    } UNITS[] = {{"B", 1},         {"KB", 1e3},      {"MB", 1e6},
                 {"GB", 1e9},      {"TB", 1e12},     {"KiB", 1024},
                 {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1099511627776.0}};
    char *unit;
    double value = strtod(text, &unit);
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        double bytes = value * UNITS[i].bytes;
        if (unit == text || strcmp(unit, UNITS[i].name) != 0 || !(bytes >= 1 && bytes <= 1e15))
            continue;
        s->kept.bytes = (int64_t)bytes;
        return true;
    }
    return false;
}

static bool set_drain(struct settings *s, const char *text)
{
    return duration_parse(text, strlen(text), &s->drain);
}

static bool set_gpu_limit(struct settings *s, const char *text)
{
    char *end;
    double gigabytes = strtod(text, &end);
    s->gpu_limit_mb = gigabytes * 1024;
    return end != text && !*end && gigabytes > 0 && gigabytes <= 1e6;
}

static bool set_gpu_full(struct settings *s, const char *text)
{
    bool refuse = strcmp(text, "refuse") == 0;
    s->gpu_full = refuse ? GPU_FULL_REFUSE : GPU_FULL_SHRINK;
    return refuse || strcmp(text, "shrink") == 0;
}

static bool set_fault(struct settings *s, const char *text)
{
    if (s->fault_text_count == SETTINGS_FAULTS_MAX)
        return false;
    s->fault_texts[s->fault_text_count++] = text;
    return true;
}

static bool set_max_upload(struct settings *s, const char *text)
{
    int megabytes;
    if (!set_int(text, 1, 500, &megabytes))
        return false;
    s->max_upload_bytes = (int64_t)megabytes << 20;
    return true;
}

static bool set_cors(struct settings *s, const char *text)
{
    s->cors_origins = text;
    return *text && strlen(text) < 200 && !strpbrk(text, "\r\n");
}

/* Milliseconds in an int, at the protocol's place for it. */
static bool set_beat(const char *text, nsec *ret)
{
    return duration_parse(text, strlen(text), ret) && *ret >= 10 * NSEC_PER_MSEC &&
           *ret <= 3600 * NSEC_PER_SEC;
}

static bool set_ping_interval(struct settings *s, const char *text)
{
    return set_beat(text, &s->ping_interval);
}

static bool set_ping_timeout(struct settings *s, const char *text)
{
    return set_beat(text, &s->ping_timeout);
}

static bool set_rate_limiting(struct settings *s, const char *text)
{
    s->rate_limiting = strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return s->rate_limiting || strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool set_rate(struct settings *s, const char *text)
{
    return set_int(text, 1, 100000, &s->rate_per_minute);
}

static bool set_token(struct settings *s, const char *text)
{
    s->token = text;
    s->token_file = NULL; /* what is said later, on the command line, counts */
    return *text;
}

static bool set_token_file(struct settings *s, const char *text)
{
    s->token_file = text;
    s->token = NULL;
    return *text;
}

static bool set_connections(struct settings *s, const char *text)
{
    return set_int(text, 1, 20000, &s->connections_per_address);
}

static bool set_core_dumps(struct settings *s, const char *text)
{
    s->core_dumps = strcmp(text, "on") == 0;
    return s->core_dumps || strcmp(text, "off") == 0;
}

static bool set_log(struct settings *s, const char *text)
{
    s->log = text;
    return *text;
}

static bool set_sandbox(struct settings *s, const char *text)
{
    static const char *const NAMES[] = {
        [SANDBOX_REQUIRE] = "require", [SANDBOX_AUTO] = "auto", [SANDBOX_OFF] = "off"};
    for (int i = 0; i < (int)(sizeof NAMES / sizeof NAMES[0]); i++)
        if (strcmp(text, NAMES[i]) == 0) {
            s->sandbox = (enum settings_sandbox)i;
            return true;
        }
    return false;
}

static const struct setting {
    const char *option, *variable; /* one of them may be NULL */
    set_function *set;
    const char *expects; /* also what stands behind its name in the help */
    const char *about;
} SETTINGS[] = {
    {NULL, "ORFEAS_HOST", set_host, "ADDRESS", "where to listen (127.0.0.1)"},
    {NULL, "ORFEAS_PORT", set_port, "PORT, from 0 to 65535", "(5000)"},
    {"--listen", NULL, set_listen, "ADDRESS:PORT",
     "where to listen (127.0.0.1:5000); port 0 takes a free one; other addresses than\n      loopback only "
     "with a token"},
    {"--data", NULL, set_data, "DIR",
     "where pictures and models are kept (a new directory, removed at the end); a directory that\n      is "
     "given keeps its jobs for the next start"},
    {"--keep", "ORFEAS_KEEP", set_keep, "DURATION, as in 90s",
     "how long a job that does not run is kept with its files (1h); 0s: no limit"},
    {"--keep-jobs", "ORFEAS_KEEP_JOBS", set_keep_jobs, "N, from 1 to 100000",
     "how many of them are kept; then the oldest goes (2000)"},
    {"--quota", "ORFEAS_QUOTA", set_quota, "SIZE, as 500MB or 1GiB",
     "how much their files may take; then the oldest goes (1GiB)"},
    {"--drain", "ORFEAS_DRAIN", set_drain, "DURATION, as in 90s",
     "how long running jobs may go on when the server is told to stop (25s)"},
    {"--jobs", "MAX_CONCURRENT_JOBS", set_jobs, "N, from 1 to 10000", "generations at once: the slots (3)"},
    {"--queue", NULL, set_queue, "N, from 0 to 50000", "generations that may wait for a slot (100)"},
    {"--profile", NULL, set_profile, "NAME|FILE",
     "pace jobs like a real GPU, and simulate its figures: hunyuan3d, hunyuan3d-shared,\n      "
     "hunyuan3d-cold, turbo"},
    {"--time-scale", NULL, set_time_scale, "N, from 0.001 to 100000",
     "divide the times of profile, faults and load (1)"},
    {"--gpu-full", "ORFEAS_GPU_FULL", set_gpu_full, "shrink|refuse",
     "what the simulated card does when its memory is full: jobs take less, or are refused\n      with 507 "
     "(the profile's)"},
    {"--gpu-limit", "GPU_MEMORY_LIMIT_GB", set_gpu_limit, "GIGABYTES",
     "memory of the simulated card that models and jobs may fill (the profile's)"},
    {"--seed", NULL, set_seed, "N", "the random numbers of profile and faults follow from it (random)"},
    {"--fault", "ORFEAS_FAULT", set_fault, "SPEC[,SPEC...]",
     "be ill in a known way; may be repeated. A share is of the jobs, times count from\n      the first "
     "job:\n"
     "      error=2%, leak=256KiB/job, slow=+1%/min, freeze=2s@60s, crash@90s,\n"
     "      reset=1%, corrupt=1%, stuck=1%, lie=1%, refuse@30s; see docs/orfeasd.md"},
    {"--load-time", NULL, set_load_time, "DURATION, as in 90s",
     "how long the models load at the start"},
    {"--ping-interval", NULL, set_ping_interval, "DURATION, from 10ms to 1h",
     "how often live connections (Socket.IO, WebSocket, events) are pinged (25s)"},
    {"--ping-timeout", NULL, set_ping_timeout, "DURATION, from 10ms to 1h",
     "how long a ping may go unanswered (20s)"},
    {NULL, "MAX_UPLOAD_MB", set_max_upload, "N, from 1 to 500", "largest upload, in megabytes (50)"},
    {NULL, "CORS_ORIGINS", set_cors, "ORIGIN[,ORIGIN...], or *",
     "whose pages may read answers and open WebSockets (*)"},
    {"--token-file", "ORFEAS_TOKEN_FILE", set_token_file, "FILE",
     "clients have to show the token in it: Authorization: Bearer TOKEN"},
    {"--token", "ORFEAS_TOKEN", set_token, "TOKEN",
     "the same; on the command line others on this machine can read it, so prefer the file\n      or the "
     "variable"},
    {"--connections-per-address", NULL, set_connections, "N, from 1 to 20000",
     "open connections of one client address (64; no limit on loopback)"},
    {"--log", "ORFEAS_LOG", set_log, "FILE, or -",
     "a line for each request; at 10 MB it becomes FILE.1, and so on up to FILE.5; -: standard\n      error "
     "(none)"},
    {"--core-dumps", NULL, set_core_dumps, "on|off",
     "whether a crash may leave the memory, with clients' pictures, in a file (off)"},
    {"--sandbox", "ORFEAS_SANDBOX", set_sandbox, "require|auto|off",
     "decode pictures in processes without rights: with every layer or not at all, with those\n      layers "
     "that the kernel has (auto), or in the server itself"},
    {NULL, "ENABLE_RATE_LIMITING", set_rate_limiting, "true|false", "limit uploads and generations (false)"},
    {NULL, "RATE_LIMIT_PER_MINUTE", set_rate, "N, from 1 to 100000", "requests per client and minute (60)"},
};

enum { SETTING_COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

static void read_environment(struct settings *s, struct diag_list *diags)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        const char *text = SETTINGS[i].variable ? getenv(SETTINGS[i].variable) : NULL;
        if (text && *text && !SETTINGS[i].set(s, text))
            diag_add(diags, "", 0, 0, NULL, "%s=%s: expected %s", SETTINGS[i].variable, text,
                     SETTINGS[i].expects);
    }
}

static const struct setting *find_option(const char *argument, size_t len)
{
    for (int i = 0; i < SETTING_COUNT; i++)
        if (SETTINGS[i].option && strlen(SETTINGS[i].option) == len &&
            strncmp(SETTINGS[i].option, argument, len) == 0)
            return &SETTINGS[i];
    return NULL;
}

/* --name VALUE or --name=VALUE. Returns how many arguments were used. */
static int read_option(struct settings *s, int argc, char **argv, int at, struct diag_list *diags)
{
    const char *argument = argv[at], *equals = strchr(argument, '=');
    const struct setting *setting =
        find_option(argument, equals ? (size_t)(equals - argument) : strlen(argument));
    if (!setting) {
        diag_add(diags, "", 0, 0, "orfeasd --help lists the options", "unknown %s %s",
                 *argument == '-' ? "option" : "argument", argument);
        return 1;
    }
    const char *value = equals ? equals + 1 : at + 1 < argc ? argv[at + 1] : NULL;
    if (!value)
        diag_add(diags, "", 0, 0, NULL, "%s needs a value: %s", setting->option, setting->expects);
    else if (!setting->set(s, value))
        diag_add(diags, "", 0, 0, NULL, "%s %s: expected %s", setting->option, value, setting->expects);
    return equals ? 1 : 2;
}

static void check_loopback(const struct settings *s, struct diag_list *diags)
{
    if (ntohl(s->address.s_addr) >> 24 != 127 && !s->token && !s->token_file)
        diag_add(diags, "", 0, 0, "use 127.0.0.1, or --token-file FILE with: openssl rand -hex 32 > FILE",
                 "%s is no loopback address; without a token anybody could use it", s->host);
}

/* Those of the command line stand in place of the environment's. */
static void read_faults(struct settings *s, int of_environment, struct diag_list *diags)
{
    bool given = s->fault_text_count > of_environment;
    for (int i = given ? of_environment : 0; i < s->fault_text_count; i++)
        fault_plan_add(&s->faults, s->fault_texts[i], given ? "--fault" : "ORFEAS_FAULT", diags);
}

enum settings_action settings_read(struct settings *s, int argc, char **argv, struct diag_list *diags)
{
    *s = (struct settings){.port = 5000,
                           .jobs = 3,
                           .queue = 100,
                           .time_scale = 1,
                           .kept = job_default_limits,
                           .drain = 25 * NSEC_PER_SEC,
                           .max_upload_bytes = 50 << 20,
                           .cors_origins = "*",
                           .ping_interval = 25 * NSEC_PER_SEC,
                           .ping_timeout = 20 * NSEC_PER_SEC,
                           .rate_per_minute = 60,
                           .sandbox = SANDBOX_AUTO,
                           .connections_per_address = 64};
    set_host(s, "127.0.0.1");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return SETTINGS_HELP;
        if (strcmp(argv[i], "--version") == 0)
            return SETTINGS_VERSION;
    }
    read_environment(s, diags);
    int of_environment = s->fault_text_count;
    for (int i = 1; i < argc;)
        i += read_option(s, argc, argv, i, diags);
    read_faults(s, of_environment, diags);
    check_loopback(s, diags);
    return diags->count ? SETTINGS_BAD : SETTINGS_RUN;
}

void settings_help(struct buf *out)
{
    buf_add_text(out, "orfeasd - a backend that turns a picture into a 3D model, on the CPU\n\nusage: "
                      "orfeasd [OPTION...]\n\n");
    for (int i = 0; i < SETTING_COUNT; i++)
        if (SETTINGS[i].option)
            buf_printf(out, "  %s %s\n      %s\n", SETTINGS[i].option, SETTINGS[i].expects,
                       SETTINGS[i].about);
    buf_add_text(out, "  --help, --version\n\nenvironment:\n");
    for (int i = 0; i < SETTING_COUNT; i++)
        if (SETTINGS[i].variable)
            buf_printf(out, "  %s=%s\n      %s\n", SETTINGS[i].variable, SETTINGS[i].expects,
                       SETTINGS[i].about);
}
