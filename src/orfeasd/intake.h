/*
 * intake - a multipart body on its way in: the part `image` into a file, the fields that we know as
 * parameters; all others are skipped.
 *
 * One upload. The picture is streamed to the store under a new id; when it is whole and a picture that we
 * take, it becomes a job. Until then nobody sees it, and intake_destroy() removes what was not taken.
 */
#pragma once

#include "arrival.h"
#include "exchange.h"
#include "multipart.h"
#include "params.h"

enum { INTAKE_FIELD_MAX = 128 };

struct intake {
    struct backend *backend;
    struct multipart multipart;
    struct params params;
    struct arrival image;                             /* also why the whole is refused */
    bool has_image;                                   /* the part was there */
    enum { PART_OTHER, PART_FIELD, PART_IMAGE } part; /* that is being read */
    char field[MULTIPART_NAME_MAX + 1], value[INTAKE_FIELD_MAX + 1];
    size_t value_len;
};

/* NULL when `content_type` is no multipart/form-data. */
struct intake *intake_create(struct backend *backend, const char *content_type);
void intake_destroy(struct intake *in);
void intake_feed(struct intake *in, const char *bytes, size_t len);
/* The body is complete. Returns the new job, in the table; NULL when `image` says why not. */
struct job *intake_finish(struct intake *in);
