/*
 * process_follow - the target's process through a run: found, read, missed when it has ended, and found again
 * when another one listens in its place. Beside it the machine, where the target is on ours.
 *
 * It is read when process_follow_read() is called, whoever calls; one thread at a time. Series are in the
 * order of process_kind. Of very long runs every second point is dropped, again and again: at most
 * PROCESS_POINTS_MAX of each series are kept, so that it holds 3 MB at most.
 */
#pragma once

#include "machine_stats.h"
#include "process_find.h"
#include "process_tree.h"
#include "record.h"

#include <stdatomic.h>

enum { PROCESS_POINTS_MAX = 8192 };

enum process_kind {
    PROCESS_RSS,
    PROCESS_PSS,
    PROCESS_CPU,
    PROCESS_THREADS,
    PROCESS_FDS,
    PROCESS_CHILDREN,
    MACHINE_MEMORY_USED,
    MACHINE_CPU,
    MACHINE_LOAD,
    MACHINE_DISK_FREE,
    PROCESS_KINDS
};

struct process_follow_config {
    const char *proc;      /* "/proc" */
    struct loop_addr addr; /* of the target */
    int pid;               /* 0: the one that listens there */
    const char *how;       /* the pid is known: static text, for the record */
};

struct process_follow {
    struct process_follow_config config;
    struct process_list list;
    struct process_tree tree;
    struct machine_stats machine;
    struct machine_ticks ticks; /* of the reading before */
    bool here;                  /* the target is on this machine */
    bool may_adopt; /* the process listens on the address: another one that does takes its place */
    int disk_pid;   /* whose directory tells the disk; 0: "/" */
    struct record_process state; /* in loop time; its texts are static but `why`, which stands below */
    char why[PROCESS_TEXT];
    char notes[PROCESS_KINDS][PROCESS_TEXT]; /* what is left out of a series */
    struct record log;                       /* in loop time */
    int64_t readings, each;                  /* every each-th is kept */
    bool full;                               /* a series holds all that it may */
    nsec pss_due, find_due;                  /* they cost too much for every time, */
    nsec rationed;                           /* and took so long in the last reading */
    /* For any thread: */
    _Atomic int pid;    /* of the process, while it lives; 0 */
    _Atomic double rss; /* the last one; NaN */
};

/* Looks for the process: may take some hundred milliseconds. */
void process_follow_init(struct process_follow *f, const struct process_follow_config *config);
void process_follow_finish(struct process_follow *f);
/* There is something to read: a process, or a machine. */
bool process_follow_has_any(const struct process_follow *f);
/* The last one looks for a process that is missing, whatever that costs. */
void process_follow_read(struct process_follow *f, nsec now, bool last);
/* Adds the series and the state to the record, whose zero of time is `zero`. */
void process_follow_collect(const struct process_follow *f, struct record *record, nsec zero);
/* The same where nothing can be said: `why` is static text. */
void process_follow_collect_none(struct record *record, const char *why);
