#include "amdgpu_memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct clients {
    const char *bus;
    unsigned long seen[AMDGPU_CLIENTS_MAX];
    int count;
    double bytes;
};

/* The value behind "key:", without blanks; NULL when there is no such line. */
static const char *find_key(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    return NULL;
}

static bool key_is(const char *text, const char *key, const char *value)
{
    const char *found = find_key(text, key);
    size_t len = strlen(value);
    return found && strncmp(found, value, len) == 0 && (found[len] == '\n' || found[len] == '\0');
}

/* "123 KiB"; without a unit it is bytes. */
static bool key_bytes(const char *text, const char *key, double *ret)
{
    const char *found = find_key(text, key);
    char unit[8] = "";
    unsigned long long value;
    if (!found || sscanf(found, "%llu%*[ \t]%7[A-Za-z]", &value, unit) < 1)
        return false;
    *ret = (double)value * (strcmp(unit, "KiB") == 0 ? 1024. : strcmp(unit, "MiB") == 0 ? 1024. * 1024 : 1.);
    return true;
}

static bool is_new(struct clients *c, unsigned long id)
{
    for (int i = 0; i < c->count; i++)
        if (c->seen[i] == id)
            return false;
    if (c->count == AMDGPU_CLIENTS_MAX)
        return false;
    c->seen[c->count++] = id;
    return true;
}

/* Newer kernels keep drm-memory-vram as another name of what is resident. */
static void add_descriptor(struct clients *c, const char *text)
{
    const char *id = find_key(text, "drm-client-id");
    double bytes;
    if (!id || !key_is(text, "drm-driver", "amdgpu") || !key_is(text, "drm-pdev", c->bus))
        return;
    if (!key_bytes(text, "drm-memory-vram", &bytes) && !key_bytes(text, "drm-resident-vram", &bytes))
        return;
    if (is_new(c, strtoul(id, NULL, 10)))
        c->bytes += bytes;
}

static void add_process(struct clients *c, const char *proc, int pid)
{
    char path[512], text[4096];
    snprintf(path, sizeof path, "%s/%d/fdinfo", proc, pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        int file = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t len = file < 0 ? -1 : read(file, text, sizeof text - 1);
        if (file >= 0)
            close(file);
        text[len > 0 ? len : 0] = '\0';
        add_descriptor(c, text);
    }
    if (dir)
        closedir(dir);
}

bool amdgpu_memory_of(const char *proc, const char *bus, const struct gpu_processes *processes, double *bytes)
{
    struct clients c = {.bus = bus};
    for (int i = 0; i < processes->count; i++)
        add_process(&c, proc, processes->pids[i]);
    *bytes = c.bytes;
    return c.count > 0;
}
