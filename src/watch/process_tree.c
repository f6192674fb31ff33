#include "process_tree.h"

#include "proc_fds.h"
#include "proc_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct proc_stat *living(const struct process_list *list, int pid, uint64_t start)
{
    const struct proc_stat *p = process_list_find(list, pid);
    return p && p->start == start && !proc_stat_ended(p) ? p : NULL;
}

bool process_tree_open(struct process_tree *t, const char *proc, const struct process_list *list, int pid)
{
    const struct proc_stat *p = process_list_find(list, pid);
    *t = (struct process_tree){0};
    if (!p || proc_stat_ended(p))
        return false;
    *t = (struct process_tree){.proc = proc, .pid = pid, .start = p->start};
    t->members = calloc(PROCESS_TREE_MAX, sizeof *t->members);
    if (!t->members)
        abort();
    return true;
}

void process_tree_close(struct process_tree *t)
{
    free(t->members);
    *t = (struct process_tree){0};
}

/* ---- who belongs to it ---- */

struct growing { /* of a list: its processes by their parents, and those that belong to the tree */
    const struct process_list *list;
    const struct proc_stat **by_parent;
    bool *belongs; /* by the list's index */
    const struct proc_stat **members;
    int count, beyond;
};

static int by_parent(const void *left, const void *right)
{
    const struct proc_stat *a = *(const struct proc_stat *const *)left,
                           *b = *(const struct proc_stat *const *)right;
    return a->parent != b->parent ? (a->parent < b->parent ? -1 : 1) : a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void add(struct growing *g, const struct proc_stat *p, int root)
{
    bool *belongs = &g->belongs[p - g->list->items];
    if (*belongs || (p->pid == getpid() && p->pid != root))
        return;
    *belongs = true;
    if (g->count < PROCESS_TREE_MAX)
        g->members[g->count++] = p;
    else
        g->beyond++;
}

static void add_children(struct growing *g, int parent, int root)
{
    int low = 0, high = g->list->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (g->by_parent[middle]->parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < g->list->count && g->by_parent[low]->parent == parent; low++)
        add(g, g->by_parent[low], root);
}

static void *room(int count, size_t size)
{
    void *memory = calloc((size_t)count + 1, size);
    if (!memory)
        abort();
    return memory;
}

static void grow(struct growing *g, const struct process_tree *t, const struct process_list *list)
{
    *g = (struct growing){.list = list,
                          .by_parent = room(list->count, sizeof *g->by_parent),
                          .belongs = room(list->count, sizeof *g->belongs),
                          .members = room(PROCESS_TREE_MAX, sizeof *g->members)};
    for (int i = 0; i < list->count; i++)
        g->by_parent[i] = &list->items[i];
    qsort(g->by_parent, (size_t)list->count, sizeof *g->by_parent, by_parent);
    add(g, process_list_find(list, t->pid), t->pid);
    for (int i = 0; i < t->count; i++) {
        const struct proc_stat *p = living(list, t->members[i].pid, t->members[i].start);
        if (p)
            add(g, p, t->pid);
    }
    for (int i = 0; i < g->count; i++)
        add_children(g, g->members[i]->pid, t->pid);
}

static void growing_finish(struct growing *g)
{
    free(g->by_parent);
    free(g->belongs);
    free(g->members);
}

/* ---- CPU time ---- */

static int member_by_pid(const void *left, const void *right)
{
    const struct process_member *a = left, *b = right;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void remember(struct process_tree *t, const struct growing *g)
{
    for (int i = 0; i < t->count; i++) {
        const struct proc_stat *p = process_list_find(g->list, t->members[i].pid);
        if (!p || p->start != t->members[i].start || !g->belongs[p - g->list->items])
            t->ended_seconds += t->members[i].cpu_seconds;
    }
    t->count = g->count;
    for (int i = 0; i < g->count; i++)
        t->members[i] =
            (struct process_member){g->members[i]->pid, g->members[i]->start, g->members[i]->cpu_seconds};
    qsort(t->members, (size_t)t->count, sizeof *t->members, member_by_pid);
}

static void sum_cpu(struct process_tree *t, const struct growing *g)
{
    double own = 0, waited = 0;
    for (int i = 0; i < g->count; i++) {
        own += g->members[i]->cpu_seconds;
        waited += g->members[i]->waited_seconds;
    }
    if (!t->known)
        t->before = waited;
    t->known = true;
    t->cpu_seconds = fmax(t->cpu_seconds, fmax(own + waited, t->before + t->ended_seconds + own));
}

/* ---- what else it has ---- */

static void sum_fds(const struct process_tree *t, int pid, struct process_sum *ret)
{
    int count = proc_fds_count(t->proc, pid);
    if (count >= 0) {
        ret->fds = isnan(ret->fds) ? count : ret->fds + count;
    } else if (count != -ENOENT && count != -ESRCH) { /* it has just ended */
        ret->fds_hidden++;
        ret->fds_error = -count;
    }
}

static void sum_pss(const struct process_tree *t, int pid, nsec until, struct process_sum *ret)
{
    char text[2048];
    double bytes = 0; /* of one without memory there is no line */
    bool late = clock_monotonic() >= until;
    int len = late ? -ETIME : proc_file_read(t->proc, pid, "smaps_rollup", text, sizeof text);
    if (len >= 0) {
        proc_file_kib(text, "Pss", &bytes);
        ret->pss = isnan(ret->pss) ? bytes : ret->pss + bytes;
    } else if (len != -ESRCH && proc_stat_read(t->proc, pid, &(struct proc_stat){0}) == 0) {
        ret->pss_hidden++; /* and it is still there */
        ret->pss_error = -len;
    }
}

bool process_tree_read(struct process_tree *t, const struct process_list *list, nsec pss_until,
                       struct process_sum *ret)
{
    struct growing g;
    *ret = (struct process_sum){.pss = NAN, .fds = NAN};
    if (!living(list, t->pid, t->start))
        return false;
    grow(&g, t, list);
    remember(t, &g);
    sum_cpu(t, &g);
    ret->cpu_seconds = t->cpu_seconds;
    ret->beyond = g.beyond;
    for (int i = 0; i < g.count; i++) {
        const struct proc_stat *p = g.members[i];
        if (proc_stat_ended(p))
            continue;
        ret->processes++;
        ret->rss += p->resident_bytes;
        ret->threads += p->threads;
        sum_fds(t, p->pid, ret);
        if (pss_until)
            sum_pss(t, p->pid, pss_until, ret);
    }
    if (ret->pss_error == ETIME) /* a part that is another one each time would be no figure */
        ret->pss = NAN;
    growing_finish(&g);
    return true;
}
