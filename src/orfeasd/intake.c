#include "intake.h"

#include "backend.h"
#include "families.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool refuse(struct intake *in, int status, const char *why, const char *detail)
{
    if (!in->status) {
        in->status = status;
        snprintf(in->why, sizeof in->why, "%s%s", why, detail);
    }
    return false;
}

static bool open_image(struct intake *in, const struct multipart_part *part)
{
    if (in->has_image)
        return refuse(in, 400, "More than one image", "");
    in->has_image = true;
    in->none_chosen = part->has_filename && !*part->filename;
    file_name_clean(part->filename, in->file_name);
    in->id = uuid_make();
    in->fd = store_create_input(&in->backend->store, &in->id);
    return in->fd >= 0 || refuse(in, 500, "Upload failed: ", strerror(-in->fd));
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

static bool write_image(struct intake *in, const char *bytes, size_t len)
{
    in->image_bytes += (int64_t)len;
    if (in->image_bytes > in->backend->settings->max_upload_bytes) {
        char limit[32];
        snprintf(limit, sizeof limit, "(max %dMB)", (int)(in->backend->settings->max_upload_bytes >> 20));
        return refuse(in, 413, "File too large ", limit);
    }
    while (len) {
        ssize_t n = write(in->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse(in, errno == ENOSPC ? 507 : 500, "Upload failed: ", strerror(errno));
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool on_data(void *context, const char *bytes, size_t len)
{
    struct intake *in = context;
    if (in->part == PART_IMAGE)
        return write_image(in, bytes, len);
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
    in->fd = -1;
    params_init(&in->params);
    multipart_init(&in->multipart, boundary, &EVENTS, in);
    return in;
}

void intake_destroy(struct intake *in)
{
    if (!in)
        return;
    if (in->fd >= 0) {
        close(in->fd);
        store_remove(&in->backend->store, &in->id);
    }
    free(in);
}

void intake_feed(struct intake *in, const char *bytes, size_t len)
{
    if (!in->status && !multipart_feed(&in->multipart, bytes, len))
        refuse(in, 400, "Malformed multipart body: ", in->multipart.error);
}

/* The header may lie anywhere in a JPEG, so the probe sees the whole file. */
static bool probe(struct intake *in, struct picture_info *ret)
{
    void *bytes = mmap(NULL, (size_t)in->image_bytes, PROT_READ, MAP_PRIVATE, in->fd, 0);
    if (bytes == MAP_FAILED)
        return refuse(in, 500, "Upload failed: ", strerror(errno));
    char error[PICTURE_ERROR_TEXT];
    bool ok = picture_probe(bytes, (size_t)in->image_bytes, &picture_default_limits, ret, error);
    munmap(bytes, (size_t)in->image_bytes);
    return ok || refuse(in, 400, "Security validation failed: ", error);
}

static bool check(struct intake *in, struct picture_info *ret)
{
    if (in->status)
        return false;
    if (!multipart_complete(&in->multipart))
        return refuse(in, 400, "Malformed multipart body: no closing boundary", "");
    if (!in->has_image)
        return refuse(in, 400, "No image file provided", "");
    if (in->none_chosen || (!*in->file_name && !in->image_bytes))
        return refuse(in, 400, "No file selected", "");
    if (!in->image_bytes)
        return refuse(in, 400, "The image is empty", "");
    return probe(in, ret);
}

static struct job *make_job(struct intake *in, const struct picture_info *info)
{
    struct job *job = job_create(&in->id);
    int error = job ? store_commit_input(&in->backend->store, &in->id) : ENOMEM;
    if (error) {
        job_destroy(job);
        refuse(in, 500, "Upload failed: ", strerror(error));
        return NULL;
    }
    job->picture = *info;
    job->input_bytes = in->image_bytes;
    close(in->fd);
    in->fd = -1; /* the files are the job's from now on */
    job_table_add(in->backend->jobs, job);
    return job;
}

struct job *intake_finish(struct intake *in)
{
    struct picture_info info = {0};
    struct job *job = check(in, &info) ? make_job(in, &info) : NULL;
    const char *labels[] = {picture_format_name(info.format), job ? "success" : "failed"};
    metric_add(metrics_series(in->backend->metrics, F_UPLOADS, labels), 1);
    return job;
}
