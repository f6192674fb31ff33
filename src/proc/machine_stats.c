#include "machine_stats.h"

#include "proc_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { TICKS_APART = 5 }; /* less than 50 ms of a core says nothing of its usage */

static struct machine_core *core_of(struct machine_stats *m, int number)
{
    for (int i = 0; i < m->cores; i++)
        if (m->core[i].number == number)
            return &m->core[i];
    if (m->cores == MACHINE_CORES_MAX)
        return NULL;
    m->core[m->cores] = (struct machine_core){.number = number};
    return &m->core[m->cores++];
}

static void take_core(struct machine_stats *m, int number, uint64_t busy, uint64_t idle)
{
    struct machine_core *core = core_of(m, number);
    if (!core)
        return;
    uint64_t worked = busy - core->busy, rested = idle - core->idle;
    if (busy < core->busy || idle < core->idle) /* the kernel's counts of idle time may step back */
        worked = rested = 0;
    else if (worked + rested < TICKS_APART)
        return;
    if (worked + rested)
        core->usage = (double)worked / (double)(worked + rested);
    core->busy = busy;
    core->idle = idle;
}

/* proc_stat(5): user nice system idle iowait irq softirq steal, behind the line's name; guests are in user
 * already. The oldest kernels have the first four. */
static bool parse_ticks(const char *text, struct machine_ticks *ret)
{
    uint64_t t[8] = {0};
    if (sscanf(text,
               " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 4)
        return false;
    *ret = (struct machine_ticks){t[0] + t[1] + t[2] + t[5] + t[6] + t[7], t[3] + t[4], t[7]};
    return true;
}

static FILE *open_file(const char *proc, const char *name)
{
    char path[PROC_PATH];
    return fopen(proc_file_path(proc, 0, name, path), "re");
}

bool machine_ticks_read(const char *proc, struct machine_ticks *ret)
{
    char line[512];
    FILE *f = open_file(proc, "stat");
    if (!f)
        return false;
    bool ok = fgets(line, sizeof line, f) && strncmp(line, "cpu ", 4) == 0 && parse_ticks(line + 4, ret);
    fclose(f);
    return ok;
}

static void read_cores(struct machine_stats *m, const char *proc)
{
    char line[512];
    FILE *f = open_file(proc, "stat");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        struct machine_ticks ticks;
        int number = 0, at = 0;
        if (strncmp(line, "cpu ", 4) == 0)
            parse_ticks(line + 4, &m->ticks);
        else if (sscanf(line, "cpu%d%n", &number, &at) == 1 && parse_ticks(line + at, &ticks))
            take_core(m, number, ticks.busy, ticks.idle);
    }
    fclose(f);
}

static void read_memory(struct machine_stats *m, const char *proc)
{
    char text[4096];
    if (proc_file_read(proc, 0, "meminfo", text, sizeof text) < 0)
        return;
    proc_file_kib(text, "MemTotal", &m->memory_total);
    proc_file_kib(text, "MemAvailable", &m->memory_available);
    proc_file_kib(text, "Cached", &m->memory_cached);
    m->memory_used = m->memory_total - m->memory_available;
}

static void read_load(struct machine_stats *m, const char *proc)
{
    char text[128];
    double load[3];
    if (proc_file_read(proc, 0, "loadavg", text, sizeof text) > 0 &&
        sscanf(text, "%lf %lf %lf", &load[0], &load[1], &load[2]) == 3)
        memcpy(m->load, load, sizeof load);
}

static void read_disk(struct machine_stats *m, const char *path)
{
    struct statvfs fs;
    if (statvfs(path, &fs) < 0)
        return;
    double block = (double)fs.f_frsize;
    m->disk_total = block * (double)fs.f_blocks;
    m->disk_free = block * (double)fs.f_bavail;
    m->disk_used = block * (double)(fs.f_blocks - fs.f_bfree);
}

void machine_stats_read(struct machine_stats *m, const char *proc, const char *path)
{
    read_cores(m, proc);
    read_memory(m, proc);
    read_load(m, proc);
    read_disk(m, path);
}
