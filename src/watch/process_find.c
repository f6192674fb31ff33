#include "process_find.h"

#include "proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOLDERS_MAX = 1024, INIT = 1 };

/* They listen for others: what is measured of them would say nothing of the target. */
static const struct relay {
    const char *name; /* as the kernel has it */
    const char *leads_to;
    bool here; /* what it leads to is on this machine */
} relays[] = {
    {"docker-proxy", "a container", true}, {"rootlessport", "a container", true},
    {"slirp4netns", "a container", true},  {"pasta", "a container", true},
    {"pasta.avx2", "a container", true},   {"passt", "a virtual machine", true},
    {"ssh", "another machine", false},     {"sshd", "another machine", false},
    {"kubectl", "a cluster", false},
};

struct holders { /* of one of the sockets */
    int pids[HOLDERS_MAX];
    int count;
    int hidden; /* processes whose descriptors may not be looked at */
};

static bool is_listener(const struct listeners *l, const char *link)
{
    uint64_t inode;
    if (sscanf(link, "socket:[%" SCNu64 "]", &inode) != 1)
        return false;
    for (int low = 0, high = l->count; low < high;) {
        int middle = low + (high - low) / 2;
        if (l->inodes[middle] == inode)
            return true;
        if (l->inodes[middle] < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Returns 1, 0, or -errno. */
static int holds(const char *proc, int pid, const struct listeners *l)
{
    char path[PROC_PATH], link[64];
    DIR *dir = opendir(proc_file_path(proc, pid, "fd", path));
    if (!dir)
        return -errno;
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(dir));) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, link, sizeof link - 1);
        link[len > 0 ? len : 0] = '\0';
        found = is_listener(l, link);
    }
    closedir(dir);
    return found;
}

static void find_holders(const char *proc, const struct process_list *list, const struct listeners *l,
                         struct holders *ret)
{
    for (int i = 0; i < list->count && ret->count < HOLDERS_MAX; i++) {
        int pid = list->items[i].pid;
        int held = holds(proc, pid, l);
        if (held > 0)
            ret->pids[ret->count++] = pid;
        ret->hidden += held == -EACCES || held == -EPERM;
    }
}

/* Drops those that descend from another one. Who started the service may hold its socket for it (systemd):
 * the first process of all counts only where it is the only one. */
static void keep_topmost(const struct process_list *list, struct holders *h)
{
    int kept = 0;
    for (int i = 0; i < h->count; i++) {
        bool below = h->pids[i] == INIT && h->count > 1;
        for (int k = 0; k < h->count && !below; k++)
            below = h->pids[k] != INIT && process_list_descends(list, h->pids[i], h->pids[k]);
        if (!below)
            h->pids[kept++] = h->pids[i];
    }
    h->count = kept;
}

/* The process that all of them descend from. One that is ours too started more than the target. 0: none. */
static int common_parent(const struct process_list *list, const struct holders *h)
{
    const struct proc_stat *p = process_list_find(list, h->pids[0]);
    for (int steps = 0; p && p->parent > INIT && steps < list->count; steps++) {
        int above = p->parent;
        bool all = !process_list_descends(list, getpid(), above);
        for (int i = 1; i < h->count && all; i++)
            all = process_list_descends(list, h->pids[i], above);
        if (all)
            return above;
        p = process_list_find(list, above);
    }
    return 0;
}

static const struct relay *relay_of(const struct proc_stat *p)
{
    for (size_t i = 0; i < sizeof relays / sizeof relays[0]; i++)
        if (p && strcmp(p->name, relays[i].name) == 0)
            return &relays[i];
    return NULL;
}

static void explain_none(const struct listeners *l, const struct holders *h, const char *address,
                         struct process_find *ret)
{
    if (h->hidden)
        snprintf(ret->why, sizeof ret->why,
                 "the process that listens on %s is hidden from this user (its socket belongs to user %u); "
                 "run orfeas as root, or name it with --pid",
                 address, l->user);
    else
        snprintf(ret->why, sizeof ret->why,
                 "the process that listens on %s is not among those that can be seen here; it runs in "
                 "another container",
                 address);
}

static void take_process(const struct process_list *list, int pid, const char *address,
                         struct process_find *ret)
{
    const struct relay *relay = relay_of(process_list_find(list, pid));
    if (!relay) {
        ret->pid = pid;
        return;
    }
    ret->here = relay->here;
    snprintf(ret->why, sizeof ret->why,
             "%s listens on %s (process %d) and only leads to %s; name the target's process with --pid",
             relay->name, address, pid, relay->leads_to);
}

static void choose(const struct process_list *list, struct holders *h, const char *address,
                   struct process_find *ret)
{
    keep_topmost(list, h);
    int pid = h->count == 1 ? h->pids[0] : common_parent(list, h);
    if (pid)
        take_process(list, pid, address, ret);
    else
        snprintf(ret->why, sizeof ret->why,
                 "%d processes that have no parent in common listen on %s; name one with --pid", h->count,
                 address);
}

void process_find(const char *proc, const struct process_list *list, const struct loop_addr *addr,
                  struct process_find *ret)
{
    char address[LISTENERS_TEXT];
    struct listeners l;
    struct holders h = {0};
    listeners_address(addr, address);
    *ret = (struct process_find){.here = listeners_are_here(addr)};
    int error = ret->here ? listeners_find(proc, addr, &l) : 0;
    if (!ret->here)
        snprintf(ret->why, sizeof ret->why,
                 "%s is no address of this machine; of a container on it name the process with --pid",
                 address);
    else if (error)
        snprintf(ret->why, sizeof ret->why, "%s/net/tcp cannot be read: %s", proc, strerror(error));
    else if (!l.count)
        snprintf(ret->why, sizeof ret->why,
                 "no process here listens on %s; it may be in a container, or behind a port that is "
                 "forwarded: name it with --pid",
                 address);
    if (*ret->why)
        return;
    find_holders(proc, list, &l, &h);
    if (h.count)
        choose(list, &h, address, ret);
    else
        explain_none(&l, &h, address, ret);
}

bool process_find_pid(const char *proc, int pid, char why[PROCESS_TEXT])
{
    struct process_list list = {0};
    struct proc_stat stat;
    int error = proc_stat_read(proc, pid, &stat);
    if (!error && process_list_read(&list, proc) == 0 && !process_list_find(&list, pid))
        snprintf(why, PROCESS_TEXT, "%d is a thread, not a process", pid);
    else if (!error && proc_stat_ended(&stat))
        snprintf(why, PROCESS_TEXT, "process %d has ended", pid);
    else if (error)
        snprintf(why, PROCESS_TEXT, "process %d cannot be seen: %s", pid,
                 error == ENOENT ? "there is none, or it is hidden from this user" : strerror(error));
    else
        *why = '\0';
    process_list_finish(&list);
    return !*why;
}
