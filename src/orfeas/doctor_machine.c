#include "doctor.h"

#include "doctor_needs.h"
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MEASURE_MS = 250, TIME_WAIT_SECONDS = 60 };

/* Beyond these, what is measured is the machine. */
#define BUSY_SHARE 0.5
#define STEAL_PERCENT 2.0
#define MEMORY_LOW (256.0 * 1024 * 1024)
#define SPACE_LOW (100.0 * 1024 * 1024)

/* The scenario that needs most. */
static const struct plan *hungriest(const struct doctor *d, struct doctor_needs *ret)
{
    const struct plan *found = doctor_plan(d);
    doctor_needs_of(found, ret);
    for (int i = 1; i < d->plan_count; i++) {
        struct doctor_needs n;
        doctor_needs_of(d->plans[i], &n);
        if (n.least > ret->least || (n.least == ret->least && n.most > ret->most)) {
            found = d->plans[i];
            *ret = n;
        }
    }
    return found;
}

static void add_most(const struct doctor_needs *n, char text[100])
{
    text[0] = '\0';
    if (n->most > n->least)
        snprintf(text, 100, ", up to %" PRId64 " when the target stands still", n->most);
}

/* ---- descriptors ---- */

void doctor_descriptors(struct doctor *d, struct doctor_result *r)
{
    struct rlimit before = {0};
    struct doctor_needs n;
    char most[100];
    getrlimit(RLIMIT_NOFILE, &before);
    const struct plan *p = hungriest(d, &n);
    int64_t room = machine_connections(); /* raises the limit, as a run does */
    enum doctor_state state = room < n.least ? DOCTOR_FAILED : room < n.most ? DOCTOR_WARNING : DOCTOR_OK;
    add_most(&n, most);
    doctor_tell(r, state,
                state == DOCTOR_OK
                    ? NULL
                    : "Raise the hard limit: `ulimit -Hn 65536` as root, LimitNOFILE= of a service, "
                      "--ulimit nofile= of a container; or fewer users.",
                "%d allowed (ulimit -n %lld, raised as far as it goes): room for %" PRId64
                " connections; %s needs %" PRId64 "%s",
                machine_fd_limit(), (long long)before.rlim_cur, room, p->scenario, n.least, most);
}

/* ---- local ports ---- */

/* The first numbers of a file below /proc/sys; how many there are. */
static int read_numbers(const char *path, int *a, int *b)
{
    FILE *file = fopen(path, "re");
    int count = file ? fscanf(file, "%d %d", a, b) : 0;
    if (file)
        fclose(file);
    return count;
}

static const char *reuse_text(int reuse)
{
    return reuse == 1   ? ", used again at once (tcp_tw_reuse)"
           : reuse == 2 ? ", used again at once on loopback"
                        : "";
}

void doctor_ports(struct doctor *d, struct doctor_result *r)
{
    int low = 0, high = 0, reuse = 0, unused;
    struct doctor_needs n;
    char most[100];
    if (read_numbers("/proc/sys/net/ipv4/ip_local_port_range", &low, &high) != 2) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the system does not tell its range of local ports");
        return;
    }
    read_numbers("/proc/sys/net/ipv4/tcp_tw_reuse", &reuse, &unused);
    const struct plan *p = hungriest(d, &n);
    int64_t ports = high - low + 1;
    double a_second = (double)ports / TIME_WAIT_SECONDS;
    bool runs_out = d->closes && reuse != 1 && (n.a_second > a_second || n.a_second == 0);
    enum doctor_state state = ports < n.least              ? DOCTOR_FAILED
                              : ports < n.most || runs_out ? DOCTOR_WARNING
                                                           : DOCTOR_OK;
    const char *next =
        state == DOCTOR_OK ? NULL
        : runs_out ? "Let the target keep connections open (keep-alive), or `sysctl net.ipv4.tcp_tw_reuse=1`."
                   : "Widen it: `sysctl net.ipv4.ip_local_port_range=\"10000 65535\"`.";
    char closes[200] = "";
    if (d->closes)
        snprintf(closes, sizeof closes, "; the target closes after each answer: %.3g new ones a second%s",
                 a_second, reuse_text(reuse));
    add_most(&n, most);
    doctor_tell(r, state, next, "%" PRId64 " to one address (%d to %d); %s needs %" PRId64 "%s%s", ports, low,
                high, p->scenario, n.least, most, closes);
}

/* ---- the machine ---- */

/* Bytes; NAN: not told. */
static double free_memory(void)
{
    char line[200];
    long long kib = -1;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && kib < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lld kB", &kib) != 1)
            kib = -1;
    if (file)
        fclose(file);
    return kib < 0 ? NAN : (double)kib * 1024;
}

void doctor_machine(struct doctor *d, struct doctor_result *r)
{
    (void)d;
    struct machine_usage before, after;
    double load = NAN, memory = free_memory();
    int cores = machine_cores();
    machine_read(&before);
    poll(NULL, 0, MEASURE_MS);
    machine_read(&after);
    if (getloadavg(&load, 1) != 1)
        load = NAN;
    double steal = machine_steal_percent(&before, &after);
    const char *next = load > BUSY_SHARE * cores
                           ? "Let nothing else run here: a busy machine measures itself."
                       : steal > STEAL_PERCENT ? "The host takes CPU time away: use a machine of your own."
                       : memory < MEMORY_LOW   ? "Free some memory, or use a larger machine."
                                               : NULL;
    char stolen[40] = "not told";
    if (!isnan(steal))
        snprintf(stolen, sizeof stolen, "%.2g %%", steal);
    doctor_tell(r, next ? DOCTOR_WARNING : DOCTOR_OK, next,
                "%d core%s, load %.2f, steal %s, %.3g GB of memory free", cores, cores == 1 ? "" : "s", load,
                stolen, memory / 1e9);
}

/* ---- results ---- */

/* The directory itself or, as it will be made, the nearest one above it that is there. */
static char *nearest(const char *path)
{
    char *at = strdup(path);
    struct stat st;
    while (at && stat(at, &st) != 0 && errno == ENOENT) {
        char *up = strdup(dirname(at));
        free(at);
        at = up;
    }
    return at;
}

void doctor_results(struct doctor *d, struct doctor_result *r)
{
    const char *wanted = d->options->results;
    char *dir = nearest(wanted);
    struct stat st;
    struct statvfs fs;
    int error = !dir || stat(dir, &st) != 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : 0;
    if (!error && (access(dir, W_OK | X_OK) != 0 || statvfs(dir, &fs) != 0))
        error = errno;
    if (error) {
        doctor_tell(r, DOCTOR_FAILED, "Name another directory with --results.", "%s cannot be written to: %s",
                    wanted, strerror(error));
        free(dir);
        return;
    }
    double space = (double)fs.f_bavail * (double)fs.f_frsize;
    bool low = space < SPACE_LOW;
    doctor_tell(r, low ? DOCTOR_WARNING : DOCTOR_OK,
                low ? "Make room, or name another directory with --results." : NULL,
                "the directory %s can be %s; %.3g GB free", wanted,
                strcmp(dir, wanted) == 0 ? "written to" : "made", space / 1e9);
    free(dir);
}
