#include "process_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static int by_pid(const void *left, const void *right)
{
    const struct proc_stat *a = left, *b = right;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static bool make_room(struct process_list *l)
{
    if (l->count < l->capacity)
        return true;
    int capacity = l->capacity ? 2 * l->capacity : 256;
    if (capacity > PROCESS_LIST_MAX)
        return false;
    struct proc_stat *items = realloc(l->items, (size_t)capacity * sizeof *items);
    if (!items)
        return false;
    l->items = items;
    l->capacity = capacity;
    return true;
}

/* The number that the name is; 0: it is none. */
static int pid_of(const char *name)
{
    char *end;
    long pid = strtol(name, &end, 10);
    return *end || pid <= 0 || pid > INT_MAX ? 0 : (int)pid;
}

int process_list_read(struct process_list *l, const char *proc)
{
    DIR *dir = opendir(proc);
    if (!dir)
        return errno;
    l->count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        int pid = pid_of(entry->d_name);
        if (pid && make_room(l) && proc_stat_read(proc, pid, &l->items[l->count]) == 0)
            l->count++;
    }
    closedir(dir);
    if (l->count)
        qsort(l->items, (size_t)l->count, sizeof *l->items, by_pid);
    return 0;
}

void process_list_finish(struct process_list *l)
{
    free(l->items);
    *l = (struct process_list){0};
}

const struct proc_stat *process_list_find(const struct process_list *l, int pid)
{
    struct proc_stat key = {.pid = pid};
    return l->count ? bsearch(&key, l->items, (size_t)l->count, sizeof key, by_pid) : NULL;
}

/* Parents of a list that was not read at once may form a circle. */
bool process_list_descends(const struct process_list *l, int pid, int above)
{
    const struct proc_stat *p = process_list_find(l, pid);
    for (int steps = 0; p && steps < l->count; steps++) {
        if (p->parent == above)
            return true;
        p = process_list_find(l, p->parent);
    }
    return false;
}
