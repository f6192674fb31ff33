#include "arrival.h"

#include "backend.h"
#include "families.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void arrival_init(struct arrival *a, struct backend *backend)
{
    *a = (struct arrival){.backend = backend, .fd = -1};
}

bool arrival_refuse(struct arrival *a, int status, const char *why, const char *detail)
{
    if (!a->status) {
        a->status = status;
        snprintf(a->why, sizeof a->why, "%s%s", why, detail);
    }
    return false;
}

/* 507 when the disk is full, or our part of it. */
static bool refuse_storage(struct arrival *a, int error)
{
    return arrival_refuse(a, error == ENOSPC || error == EDQUOT ? 507 : 500,
                          "Upload failed: ", strerror(error));
}

bool arrival_open(struct arrival *a, const struct multipart_part *part)
{
    a->none_chosen = part->has_filename && !*part->filename;
    file_name_clean(part->filename, a->file_name);
    a->id = uuid_make();
    a->fd = store_create_input(&a->backend->store, &a->id);
    return a->fd >= 0 || refuse_storage(a, -a->fd);
}

bool arrival_write(struct arrival *a, const char *bytes, size_t len)
{
    a->bytes += (int64_t)len;
    if (a->bytes > a->backend->settings->max_upload_bytes) {
        char limit[32];
        snprintf(limit, sizeof limit, "(max %dMB)", (int)(a->backend->settings->max_upload_bytes >> 20));
        return arrival_refuse(a, 413, "File too large ", limit);
    }
    while (len) {
        ssize_t n = write(a->fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse_storage(a, errno);
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* The header may lie anywhere in a JPEG, so the probe sees the whole file. */
static bool probe(struct arrival *a, struct picture_info *ret)
{
    void *bytes = mmap(NULL, (size_t)a->bytes, PROT_READ, MAP_PRIVATE, a->fd, 0);
    if (bytes == MAP_FAILED)
        return refuse_storage(a, errno);
    char error[PICTURE_ERROR_TEXT];
    bool ok = picture_probe(bytes, (size_t)a->bytes, &picture_default_limits, ret, error);
    munmap(bytes, (size_t)a->bytes);
    return ok || arrival_refuse(a, 400, "Security validation failed: ", error);
}

static bool check(struct arrival *a, struct picture_info *ret)
{
    if (a->status)
        return false;
    if (a->none_chosen || (!*a->file_name && !a->bytes))
        return arrival_refuse(a, 400, "No file selected", "");
    if (!a->bytes)
        return arrival_refuse(a, 400, "The image is empty", "");
    return probe(a, ret);
}

static struct job *make_job(struct arrival *a, const struct picture_info *info)
{
    struct job *job = job_create(&a->id);
    int error = job ? store_commit_input(&a->backend->store, &a->id) : ENOMEM;
    if (error) {
        job_destroy(job);
        refuse_storage(a, error);
        return NULL;
    }
    job->picture = *info;
    job->input_bytes = a->bytes;
    close(a->fd);
    a->fd = -1; /* the files are the job's from now on */
    return job;
}

struct job *arrival_take(struct arrival *a)
{
    struct picture_info info = {0};
    struct job *job = check(a, &info) ? make_job(a, &info) : NULL;
    const char *labels[] = {picture_format_name(info.format), job ? "success" : "failed"};
    metric_add(metrics_series(a->backend->metrics, F_UPLOADS, labels), 1);
    if (job) {
        metric_observe(metrics_series(a->backend->metrics, F_UPLOAD_BYTES, labels), (double)job->input_bytes);
        metric_observe(metrics_series(a->backend->metrics, F_UPLOAD_PIXELS, labels),
                       (double)info.width * info.height);
    }
    return job;
}

void arrival_drop(struct arrival *a)
{
    if (a->fd < 0)
        return;
    close(a->fd);
    a->fd = -1;
    store_remove(&a->backend->store, &a->id);
}
