/*
 * machine_stats - the machine as the kernel sees it, from /proc and statvfs(3).
 *
 * The cores' usage lies between two reads, so what was read last is kept. Any thread, one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MACHINE_CORES_MAX = 512 };

struct machine_ticks { /* since the boot */
    uint64_t busy, idle;
    uint64_t steal; /* of the busy ones: the host had them */
};

struct machine_stats {
    struct machine_ticks ticks; /* of all cores together */
    int cores;                  /* those that are online, at most MACHINE_CORES_MAX */
    struct machine_core {
        int number;
        uint64_t busy, idle; /* ticks */
        double usage;        /* 0 to 1, between the last two reads that were apart */
    } core[MACHINE_CORES_MAX];
    double memory_total, memory_available, memory_cached, memory_used; /* bytes; used: total less available */
    double disk_total, disk_free, disk_used; /* bytes; free: for us; used: by anyone */
    double load[3];                          /* over 1, 5 and 15 minutes */
};

/* Zero it before the first read. `proc` is "/proc"; `path` names the file system. What cannot be read stays
 * as it was. */
void machine_stats_read(struct machine_stats *m, const char *proc, const char *path);
/* Of all cores together, alone. False: they are not told. */
bool machine_ticks_read(const char *proc, struct machine_ticks *ret);
