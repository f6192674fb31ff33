#include "fake_proc.h"

#include "test.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void fake_proc_init(struct fake_proc *f)
{
    bool in_memory = access("/dev/shm", W_OK) == 0; /* it is thousands of files */
    snprintf(f->root, sizeof f->root, "%s/fake-proc-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->root));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_all(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fake_proc_finish(struct fake_proc *f)
{
    remove_all(f->root);
}

static void make_dirs(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

static void path_of(const struct fake_proc *f, int pid, const char *name, char path[256])
{
    if (pid)
        snprintf(path, 256, "%s/%d/%s", f->root, pid, name);
    else
        snprintf(path, 256, "%s/%s", f->root, name);
    make_dirs(path);
}

void fake_proc_file(struct fake_proc *f, int pid, const char *name, const char *text)
{
    char path[256];
    path_of(f, pid, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

void fake_proc_put(struct fake_proc *f, const struct fake_process *p)
{
    char text[512], path[256];
    snprintf(text, sizeof text,
             "%d (%s) %c %d 1 1 0 -1 4194560 10 0 0 0 %llu %llu %lld %lld 20 0 %d 0 %llu 123456789 %llu 1844 1 1 0 0\n",
             p->pid, p->name ? p->name : "server", p->state ? p->state : 'S', p->parent, p->user, p->system,
             p->waited_user, p->waited_system, p->threads ? p->threads : 1, p->start, p->pages);
    fake_proc_file(f, p->pid, "stat", text);
    path_of(f, p->pid, "fd/", path);
}

void fake_proc_fd(struct fake_proc *f, int pid, int fd, const char *what)
{
    char path[256], name[24];
    snprintf(name, sizeof name, "fd/%d", fd);
    path_of(f, pid, name, path);
    assert_int_equal(symlink(what, path), 0);
}

void fake_proc_remove(struct fake_proc *f, int pid)
{
    char path[256];
    path_of(f, pid, "", path);
    remove_all(path);
}
