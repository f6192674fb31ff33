/*
 * process_tree - a process and all that descend from it, read again and again. One thread at a time.
 *
 * A process is named by its pid and its start, since pids are used again. Who once descended from it still
 * belongs to it when its parent has ended. We ourselves never do, though the target may have started us.
 *
 * CPU time is the largest of what is certain, and never falls: what the kernel counts of those that live and
 * of the children that they waited for; and what we last saw of each, ended or not. The first misses children
 * that nobody waits for, the second those that live shorter than it takes from one reading to the next.
 */
#pragma once

#include "clock.h"
#include "process_list.h"

enum { PROCESS_TREE_MAX = 4096 }; /* processes; those beyond it are left out, and counted */

struct process_member {
    int pid;
    uint64_t start;
    double cpu_seconds; /* its own, when it was last seen */
};

struct process_tree {
    const char *proc;
    int pid; /* 0: none */
    uint64_t start;
    struct process_member *members; /* of the last reading, by pid */
    int count;
    double ended_seconds; /* of members that have ended */
    double before;        /* that had been waited for before the first reading */
    double cpu_seconds;   /* as it was told */
    bool known;           /* there was a reading */
};

struct process_sum { /* over all of them that can be read; NAN: of none */
    int processes, beyond;
    double rss, pss; /* bytes; pss is NAN unless it was asked for */
    double cpu_seconds;
    double threads, fds;
    int pss_hidden, fds_hidden; /* processes that are left out of it */
    int pss_error, fds_error;   /* why: an errno value */
};

/* The list was just read. Returns false when it has no such process, or one that has ended. */
bool process_tree_open(struct process_tree *t, const char *proc, const struct process_list *list, int pid);
/* False: the process is no more, or another one has its number. The share of memory is read until the time
 * `pss_until`, since the kernel walks through all pages for it; there is none (ETIME) where that does not
 * suffice. 0: not at all. */
bool process_tree_read(struct process_tree *t, const struct process_list *list, nsec pss_until,
                       struct process_sum *ret);
/* Safe on one that is zero. */
void process_tree_close(struct process_tree *t);
