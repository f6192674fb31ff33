#include "embedded.h"

#include "clock.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USAGE_STATUS = 2, ARGUMENTS_MAX = 40, START_SECONDS = 20, STOP_SECONDS = 10 };

struct arguments {
    char *list[ARGUMENTS_MAX + 1];
    int count;
};

bool embedded_is(const char *target)
{
    return strncmp(target, "embedded", 8) == 0 && (target[8] == '\0' || target[8] == '?');
}

static void add(struct arguments *a, const char *option, const char *value)
{
    char *text = NULL;
    if (a->count == ARGUMENTS_MAX || asprintf(&text, "%s%s", option, value) < 0)
        abort();
    a->list[a->count++] = text;
}

static void arguments_finish(struct arguments *a)
{
    for (int i = 0; i < a->count; i++)
        free(a->list[i]);
}

static bool is_option(const char *name, size_t len)
{
    return len && strspn(name, "abcdefghijklmnopqrstuvwxyz-") >= len;
}

/* An option of ours, unless the query has it. */
static void add_default(struct arguments *a, const char *query, const char *name, const char *value)
{
    size_t len = strlen(name);
    for (const char *at = query; at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, name, len) == 0 && strspn(at + len, "=&") > 0)
            return;
    }
    char option[40];
    snprintf(option, sizeof option, "--%s=", name);
    add(a, option, value);
}

/* "jobs=64&profile=x" as --jobs=64 --profile=x. An option without a value is not given at all. */
static bool add_query(struct arguments *a, const char *query, char error[EMBEDDED_ERROR_TEXT])
{
    for (const char *at = query; *at;) {
        size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
        if (!is_option(at, name) || at[name] != '=' || a->count + 1 >= ARGUMENTS_MAX) {
            snprintf(error, EMBEDDED_ERROR_TEXT,
                     "'%.*s' in --target is no option of orfeasd; write embedded?jobs=64&profile=hunyuan3d",
                     (int)len, at);
            return false;
        }
        char option[300];
        snprintf(option, sizeof option, "--%.*s", (int)(len < 280 ? len : 280), at);
        if (name + 1 < len)
            add(a, option, "");
        at += len + (at[len] == '&');
    }
    return true;
}

static void describe(struct embedded *e, const struct arguments *a)
{
    size_t at = 0;
    for (int i = 0; i < a->count && at < sizeof e->command; i++) {
        const char *word = i ? a->list[i] : "orfeasd";
        at += (size_t)snprintf(e->command + at, sizeof e->command - at, "%s%s", i ? " " : "", word);
    }
}

/* The settings of a backend that the user may have around are not those of ours. */
static const char *const backend_variables[] = {
    "ORFEAS_HOST",         "ORFEAS_PORT",          "MAX_CONCURRENT_JOBS",   "MAX_UPLOAD_MB",
    "CORS_ORIGINS",        "ENABLE_RATE_LIMITING", "RATE_LIMIT_PER_MINUTE", "ORFEAS_KEEP",
    "ORFEAS_QUOTA",        "ORFEAS_KEEP_JOBS",     "ORFEAS_DRAIN",          "ORFEAS_GPU_FULL",
    "GPU_MEMORY_LIMIT_GB", "ORFEAS_FAULT",         "ORFEAS_TOKEN",          "ORFEAS_TOKEN_FILE",
    "ORFEAS_LOG",          "ORFEAS_SANDBOX",
};

static _Noreturn void be_child(char **arguments, int out, pid_t parent)
{
    setpgid(0, 0); /* Ctrl-C is for orfeas: it stops its backend when its jobs are done */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    dup2(out, STDOUT_FILENO);
    for (size_t i = 0; i < sizeof backend_variables / sizeof backend_variables[0]; i++)
        unsetenv(backend_variables[i]);
    execv(arguments[0], arguments);
    fprintf(stderr, "orfeas: cannot run %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

/* Reads the line that says where it listens. */
static bool read_url(struct embedded *e, int out)
{
    static const char announcement[] = "orfeasd listening on ";
    char line[256];
    size_t len = 0;
    nsec deadline = clock_monotonic() + START_SECONDS * NSEC_PER_SEC;
    while (len < sizeof line - 1) {
        struct pollfd p = {.fd = out, .events = POLLIN};
        nsec left = deadline - clock_monotonic();
        int ready = left > 0 ? poll(&p, 1, (int)(left / NSEC_PER_MSEC) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 || read(out, line + len, 1) != 1)
            return false;
        if (line[len++] != '\n')
            continue;
        line[len - 1] = '\0';
        if (strncmp(line, announcement, sizeof announcement - 1) == 0) {
            snprintf(e->url, sizeof e->url, "%.63s", line + sizeof announcement - 1);
            return true;
        }
        len = 0;
    }
    return false;
}

static enum embedded_outcome launch(struct embedded *e, struct arguments *a, char error[EMBEDDED_ERROR_TEXT])
{
    int out[2];
    pid_t parent = getpid();
    if (pipe2(out, O_CLOEXEC) != 0 || (e->pid = fork()) < 0) {
        snprintf(error, EMBEDDED_ERROR_TEXT, "no process for orfeasd: %s", strerror(errno));
        e->pid = 0;
        return EMBEDDED_FAILED;
    }
    if (e->pid == 0) {
        close(out[0]);
        be_child(a->list, out[1], parent);
    }
    close(out[1]);
    bool ok = read_url(e, out[0]);
    close(out[0]);
    if (ok)
        return EMBEDDED_LISTENS;
    int status = embedded_stop(e);
    snprintf(error, EMBEDDED_ERROR_TEXT, "orfeasd did not start (%s); what it said stands above", e->command);
    return WIFEXITED(status) && WEXITSTATUS(status) == USAGE_STATUS ? EMBEDDED_USAGE : EMBEDDED_FAILED;
}

enum embedded_outcome embedded_start(struct embedded *e, const char *target, double time_scale,
                                     char error[EMBEDDED_ERROR_TEXT])
{
    *e = (struct embedded){0};
    struct arguments a = {0};
    char path[SHARE_PATH], scale[40];
    if (!share_program("orfeasd", path)) {
        snprintf(error, EMBEDDED_ERROR_TEXT, "orfeasd is not beside orfeas; build it with `make`");
        return EMBEDDED_FAILED;
    }
    snprintf(scale, sizeof scale, "%.17g", time_scale);
    add(&a, path, "");
    add(&a, "--listen=", "127.0.0.1:0");
    const char *query = target[8] ? target + 9 : "";
    add_default(&a, query, "jobs", "64");
    add_default(&a, query, "profile", "hunyuan3d");
    add_default(&a, query, "time-scale", scale);
    enum embedded_outcome outcome = EMBEDDED_USAGE;
    if (add_query(&a, query, error)) {
        describe(e, &a);
        outcome = launch(e, &a, error);
    }
    arguments_finish(&a);
    return outcome;
}

/* True when it has ended within the time; then its status is in *ret. */
static bool ended(const struct embedded *e, nsec within, int *ret)
{
    nsec deadline = clock_monotonic() + within;
    for (;;) {
        pid_t got = waitpid(e->pid, ret, WNOHANG);
        if (got == e->pid || (got < 0 && errno != EINTR))
            return true;
        if (clock_monotonic() > deadline)
            return false;
        poll(NULL, 0, 10);
    }
}

int embedded_stop(struct embedded *e)
{
    int status = 0;
    if (e->pid <= 0)
        return 0;
    if (!ended(e, 0, &status)) {
        kill(e->pid, SIGTERM);
        if (!ended(e, STOP_SECONDS * NSEC_PER_SEC, &status)) {
            kill(e->pid, SIGKILL);
            waitpid(e->pid, &status, 0);
        }
    }
    e->pid = 0;
    return status;
}
