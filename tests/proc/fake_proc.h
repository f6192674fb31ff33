/*
 * fake_proc - a directory that looks like /proc, for every process that is hard to meet.
 *
 * Where we ourselves matter, take pids from 5,000,000 on: no real process has them.
 */
#pragma once

struct fake_proc {
    char root[64];
};

struct fake_process {
    int pid, parent;
    const char *name; /* NULL: "server" */
    char state;       /* '\0': 'S' */
    unsigned long long start;
    unsigned long long user, system;               /* ticks */
    long long waited_user, waited_system;
    int threads; /* 0: 1 */
    unsigned long long pages;
};

void fake_proc_init(struct fake_proc *f);
void fake_proc_finish(struct fake_proc *f);
/* "<root>/<pid>/<name>"; of pid 0 "<root>/<name>". A file that is there is replaced. */
void fake_proc_file(struct fake_proc *f, int pid, const char *name, const char *text);
/* Its `stat`, and an empty `fd`; in place of what was there. */
void fake_proc_put(struct fake_proc *f, const struct fake_process *p);
/* A descriptor, as "socket:[17]". */
void fake_proc_fd(struct fake_proc *f, int pid, int fd, const char *what);
void fake_proc_remove(struct fake_proc *f, int pid);
