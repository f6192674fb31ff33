#include "machine_stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* proc_stat(5): user nice system idle iowait irq softirq steal; guests are in user already. */
static void read_cores(struct machine_stats *m)
{
    char line[512];
    FILE *f = fopen("/proc/stat", "re");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        int number;
        uint64_t t[8] = {0};
        if (strncmp(line, "cpu", 3) != 0 || line[3] == ' ') /* all of them together */
            continue;
        if (sscanf(line,
                   "cpu%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64,
                   &number, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) >= 5)
            take_core(m, number, t[0] + t[1] + t[2] + t[5] + t[6] + t[7], t[3] + t[4]);
    }
    fclose(f);
}

static void read_memory(struct machine_stats *m)
{
    const struct {
        const char *name;
        double *ret;
    } wanted[] = {{"MemTotal", &m->memory_total},
                  {"MemAvailable", &m->memory_available},
                  {"Cached", &m->memory_cached}};
    char line[256], name[64];
    FILE *f = fopen("/proc/meminfo", "re");
    if (!f)
        return;
    double kibibytes;
    while (fgets(line, sizeof line, f))
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
            if (sscanf(line, "%63[^:]: %lf kB", name, &kibibytes) == 2 && strcmp(name, wanted[i].name) == 0)
                *wanted[i].ret = kibibytes * 1024;
    fclose(f);
    m->memory_used = m->memory_total - m->memory_available;
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

void machine_stats_read(struct machine_stats *m, const char *path)
{
    double load[3];
    read_cores(m);
    read_memory(m);
    read_disk(m, path);
    if (getloadavg(load, 3) == 3)
        memcpy(m->load, load, sizeof load);
}
