/*
 * store - where the files of jobs lie: DIR/<id>/input and DIR/<id>/model.<format>.
 *
 * Every path is written from a parsed id and a fixed name; nothing that a client sent becomes part of one.
 * What an earlier process left is unknown to this one, so it is removed at the start. Immutable after
 * store_init(), so any thread.
 */
#pragma once

#include "model_write.h"
#include "uuid.h"

#include <stdbool.h>

enum { STORE_DIR_MAX = 400, STORE_PATH_MAX = STORE_DIR_MAX + 64 };

struct store {
    char dir[STORE_DIR_MAX];
    bool own; /* made by us, so removed at the end */
    int root; /* descriptor of `dir`; -1 before store_init() */
    int fd;   /* of a directory that was given: locked, as two servers would remove each other's jobs; else -1
               */
};

/* `dir` NULL: a new directory in $TMPDIR. Returns 0 or an errno value; EBUSY: another process keeps its jobs
 * there. */
int store_init(struct store *s, const char *dir);
/* Removes what an earlier process left in a directory that was given: of folders whose names are ids the
 * files that have our names, and then the folders, if nothing else lies in them. Follows no links. Returns
 * how many folders it found files of ours in or removed. */
int store_clear(const struct store *s);
/* Removes the directory with everything in it when store_init() made it. Nothing to do for one that is zero
 * or was not initialised for an error. */
void store_finish(struct store *s);

/* Makes the job's directory and opens its picture for writing, beside its final name. Returns a descriptor or
 * -errno. */
int store_create_input(const struct store *s, const struct uuid *id);
/* The picture is whole: gives it its name. Returns 0 or an errno value. */
int store_commit_input(const struct store *s, const struct uuid *id);
/* Opens the picture or the model for reading: whatever lies there, only a plain file, by no link, and inside
 * the directory. A descriptor or -errno. */
int store_open_input(const struct store *s, const struct uuid *id);
int store_open_model(const struct store *s, const struct uuid *id, enum model_format format);
void store_input_path(const struct store *s, const struct uuid *id, char out[STORE_PATH_MAX]);
void store_model_path(const struct store *s, const struct uuid *id, enum model_format format,
                      char out[STORE_PATH_MAX]);
/* In all formats. Who has one open can read it to its end. */
void store_remove_models(const struct store *s, const struct uuid *id);
/* All files, and the job's directory. */
void store_remove(const struct store *s, const struct uuid *id);
