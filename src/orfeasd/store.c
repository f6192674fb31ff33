#include "store.h"

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char INPUT[] = "input", INPUT_PART[] = "input.part";

int store_init(struct store *s, const char *dir)
{
    *s = (struct store){.own = !dir};
    const char *parent = getenv("TMPDIR");
    int len = dir ? snprintf(s->dir, sizeof s->dir, "%s", dir)
                  : snprintf(s->dir, sizeof s->dir, "%s/orfeasd-XXXXXX", parent && *parent ? parent : "/tmp");
    if (len >= (int)sizeof s->dir)
        return ENAMETOOLONG;
    if (dir) {
        int error = file_make_dirs(dir);
        return error ? error : access(dir, W_OK | X_OK) ? errno : 0;
    }
    return mkdtemp(s->dir) ? 0 : errno;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    remove(path);
    return 0;
}

void store_finish(struct store *s)
{
    if (s->own && s->dir[0])
        nftw(s->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    s->dir[0] = '\0';
}

static void path_of(const struct store *s, const struct uuid *id, const char *name, char out[STORE_PATH_MAX])
{
    char text[UUID_TEXT];
    snprintf(out, STORE_PATH_MAX, "%s/%s%s%s", s->dir, uuid_text(id, text), *name ? "/" : "", name);
}

int store_create_input(const struct store *s, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    path_of(s, id, "", path);
    if (mkdir(path, 0700) < 0)
        return -errno;
    path_of(s, id, INPUT_PART, path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        int error = errno;
        store_remove(s, id);
        return -error;
    }
    return fd;
}

int store_commit_input(const struct store *s, const struct uuid *id)
{
    char from[STORE_PATH_MAX], to[STORE_PATH_MAX];
    path_of(s, id, INPUT_PART, from);
    path_of(s, id, INPUT, to);
    return rename(from, to) ? errno : 0;
}

void store_input_path(const struct store *s, const struct uuid *id, char out[STORE_PATH_MAX])
{
    path_of(s, id, INPUT, out);
}

void store_model_path(const struct store *s, const struct uuid *id, enum model_format format,
                      char out[STORE_PATH_MAX])
{
    char name[16];
    snprintf(name, sizeof name, "model.%s", model_format_name(format));
    path_of(s, id, name, out);
}

void store_remove_models(const struct store *s, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    for (int format = 0; format < MODEL_FORMATS; format++) {
        store_model_path(s, id, (enum model_format)format, path);
        unlink(path);
    }
}

void store_remove(const struct store *s, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    const char *const names[] = {INPUT, INPUT_PART};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(s, id, names[i], path);
        unlink(path);
    }
    store_remove_models(s, id);
    path_of(s, id, "", path);
    rmdir(path);
}
