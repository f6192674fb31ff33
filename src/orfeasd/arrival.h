/*
 * arrival - one picture on its way in: a file under a new id until it is whole and becomes a job.
 *
 * Until then nobody sees it, and arrival_drop() removes what was not taken.
 */
#pragma once

#include "file_name.h"
#include "job.h"
#include "multipart.h"

struct backend;

struct arrival {
    struct backend *backend;
    struct uuid id;
    int fd;                            /* of the picture; -1: none */
    bool none_chosen;                  /* a browser's form was sent without a choice */
    char file_name[FILE_NAME_MAX + 1]; /* the client's; "" when it sent none */
    int64_t bytes;
    int status; /* why it is refused: HTTP status and text; 0 while it is not */
    char why[240];
};

void arrival_init(struct arrival *a, struct backend *backend);
/* Each returns false when the picture is refused. The first reason counts. */
bool arrival_refuse(struct arrival *a, int status, const char *why, const char *detail);
bool arrival_open(struct arrival *a, const struct multipart_part *part);
bool arrival_write(struct arrival *a, const char *bytes, size_t len);
/* The picture is complete. Returns the new job, not in the table yet; NULL when `status` and `why` say why
 * not. Counts it either way. */
struct job *arrival_take(struct arrival *a);
void arrival_drop(struct arrival *a);
