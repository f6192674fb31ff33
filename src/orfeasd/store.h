/*
 * store - where the files of jobs lie: DIR/<id>/input, DIR/<id>/model.<format> and DIR/<id>/record.
 *
 * Every path is written from a parsed id and a fixed name; nothing that a client sent becomes part of one.
 * A directory that was given keeps its jobs for the next process, so each has a record there; one of our own
 * goes with the process. Every file is written beside its name first. Immutable after store_init(), so any
 * thread.
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
/* Whether jobs outlive the process. */
bool store_keeps(const struct store *s);

/* ---- what an earlier process left in a directory that was given; follows no links ---- */

/* Calls `each` for every folder whose name is an id, until it returns false. */
void store_each(const struct store *s, bool (*each)(void *context, const struct uuid *id), void *context);
/* Reads the job's record. Returns 0 or an errno value, ENOENT when it has none. */
int store_read_record(const struct store *s, const struct uuid *id, struct buf *out);
/* The size of a regular file of this name, -1 when there is none. */
int64_t store_input_bytes(const struct store *s, const struct uuid *id);
int64_t store_model_bytes(const struct store *s, const struct uuid *id, enum model_format format);
/* Removes what was half written, and all models but this one (MODEL_FORMATS: all). */
void store_tidy(const struct store *s, const struct uuid *id, enum model_format keep);
/* Removes all files of ours, and the folder if nothing else lies in it. Whether anything was there. */
bool store_clear(const struct store *s, const struct uuid *id);

/* ---- files of jobs ---- */

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
/* Replaces the job's record; with `synced` it is on the disk when this returns. Returns 0 or an errno value.
 */
int store_write_record(const struct store *s, const struct uuid *id, const struct buf *text, bool synced);
/* Picture and models, not the record: the job is still known. */
void store_remove_files(const struct store *s, const struct uuid *id);
/* All files, and the job's directory. */
void store_remove(const struct store *s, const struct uuid *id);
