#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10 };

static int read_all(int fd, struct buf *out)
{
    for (;;) {
        size_t room = out->max_bytes - out->len;
        char *to = buf_reserve(out, room < CHUNK ? room : CHUNK);
        if (!to)
            return ENOMEM;
        char probe;
        ssize_t n = room ? read(fd, to, room < CHUNK ? room : CHUNK) : read(fd, &probe, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        if (room == 0)
            return EFBIG;
        buf_commit(out, (size_t)n);
    }
}

int file_read(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_all(fd, out);
    close(fd);
    return error;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int close_written(int fd, bool synced)
{
    int error = synced && fsync(fd) != 0 ? errno : 0;
    return close(fd) != 0 && !error ? errno : error;
}

size_t file_bom(const char *bytes, size_t len)
{
    return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The new name is on the disk when its directory is. */
static int sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (!parent)
        return ENOMEM;
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(parent);
    if (fd < 0)
        return errno;
    int error = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return error;
}

static int write_file(const char *path, const void *bytes, size_t len, bool synced)
{
    char *beside = NULL;
    if (asprintf(&beside, "%s.%d.tmp", path, (int)getpid()) < 0)
        return ENOMEM;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int error = fd < 0 ? errno : write_all(fd, bytes, len);
    int closing = fd < 0 ? 0 : close_written(fd, synced && !error);
    if (!error)
        error = closing;
    if (!error && rename(beside, path) != 0)
        error = errno;
    if (error && fd >= 0)
        unlink(beside);
    free(beside);
    return error || !synced ? error : sync_parent(path);
}

int file_write(const char *path, const void *bytes, size_t len)
{
    return write_file(path, bytes, len, false);
}

int file_write_synced(const char *path, const void *bytes, size_t len)
{
    return write_file(path, bytes, len, true);
}

int file_make_dirs(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return ENOMEM;
    int error = 0;
    for (char *at = copy + 1; !error; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            error = errno;
        *at = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
    return error;
}
