/*
 * process_find - which process of this machine listens on an address.
 *
 * Takes as long as all processes have descriptors that may be looked at: some milliseconds, or some hundred
 * on a machine that is full of them. Any thread.
 */
#pragma once

#include "listeners.h"
#include "process_list.h"

enum { PROCESS_TEXT = 300 };

struct process_find {
    int pid;                /* 0: not found */
    bool here;              /* it is on this machine, found or not */
    char why[PROCESS_TEXT]; /* it was not found, and what to do */
};

/* `list` was just read. Of several that share the socket it is the one that all others descend from. */
void process_find(const char *proc, const struct process_list *list, const struct loop_addr *addr,
                  struct process_find *ret);
/* Whether a process that somebody names can be watched: it is there, seen by us, and no thread. Else why not.
 */
bool process_find_pid(const char *proc, int pid, char why[PROCESS_TEXT]);
