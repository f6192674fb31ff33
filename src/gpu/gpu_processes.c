#include "gpu_processes.h"

#include "process_list.h"

void gpu_processes_find(struct gpu_processes *ret, const char *proc, int root)
{
    struct process_list all = {0};
    ret->count = 0;
    if (root <= 0)
        return;
    ret->pids[ret->count++] = root;
    process_list_read(&all, proc);
    for (int i = 0; i < all.count && ret->count < GPU_PROCESSES_MAX; i++)
        if (process_list_descends(&all, all.items[i].pid, root))
            ret->pids[ret->count++] = all.items[i].pid;
    process_list_finish(&all);
}

bool gpu_processes_has(const struct gpu_processes *p, int pid)
{
    for (int i = 0; i < p->count; i++)
        if (p->pids[i] == pid)
            return true;
    return false;
}
