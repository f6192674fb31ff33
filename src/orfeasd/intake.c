#include "intake.h"

#include "backend.h"

#include <stdlib.h>
#include <string.h>

static bool refuse(struct intake *in, int status, const char *why, const char *detail)
{
    return arrival_refuse(&in->image, status, why, detail);
}

static bool open_image(struct intake *in, const struct multipart_part *part)
{
    if (in->has_image)
        return refuse(in, 400, "More than one image", "");
    in->has_image = true;
    return arrival_open(&in->image, part);
}

static bool on_part(void *context, const struct multipart_part *part)
{
    struct intake *in = context;
    in->value_len = 0;
    memcpy(in->field, part->name, sizeof in->field);
    if (strcmp(part->name, "image") == 0) {
        in->part = PART_IMAGE;
        return open_image(in, part);
    }
    in->part = params_has_field(part->name) ? PART_FIELD : PART_OTHER;
    return true;
}

static bool on_data(void *context, const char *bytes, size_t len)
{
    struct intake *in = context;
    if (in->part == PART_IMAGE)
        return arrival_write(&in->image, bytes, len);
    if (in->part == PART_OTHER)
        return true;
    if (len > INTAKE_FIELD_MAX - in->value_len)
        return refuse(in, 400, "Too long a value in the field ", in->field);
    memcpy(in->value + in->value_len, bytes, len);
    in->value_len += len;
    return true;
}

static bool on_part_end(void *context)
{
    struct intake *in = context;
    in->value[in->value_len] = '\0';
    if (in->part == PART_FIELD && strlen(in->value) != in->value_len)
        return refuse(in, 400, "A zero byte in the field ", in->field);
    if (in->part == PART_FIELD)
        params_from_field(&in->params, in->field, in->value);
    return true;
}

enum { PARTS_MAX = 16 };

static const struct multipart_events EVENTS = {on_part, on_data, on_part_end};

struct intake *intake_create(struct backend *backend, const char *content_type)
{
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    if (!content_type || !multipart_boundary(content_type, boundary))
        return NULL;
    struct intake *in = calloc(1, sizeof *in);
    if (!in)
        abort();
    in->backend = backend;
    arrival_init(&in->image, backend);
    params_init(&in->params);
    multipart_init(&in->multipart, boundary, PARTS_MAX, &EVENTS, in);
    return in;
}

void intake_destroy(struct intake *in)
{
    if (!in)
        return;
    arrival_drop(&in->image);
    free(in);
}

void intake_feed(struct intake *in, const char *bytes, size_t len)
{
    if (!in->image.status && !multipart_feed(&in->multipart, bytes, len))
        refuse(in, 400, "Malformed multipart body: ", in->multipart.error);
}

struct job *intake_finish(struct intake *in)
{
    if (!in->image.status && !multipart_complete(&in->multipart))
        refuse(in, 400, "Malformed multipart body: no closing boundary", "");
    else if (!in->has_image)
        refuse(in, 400, "No image file provided", "");
    struct job *job = arrival_take(&in->image);
    if (job)
        job_table_add(in->backend->jobs, job);
    return job;
}
