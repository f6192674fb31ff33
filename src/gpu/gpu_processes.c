#include "gpu_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MACHINE_MAX = 65536 };

struct kin {
    int pid, parent;
};

/* The parent as /proc/PID/stat tells; -1: it is gone. The name before it may hold anything, brackets too. */
static int parent_of(int dir, const char *pid)
{
    char path[300], stat[1024];
    snprintf(path, sizeof path, "%s/stat", pid);
    int file = openat(dir, path, O_RDONLY | O_CLOEXEC), parent = -1;
    ssize_t len = file < 0 ? -1 : read(file, stat, sizeof stat - 1);
    if (file >= 0)
        close(file);
    if (len <= 0)
        return -1;
    stat[len] = '\0';
    const char *behind = strrchr(stat, ')');
    return behind && sscanf(behind, ") %*c %d", &parent) == 1 ? parent : -1;
}

static int read_kin(const char *proc, struct kin *all)
{
    DIR *dir = opendir(proc);
    int count = 0;
    for (struct dirent *e; dir && count < MACHINE_MAX && (e = readdir(dir));) {
        int pid = atoi(e->d_name);
        int parent = pid > 0 ? parent_of(dirfd(dir), e->d_name) : -1;
        if (parent >= 0)
            all[count++] = (struct kin){pid, parent};
    }
    if (dir)
        closedir(dir);
    return count;
}

/* Whether somebody was added. */
static bool add_children(struct gpu_processes *p, const struct kin *all, int count)
{
    int before = p->count;
    for (int i = 0; i < count && p->count < GPU_PROCESSES_MAX; i++)
        if (gpu_processes_has(p, all[i].parent) && !gpu_processes_has(p, all[i].pid))
            p->pids[p->count++] = all[i].pid;
    return p->count > before;
}

void gpu_processes_find(struct gpu_processes *ret, const char *proc, int root)
{
    ret->count = 0;
    if (root <= 0)
        return;
    ret->pids[ret->count++] = root;
    struct kin *all = malloc(MACHINE_MAX * sizeof *all);
    int count = all ? read_kin(proc, all) : 0;
    while (add_children(ret, all, count))
        ;
    free(all);
}

bool gpu_processes_has(const struct gpu_processes *p, int pid)
{
    for (int i = 0; i < p->count; i++)
        if (p->pids[i] == pid)
            return true;
    return false;
}
