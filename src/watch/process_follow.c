#include "process_follow.h"

#include "proc_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PSS_LIMIT NSEC_PER_SEC

/* What costs more is done so seldom: in so many times as long as it took, once. */
enum { PSS_RATION = 100, FIND_RATION = 20 };

/* When it may be done again. `begun` is of the thread's CPU time: that others are busy costs nobody anything.
 */
static nsec ration(struct process_follow *f, nsec now, nsec begun, int times)
{
    nsec took = clock_thread_cpu() - begun;
    f->rationed += took;
    return now + times * took;
}

static const struct {
    const char *series, *unit;
} kinds[PROCESS_KINDS] = {
    [PROCESS_RSS] = {"process.rss", "bytes"},
    [PROCESS_PSS] = {"process.pss", "bytes"},
    [PROCESS_CPU] = {"process.cpu", "s"},
    [PROCESS_THREADS] = {"process.threads", ""},
    [PROCESS_FDS] = {"process.fds", ""},
    [PROCESS_CHILDREN] = {"process.children", ""},
    [MACHINE_MEMORY_USED] = {"machine.memory_used", "bytes"},
    [MACHINE_CPU] = {"machine.cpu", "%"},
    [MACHINE_LOAD] = {"machine.load", ""},
    [MACHINE_DISK_FREE] = {"machine.disk_free", "bytes"},
};

/* ---- finding it ---- */

static void choose_disk(struct process_follow *f, int pid)
{
    char path[PROC_PATH];
    f->disk_pid = access(proc_file_path(f->config.proc, pid, "cwd", path), F_OK) == 0 ? pid : 0;
    if (!f->disk_pid)
        snprintf(f->notes[MACHINE_DISK_FREE], PROCESS_TEXT,
                 "of /: in which directory process %d works cannot be seen", pid);
}

static bool adopt(struct process_follow *f, int pid, const char *how)
{
    if (!process_tree_open(&f->tree, f->config.proc, &f->list, pid))
        return false;
    choose_disk(f, pid);
    f->state.pid = pid;
    f->state.found = how;
    atomic_store(&f->pid, pid);
    return true;
}

/* It is the one that listens, or one of its kin: a proxy in front of it is not. */
static bool is_kin(const struct process_follow *f, int a, int b)
{
    return a == b || process_list_descends(&f->list, a, b) || process_list_descends(&f->list, b, a);
}

static void find_first(struct process_follow *f)
{
    struct process_find found;
    int pid = f->config.pid;
    process_find(f->config.proc, &f->list, &f->config.addr, &found);
    f->here = found.here || pid;
    snprintf(f->why, sizeof f->why, "%s", found.why);
    f->may_adopt = found.pid && (!pid || is_kin(f, found.pid, pid));
    if (pid && !adopt(f, pid, f->config.how))
        snprintf(f->why, sizeof f->why, "process %d is no more", pid);
    else if (!pid && found.pid && !adopt(f, found.pid, "listening socket"))
        snprintf(f->why, sizeof f->why, "process %d ended at once", found.pid);
    if (f->state.found)
        *f->why = '\0';
}

/* Another one that listens where it did. */
static void find_next(struct process_follow *f, nsec now)
{
    struct process_find found;
    nsec begun = clock_thread_cpu();
    process_find(f->config.proc, &f->list, &f->config.addr, &found);
    f->find_due = ration(f, now, begun, FIND_RATION);
    if (found.pid && adopt(f, found.pid, "listening socket"))
        f->state.restarts++;
}

static void lose(struct process_follow *f, nsec now)
{
    process_tree_close(&f->tree);
    atomic_store(&f->pid, 0);
    atomic_store(&f->rss, NAN);
    if (f->state.gone < 0)
        f->state.gone = now;
}

/* ---- points ---- */

static void halve(struct process_follow *f)
{
    for (int i = 0; i < PROCESS_KINDS; i++) {
        struct record_series *s = &f->log.series[i];
        for (int k = 0; 2 * k < s->count; k++)
            s->points[k] = s->points[2 * k];
        s->count = (s->count + 1) / 2;
    }
    f->each *= 2;
}

static void add_point(struct process_follow *f, enum process_kind kind, nsec now, double value)
{
    if (!isfinite(value))
        return;
    record_add_point(&f->log, &f->log.series[kind], now, value);
    if (f->log.series[kind].count == PROCESS_POINTS_MAX)
        f->full = true;
}

static void note_hidden(struct process_follow *f, enum process_kind kind, int hidden, int of, int error)
{
    if (hidden)
        snprintf(f->notes[kind], PROCESS_TEXT, "without %d of %d processes, which cannot be looked into: %s",
                 hidden, of, strerror(error));
}

static void note_beyond(struct process_follow *f, int beyond)
{
    for (int i = PROCESS_RSS; beyond && i <= PROCESS_CHILDREN; i++)
        snprintf(f->notes[i], PROCESS_TEXT, "without %d processes beyond the first %d", beyond,
                 PROCESS_TREE_MAX);
}

/* ---- reading ---- */

static bool take_sum(struct process_follow *f, nsec now, struct process_sum *ret)
{
    bool due = now >= f->pss_due;
    nsec begun = clock_thread_cpu();
    if (!process_tree_read(&f->tree, &f->list, due ? clock_monotonic() + PSS_LIMIT : 0, ret))
        return false;
    if (due)
        f->pss_due = ration(f, now, begun, PSS_RATION);
    return true;
}

static void read_process(struct process_follow *f, nsec now, bool keep)
{
    struct process_sum sum;
    if (!take_sum(f, now, &sum)) {
        lose(f, now);
        return;
    }
    atomic_store(&f->rss, sum.rss);
    const double values[] = {
        [PROCESS_RSS] = sum.rss,         [PROCESS_PSS] = sum.pss, [PROCESS_CPU] = sum.cpu_seconds,
        [PROCESS_THREADS] = sum.threads, [PROCESS_FDS] = sum.fds, [PROCESS_CHILDREN] = sum.processes - 1,
    };
    for (int i = PROCESS_RSS; keep && i <= PROCESS_CHILDREN; i++)
        add_point(f, i, now, values[i]);
    note_hidden(f, PROCESS_PSS, sum.pss_hidden, sum.processes, sum.pss_error);
    note_hidden(f, PROCESS_FDS, sum.fds_hidden, sum.processes, sum.fds_error);
    note_beyond(f, sum.beyond);
}

/* Per cent of all cores since the reading before; NaN of the first one. */
static double take_usage(struct process_follow *f)
{
    struct machine_ticks before = f->ticks, now = f->machine.ticks;
    f->ticks = now;
    uint64_t busy = now.busy - before.busy, idle = now.idle - before.idle;
    bool known = before.busy + before.idle && now.busy >= before.busy && now.idle >= before.idle;
    return known && busy + idle ? 100.0 * (double)busy / (double)(busy + idle) : NAN;
}

/* While there is no process, nobody knows its disk. */
static void read_machine(struct process_follow *f, nsec now, bool keep)
{
    struct machine_stats *m = &f->machine;
    char disk[PROC_PATH] = "/";
    if (f->disk_pid)
        proc_file_path(f->config.proc, f->disk_pid, "cwd", disk);
    m->memory_total = m->memory_available = m->disk_free = m->load[0] = NAN;
    machine_stats_read(m, f->config.proc, disk);
    double usage = take_usage(f);
    if (!keep)
        return;
    add_point(f, MACHINE_MEMORY_USED, now, m->memory_total - m->memory_available);
    add_point(f, MACHINE_CPU, now, usage);
    add_point(f, MACHINE_LOAD, now, m->load[0]);
    add_point(f, MACHINE_DISK_FREE, now, m->disk_free);
}

void process_follow_read(struct process_follow *f, nsec now, bool last)
{
    bool keep = f->readings++ % f->each == 0;
    f->rationed = 0;
    if (f->state.found && process_list_read(&f->list, f->config.proc) == 0) {
        if (f->tree.pid)
            read_process(f, now, keep);
        if (!f->tree.pid && f->may_adopt && (last || now >= f->find_due))
            find_next(f, now);
    }
    if (f->here)
        read_machine(f, now, keep);
    if (f->full)
        halve(f);
    f->full = false;
}

/* ---- beginning and end ---- */

void process_follow_init(struct process_follow *f, const struct process_follow_config *config)
{
    *f = (struct process_follow){.config = *config, .each = 1, .state.gone = -1};
    atomic_init(&f->rss, NAN);
    record_init(&f->log, &(struct record_shape){0});
    for (int i = 0; i < PROCESS_KINDS; i++)
        record_add_series(&f->log, kinds[i].series, kinds[i].unit);
    process_list_read(&f->list, config->proc);
    find_first(f);
}

void process_follow_finish(struct process_follow *f)
{
    process_tree_close(&f->tree);
    process_list_finish(&f->list);
    record_finish(&f->log);
}

bool process_follow_has_any(const struct process_follow *f)
{
    return f->state.found || f->here;
}

static void collect_series(const struct process_follow *f, struct record *record, nsec zero, int kind)
{
    const struct record_series *from = &f->log.series[kind];
    struct record_series *to = record_add_series(record, from->name, from->unit);
    for (int i = 0; i < from->count; i++)
        record_add_point(record, to, from->points[i].at - zero, from->points[i].value);
    const char *why = f->notes[kind];
    if (!to->count) {
        bool known = kind <= PROCESS_CHILDREN ? f->state.found != NULL : f->here;
        to->state = SERIES_UNREADABLE;
        why = !known ? f->why : *why ? why : "the kernel does not tell";
    }
    to->why = arena_copy(&record->arena, why, strlen(why));
}

static void collect_machine(const struct process_follow *f, struct record *record)
{
    const struct machine_stats *m = &f->machine;
    record->machine = (struct record_machine){
        .here = f->here,
        .why = f->here ? NULL : arena_copy(&record->arena, f->why, strlen(f->why)),
        .cores = m->cores,
        .memory_total = m->memory_total > 0 ? m->memory_total : NAN,
        .disk_total = m->disk_total > 0 ? m->disk_total : NAN,
        .disk = !f->here      ? NULL
                : f->disk_pid ? "the process' directory"
                              : "/",
    };
}

void process_follow_collect(const struct process_follow *f, struct record *record, nsec zero)
{
    for (int i = 0; i < PROCESS_KINDS; i++)
        collect_series(f, record, zero, i);
    collect_machine(f, record);
    record->process = f->state;
    if (!f->state.found)
        record->process.why = arena_copy(&record->arena, f->why, strlen(f->why));
    if (f->state.gone >= 0)
        record->process.gone = f->state.gone > zero ? f->state.gone - zero : 0;
}

void process_follow_collect_none(struct record *record, const char *why)
{
    for (int i = 0; i < PROCESS_KINDS; i++) {
        struct record_series *to = record_add_series(record, kinds[i].series, kinds[i].unit);
        to->state = SERIES_UNREADABLE;
        to->why = why;
    }
    record->machine = (struct record_machine){.why = why, .memory_total = NAN, .disk_total = NAN};
    record->process = (struct record_process){.why = why, .gone = -1};
}
