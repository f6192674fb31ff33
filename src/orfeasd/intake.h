/*
 * intake - a multipart body on its way in: the part `image` into a file, the fields that we know as
 * parameters; all others are skipped.
 *
 * One upload. The picture is streamed to the store under a new id; when it is whole and a picture that we
 * take, it becomes a job. Until then nobody sees it, and intake_destroy() removes what was not taken.
 */
#pragma once

#include "exchange.h"
#include "file_name.h"
#include "job.h"
#include "multipart.h"
#include "params.h"

enum { INTAKE_FIELD_MAX = 128 };

struct intake {
    struct backend *backend;
    struct multipart multipart;
    struct params params;
    struct uuid id;
    int fd;                                           /* of the picture; -1: none */
    bool has_image;                                   /* the part was there */
    bool none_chosen;                                 /* but a browser's form was sent without a choice */
    enum { PART_OTHER, PART_FIELD, PART_IMAGE } part; /* that is being read */
    char file_name[FILE_NAME_MAX + 1];                /* the client's; "" when it sent none */
    int64_t image_bytes;
    char field[MULTIPART_NAME_MAX + 1], value[INTAKE_FIELD_MAX + 1];
    size_t value_len;
    int status; /* why it is refused: HTTP status and text; 0 while it is not */
    char why[240];
};

/* NULL when `content_type` is no multipart/form-data. */
struct intake *intake_create(struct backend *backend, const char *content_type);
void intake_destroy(struct intake *in);
void intake_feed(struct intake *in, const char *bytes, size_t len);
/* The body is complete. Returns the new job, in the table; NULL when `status` and `why` say why not. */
struct job *intake_finish(struct intake *in);
