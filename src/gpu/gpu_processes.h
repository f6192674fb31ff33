/*
 * gpu_processes - a process and all that it started: those whose memory on the cards is the target's. A
 * server often computes in workers of its own.
 *
 * Any thread; the walk over /proc takes some ten microseconds a process of the machine.
 */
#pragma once

#include <stdbool.h>

enum { GPU_PROCESSES_MAX = 1024 }; /* more are left out */

struct gpu_processes {
    int pids[GPU_PROCESSES_MAX];
    int count;
};

/* `root` and its descendants, as `proc` ("/proc") shows them; none when `root` is not above 0. */
void gpu_processes_find(struct gpu_processes *ret, const char *proc, int root);
bool gpu_processes_has(const struct gpu_processes *p, int pid);
