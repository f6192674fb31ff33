#include "proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *proc_file_path(const char *proc, int pid, const char *name, char out[PROC_PATH])
{
    if (pid)
        snprintf(out, PROC_PATH, "%s/%d/%s", proc, pid, name);
    else
        snprintf(out, PROC_PATH, "%s/%s", proc, name);
    return out;
}

static int read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    while (len < size - 1) {
        ssize_t n = read(fd, out + len, size - 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    out[len] = '\0';
    return (int)len;
}

int proc_file_read(const char *proc, int pid, const char *name, char *out, size_t size)
{
    char path[PROC_PATH];
    out[0] = '\0';
    int fd = open(proc_file_path(proc, pid, name, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int len = read_all(fd, out, size);
    close(fd);
    return len;
}

bool proc_file_kib(const char *text, const char *name, double *ret_bytes)
{
    size_t len = strlen(name);
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) != 0 || line[len] != ':')
            continue;
        char *end;
        double kibibytes = strtod(line + len + 1, &end);
        if (end == line + len + 1)
            return false;
        *ret_bytes = kibibytes * 1024;
        return true;
    }
    return false;
}
