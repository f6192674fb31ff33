/*
 * store - where the files of jobs lie: DIR/<id>/input and DIR/<id>/model.<format>.
 *
 * Every path is written from a parsed id and a fixed name; nothing that a client sent becomes part of one.
 * Immutable after store_init(), so any thread.
 */
#pragma once

#include "model_write.h"
#include "uuid.h"

#include <stdbool.h>

enum { STORE_DIR_MAX = 400, STORE_PATH_MAX = STORE_DIR_MAX + 64 };

struct store {
    char dir[STORE_DIR_MAX];
    bool own; /* made by us, so removed at the end */
};

/* `dir` NULL: a new directory in $TMPDIR. Returns 0 or an errno value. */
int store_init(struct store *s, const char *dir);
/* Removes the directory with everything in it when store_init() made it. */
void store_finish(struct store *s);

/* Makes the job's directory and opens its picture for writing, beside its final name. Returns a descriptor or
 * -errno. */
int store_create_input(const struct store *s, const struct uuid *id);
/* The picture is whole: gives it its name. Returns 0 or an errno value. */
int store_commit_input(const struct store *s, const struct uuid *id);
void store_input_path(const struct store *s, const struct uuid *id, char out[STORE_PATH_MAX]);
void store_model_path(const struct store *s, const struct uuid *id, enum model_format format,
                      char out[STORE_PATH_MAX]);
/* In all formats. Who has one open can read it to its end. */
void store_remove_models(const struct store *s, const struct uuid *id);
/* All files, and the job's directory. */
void store_remove(const struct store *s, const struct uuid *id);
