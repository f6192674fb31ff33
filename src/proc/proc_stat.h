/*
 * proc_stat - one process as the kernel sees it: /proc/PID/stat, proc_pid_stat(5). Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct proc_stat {
    int pid, parent;
    char name[16];         /* of the program, cut by the kernel; may hold any bytes but NUL */
    char state;            /* of its first thread */
    uint64_t start;        /* ticks since the boot: with the pid it names a process for ever */
    double cpu_seconds;    /* its own */
    double waited_seconds; /* of its children that it waited for, and of theirs */
    int threads;
    double virtual_bytes, resident_bytes;
};

/* Returns 0, or an errno value: ENOENT of a process that is not there, EBADMSG of a text that is none. */
int proc_stat_read(const char *proc, int pid, struct proc_stat *ret);
/* It has ended, whether or not its parent knows. Where only its first thread has, the others are the process.
 */
bool proc_stat_ended(const struct proc_stat *s);
