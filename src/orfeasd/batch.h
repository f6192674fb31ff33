/*
 * batch - several pictures in one multipart body: every part `files` becomes a job of its own, and the fields
 * format_type, quality and batch_size say how they are made.
 *
 * A picture that is refused does not harm the others; it is told. The pictures that came whole wait here, in
 * no table, until batch_complete() queues them; batch_destroy() removes what was not taken.
 */
#pragma once

#include "arrival.h"
#include "params.h"

enum { BATCH_MAX = 50, BATCH_FIELD_MAX = 32 };

struct batch_row {   /* one part `files`, in their order */
    struct job *job; /* ours; NULL: refused, or taken */
    bool taken;      /* it is the table's */
    char file_name[FILE_NAME_MAX + 1];
    char why[240]; /* it is refused */
};

struct batch {
    struct backend *backend;
    struct multipart multipart;
    struct arrival file; /* that is being read */
    bool in_file;
    struct params params;
    char field[MULTIPART_NAME_MAX + 1], value[BATCH_FIELD_MAX + 1];
    size_t value_len;
    struct batch_row rows[BATCH_MAX];
    int count;
    const char *error; /* the whole batch is refused, with 400: why; NULL: it is not */
};

/* NULL when `content_type` is no multipart/form-data. */
struct batch *batch_create(struct backend *backend, const char *content_type);
void batch_destroy(struct batch *b);
void batch_feed(struct batch *b, const char *bytes, size_t len);
/* The body is complete: false when `error` says why the whole is refused. */
bool batch_complete(struct batch *b);
