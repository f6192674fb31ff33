#include "proc_fds.h"

#include "proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int list_them(const char *path, int own)
{
    DIR *dir = opendir(path);
    if (!dir)
        return -errno;
    int count = -own;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* Since Linux 6.2 the directory's size is their number; to list ten thousand takes eight milliseconds. */
int proc_fds_count(const char *proc, int pid)
{
    char path[PROC_PATH];
    struct stat st;
    struct statfs fs;
    proc_file_path(proc, pid, "fd", path);
    if (stat(path, &st) != 0)
        return -errno;
    if (st.st_size > 0 && statfs(path, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
        return (int)st.st_size;
    return list_them(path, pid == getpid());
}
