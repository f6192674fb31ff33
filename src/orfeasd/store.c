#include "store.h"

#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char INPUT[] = "input", INPUT_PART[] = "input.part";

enum { MODEL_NAME_MAX = 16 };

static const char *model_name(enum model_format format, char out[MODEL_NAME_MAX])
{
    snprintf(out, MODEL_NAME_MAX, "model.%s", model_format_name(format));
    return out;
}

/* The lock goes with the process, however it ends. A file system that has no locks does without. */
static int lock_dir(struct store *s)
{
    s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->fd < 0)
        return errno;
    return flock(s->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? EBUSY : 0;
}

static int use_given(struct store *s)
{
    int error = file_make_dirs(s->dir);
    if (!error && access(s->dir, R_OK | W_OK | X_OK) < 0)
        error = errno;
    return error ? error : lock_dir(s);
}

int store_init(struct store *s, const char *dir)
{
    *s = (struct store){.own = !dir, .root = -1, .fd = -1};
    const char *parent = getenv("TMPDIR");
    int len = dir ? snprintf(s->dir, sizeof s->dir, "%s", dir)
                  : snprintf(s->dir, sizeof s->dir, "%s/orfeasd-XXXXXX", parent && *parent ? parent : "/tmp");
    int error = len >= (int)sizeof s->dir ? ENAMETOOLONG : dir ? use_given(s) : mkdtemp(s->dir) ? 0 : errno;
    if (!error && (s->root = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        error = errno;
    if (!error)
        return 0;
    s->own = false; /* what `dir` names now is not ours to remove */
    store_finish(s);
    return error;
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
    if (!s->dir[0])
        return;
    if (s->own)
        nftw(s->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (s->fd >= 0)
        close(s->fd);
    if (s->root >= 0)
        close(s->root);
    s->fd = s->root = -1;
    s->dir[0] = '\0';
}

static bool remove_file(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           unlinkat(folder, name, 0) == 0;
}

/* Whether anything of ours was there. */
static bool clear_folder(int dir, const char *name)
{
    int folder = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return false;
    bool found = remove_file(folder, INPUT);
    found |= remove_file(folder, INPUT_PART);
    for (int format = 0; format < MODEL_FORMATS; format++) {
        char model[MODEL_NAME_MAX];
        found |= remove_file(folder, model_name((enum model_format)format, model));
    }
    close(folder);
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 || found;
}

int store_clear(const struct store *s)
{
    DIR *dir = s->fd >= 0 ? opendir(s->dir) : NULL;
    if (!dir)
        return 0;
    int count = 0;
    struct uuid id;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (uuid_parse(entry->d_name, strlen(entry->d_name), &id))
            count += clear_folder(dirfd(dir), entry->d_name);
    closedir(dir);
    return count;
}

static void path_of(const struct store *s, const struct uuid *id, const char *name, char out[STORE_PATH_MAX])
{
    char text[UUID_TEXT];
    snprintf(out, STORE_PATH_MAX, "%s/%s%s%s", s->dir, uuid_text(id, text), *name ? "/" : "", name);
}

/* The kernel itself keeps to the directory where it can (from Linux 5.6 on); older ones at least follow no
 * link at the end. */
static int open_beneath(const struct store *s, const struct uuid *id, const char *name)
{
    char text[UUID_TEXT], path[UUID_TEXT + MODEL_NAME_MAX];
    snprintf(path, sizeof path, "%s/%s", uuid_text(id, text), name);
    struct open_how how = {.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, s->root, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = openat(s->root, path, (int)how.flags);
    struct stat st;
    int error = fd < 0 ? errno : fstat(fd, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (error && fd >= 0)
        close(fd);
    return error ? -error : fd;
}

int store_open_input(const struct store *s, const struct uuid *id)
{
    return open_beneath(s, id, INPUT);
}

int store_open_model(const struct store *s, const struct uuid *id, enum model_format format)
{
    char name[MODEL_NAME_MAX];
    return open_beneath(s, id, model_name(format, name));
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
    char name[MODEL_NAME_MAX];
    path_of(s, id, model_name(format, name), out);
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
