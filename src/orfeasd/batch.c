#include "batch.h"

#include "backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(struct batch *b, const char *why)
{
    if (!b->error)
        b->error = why;
    return false;
}

static bool on_part(void *context, const struct multipart_part *part)
{
    struct batch *b = context;
    b->value_len = 0;
    memcpy(b->field, part->name, sizeof b->field);
    b->in_file = strcmp(part->name, "files") == 0;
    if (!b->in_file)
        return true;
    if (b->count == BATCH_MAX)
        return refuse(b, "Too many files");
    arrival_init(&b->file, b->backend);
    arrival_open(&b->file, part);
    return true;
}

static bool on_data(void *context, const char *bytes, size_t len)
{
    struct batch *b = context;
    if (b->in_file) {
        if (!b->file.status)
            arrival_write(&b->file, bytes, len);
        return true;
    }
    if (!params_has_batch_field(b->field))
        return true;
    if (len > BATCH_FIELD_MAX - b->value_len)
        return refuse(b, "Too long a value in a field");
    memcpy(b->value + b->value_len, bytes, len);
    b->value_len += len;
    return true;
}

static void end_file(struct batch *b)
{
    struct batch_row *row = &b->rows[b->count++];
    memcpy(row->file_name, b->file.file_name, sizeof row->file_name);
    row->job = arrival_take(&b->file);
    if (!row->job)
        snprintf(row->why, sizeof row->why, "%s", b->file.why);
    arrival_drop(&b->file);
}

static bool on_part_end(void *context)
{
    struct batch *b = context;
    b->value[b->value_len] = '\0';
    bool in_file = b->in_file;
    b->in_file = false;
    if (in_file)
        end_file(b);
    else if (strlen(b->value) != b->value_len)
        return refuse(b, "A zero byte in a field");
    else
        params_from_batch_field(&b->params, b->field, b->value);
    return true;
}

enum { PARTS_MAX = BATCH_MAX + 14 }; /* and the fields */

static const struct multipart_events EVENTS = {on_part, on_data, on_part_end};

struct batch *batch_create(struct backend *backend, const char *content_type)
{
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    if (!content_type || !multipart_boundary(content_type, boundary))
        return NULL;
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->backend = backend;
    arrival_init(&b->file, backend);
    params_init(&b->params);
    multipart_init(&b->multipart, boundary, PARTS_MAX, &EVENTS, b);
    return b;
}

void batch_destroy(struct batch *b)
{
    if (!b)
        return;
    arrival_drop(&b->file);
    for (int i = 0; i < b->count; i++)
        if (b->rows[i].job) {
            store_remove(&b->backend->store, &b->rows[i].job->id);
            job_destroy(b->rows[i].job);
        }
    free(b);
}

void batch_feed(struct batch *b, const char *bytes, size_t len)
{
    if (!b->error && !multipart_feed(&b->multipart, bytes, len))
        refuse(b, b->multipart.error ? b->multipart.error : "Malformed multipart body");
}

bool batch_complete(struct batch *b)
{
    if (!b->error && !multipart_complete(&b->multipart))
        refuse(b, "Malformed multipart body: no closing boundary");
    else if (!b->error && !b->count)
        refuse(b, "No files provided");
    return !b->error;
}
