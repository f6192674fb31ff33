/*
 * process_list - all processes of the machine at a time, as far as they can be seen. One thread at a time.
 *
 * They are found one after the other while others come and go: a parent may be missing, or be another
 * process of the same number.
 */
#pragma once

#include "proc_stat.h"

enum { PROCESS_LIST_MAX = 1 << 16 }; /* processes; those beyond it are not looked at */

struct process_list {
    struct proc_stat *items; /* by pid, ascending */
    int count, capacity;
};

/* Zero it before the first reading. Returns 0 or an errno value. */
int process_list_read(struct process_list *l, const char *proc);
void process_list_finish(struct process_list *l);
/* NULL: not there. */
const struct proc_stat *process_list_find(const struct process_list *l, int pid);
/* True when `above` is the process' parent, or its parent's, and so on. */
bool process_list_descends(const struct process_list *l, int pid, int above);
