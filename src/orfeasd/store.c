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

static const char INPUT[] = "input", INPUT_PART[] = "input.part", RECORD[] = "record";

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

static void path_of(const struct store *s, const struct uuid *id, const char *name, char out[STORE_PATH_MAX])
{
    char text[UUID_TEXT];
    snprintf(out, STORE_PATH_MAX, "%s/%s%s%s", s->dir, uuid_text(id, text), *name ? "/" : "", name);
}

bool store_keeps(const struct store *s)
{
    return s->fd >= 0;
}

/* ---- what an earlier process left ---- */

void store_each(const struct store *s, bool (*each)(void *context, const struct uuid *id), void *context)
{
    DIR *dir = store_keeps(s) ? opendir(s->dir) : NULL;
    if (!dir)
        return;
    struct uuid id;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (uuid_parse(entry->d_name, strlen(entry->d_name), &id) && !each(context, &id))
            break;
    closedir(dir);
}

static int open_folder(const struct store *s, const struct uuid *id)
{
    char text[UUID_TEXT];
    return openat(s->fd, uuid_text(id, text), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int64_t size_at(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}

static int64_t size_of(const struct store *s, const struct uuid *id, const char *name)
{
    int folder = open_folder(s, id);
    if (folder < 0)
        return -1;
    int64_t size = size_at(folder, name);
    close(folder);
    return size;
}

int64_t store_input_bytes(const struct store *s, const struct uuid *id)
{
    return size_of(s, id, INPUT);
}

int64_t store_model_bytes(const struct store *s, const struct uuid *id, enum model_format format)
{
    char name[MODEL_NAME_MAX];
    return size_of(s, id, model_name(format, name));
}

int store_read_record(const struct store *s, const struct uuid *id, struct buf *out)
{
    int folder = open_folder(s, id);
    if (folder < 0)
        return errno;
    bool regular = size_at(folder, RECORD) >= 0,
         there = faccessat(folder, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    close(folder);
    if (!regular)
        return there ? EINVAL : ENOENT;
    char path[STORE_PATH_MAX];
    path_of(s, id, RECORD, path);
    return file_read(path, out);
}

static bool remove_file(int folder, const char *name)
{
    return size_at(folder, name) >= 0 && unlinkat(folder, name, 0) == 0;
}

/* The model's or the record's, beside which it was written: "<name>.<pid>.tmp". */
static bool is_half_written(const char *name)
{
    size_t len = strlen(name), end = sizeof ".tmp" - 1;
    bool ours = strncmp(name, "model.", 6) == 0 || strncmp(name, "record.", 7) == 0;
    return strcmp(name, INPUT_PART) == 0 || (ours && len > end && strcmp(name + len - end, ".tmp") == 0);
}

static bool remove_half_written(int folder)
{
    bool found = false;
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        if (again >= 0)
            close(again);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (is_half_written(entry->d_name))
            found |= remove_file(folder, entry->d_name);
    closedir(dir);
    return found;
}

static bool remove_models(int folder, enum model_format keep)
{
    bool found = false;
    for (int format = 0; format < MODEL_FORMATS; format++) {
        char model[MODEL_NAME_MAX];
        if (format != (int)keep)
            found |= remove_file(folder, model_name((enum model_format)format, model));
    }
    return found;
}

void store_tidy(const struct store *s, const struct uuid *id, enum model_format keep)
{
    int folder = open_folder(s, id);
    if (folder < 0)
        return;
    remove_half_written(folder);
    remove_models(folder, keep);
    close(folder);
}

bool store_clear(const struct store *s, const struct uuid *id)
{
    int folder = open_folder(s, id);
    if (folder < 0)
        return false;
    bool found = remove_half_written(folder);
    found |= remove_models(folder, MODEL_FORMATS);
    found |= remove_file(folder, INPUT);
    found |= remove_file(folder, RECORD);
    close(folder);
    char text[UUID_TEXT];
    return unlinkat(s->fd, uuid_text(id, text), AT_REMOVEDIR) == 0 || found;
}

/* ---- files of jobs ---- */

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

int store_write_record(const struct store *s, const struct uuid *id, const struct buf *text, bool synced)
{
    char path[STORE_PATH_MAX];
    path_of(s, id, RECORD, path);
    if (text->failed)
        return ENOMEM;
    if (!synced)
        return file_write(path, text->bytes, text->len);
    int error = file_write_synced(path, text->bytes, text->len);
    return error ? error : fsync(s->fd) ? errno : 0; /* the job's folder has to be found, too */
}

void store_remove_files(const struct store *s, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    const char *const names[] = {INPUT, INPUT_PART};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(s, id, names[i], path);
        unlink(path);
    }
    store_remove_models(s, id);
}

void store_remove(const struct store *s, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    store_remove_files(s, id);
    path_of(s, id, RECORD, path);
    unlink(path);
    path_of(s, id, "", path);
    rmdir(path);
}
