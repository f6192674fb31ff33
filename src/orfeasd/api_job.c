#include "api.h"

#include "backend.h"
#include "json_out.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job *api_find_job(struct exchange *x, const char *text, size_t len)
{
    struct uuid id;
    struct job *job = uuid_parse(text, len, &id) ? job_table_find(x->backend->jobs, &id) : NULL;
    if (!job)
        exchange_send_error(x, 404, "Job not found");
    else
        x->job = id;
    return job;
}

static void write_wall(struct buf *out, const char *key, nsec wall)
{
    char text[TIMESTAMP_TEXT];
    json_text(out, key, timestamp_text(wall, text));
}

static void write_ended_stage(const struct job_stage *stage, nsec at, struct buf *out)
{
    json_open(out, NULL, '{');
    json_text(out, "name", stage->name);
    json_text(out, "status", "completed");
    write_wall(out, "started_at", at);
    write_wall(out, "finished_at", at + stage->lasted);
    json_seconds(out, "seconds", stage->lasted);
    json_close(out, '}');
}

/* The one that runs, or in which the job ended before its time. */
static void write_current_stage(const struct job *job, const char *name, nsec at, struct buf *out)
{
    static const char *const STATUS[JOB_STATES] = {
        [JOB_PROCESSING] = "running", [JOB_FAILED] = "failed", [JOB_CANCELLED] = "cancelled"};
    nsec end = job_has_ended(job) ? job->finished_wall : clock_wall();
    json_open(out, NULL, '{');
    json_text(out, "name", name);
    json_text(out, "status", STATUS[job->state] ? STATUS[job->state] : "completed");
    write_wall(out, "started_at", at);
    if (job_has_ended(job))
        write_wall(out, "finished_at", end);
    json_seconds(out, "seconds", end - at);
    json_close(out, '}');
}

static void write_pending_stages(const struct profile *profile, int from, struct buf *out)
{
    const char *name;
    for (int i = from; (name = job_stage_name(profile, i)); i++) {
        json_open(out, NULL, '{');
        json_text(out, "name", name);
        json_text(out, "status", "pending");
        json_close(out, '}');
    }
}

static void write_stages(const struct job *job, const struct profile *profile,
                         const struct job_stages *stages, struct buf *out)
{
    nsec at = job->started_wall;
    json_open(out, "stages", '[');
    for (int i = 0; i < stages->count; i++) {
        write_ended_stage(&stages->ended[i], at, out);
        at += stages->ended[i].lasted;
    }
    if (stages->current)
        write_current_stage(job, stages->current, at, out);
    if (job->state == JOB_PROCESSING)
        write_pending_stages(profile, stages->count + 1, out);
    json_close(out, ']');
}

void api_write_model_place(const struct job *job, struct buf *out)
{
    const char *format = model_format_name(job->work.options.format);
    char text[UUID_TEXT + 64];
    snprintf(text, sizeof text, "model.%s", format);
    json_text(out, "output_file", text);
    snprintf(text, sizeof text, "/api/download/%s/model.%s", job->id_text, format);
    json_text(out, "download_url", text);
}

static void write_result(const struct job *job, struct buf *out)
{
    const struct generator_result *result = &job->work.result;
    char text[UUID_TEXT + 64];
    api_write_model_place(job, out);
    snprintf(text, sizeof text, "/api/preview-output/%s/model.%s", job->id_text,
             model_format_name(job->work.options.format));
    json_text(out, "preview_url", text);
    json_open(out, "model", '{');
    json_int(out, "bytes", job->model_bytes);
    json_int(out, "vertices", result->vertices);
    json_int(out, "triangles", result->triangles);
    json_text(out, "engine", "inflate-cpu");
    json_text(out, "segmentation", result->segmentation);
    json_fraction(out, "confidence", result->confidence);
    json_close(out, '}');
}

static void write_time(struct buf *out, const char *key, const char *text)
{
    if (*text)
        json_text(out, key, text);
}

void api_write_times(const struct job *job, struct buf *out)
{
    write_time(out, "created_at", job->created_at);
    write_time(out, "queued_at", job->queued_at);
    write_time(out, "started_at", job->started_at);
    if (job_has_ended(job)) /* while it settles it is set already, and not told yet */
        write_time(out, "finished_at", job->finished_at);
}

static void write_waiting(const struct backend *b, const struct job *job, struct buf *out)
{
    if (job->state == JOB_QUEUED)
        json_int(out, "queue_position", schedule_place(&b->schedule, job));
    nsec eta = schedule_eta(&b->schedule, job, loop_now(b->loop));
    if (eta >= 0)
        json_seconds(out, "eta_seconds", eta);
}

static void write_batch(const struct job *job, struct buf *out)
{
    char text[UUID_TEXT];
    if (job->in_batch)
        json_text(out, "batch_id", uuid_text(&job->batch, text));
}

void api_write_job(struct backend *b, const struct job *job, struct buf *out)
{
    struct job_stages stages;
    job_stages(job, b->profile, loop_now(b->loop), &stages);
    const char *step = job_step(job, stages.current);
    json_text(out, "job_id", job->id_text);
    json_text(out, "status", job_state_name(job->state));
    json_int(out, "progress", stages.percent);
    json_text(out, "step", step);
    json_text(out, "message", job->state == JOB_FAILED ? job->error : step);
    api_write_times(job, out);
    write_batch(job, out);
    if (job->state == JOB_UPLOADED)
        return;
    if (!job_has_ended(job))
        write_waiting(b, job, out);
    json_text(out, "format", model_format_name(job->work.options.format));
    json_int(out, "quality", job->work.options.quality);
    if (stages.current)
        json_text(out, "stage", stages.current);
    if (job->state >= JOB_PROCESSING)
        write_stages(job, b->profile, &stages, out);
    if (job->state == JOB_COMPLETED)
        write_result(job, out);
    if (job->state == JOB_FAILED) {
        json_text(out, "error", job->error);
        json_text(out, "error_kind", job->error_kind);
    }
}

static void job_status(struct exchange *x)
{
    struct job *job = api_find_job(x, x->params[0], strlen(x->params[0]));
    if (!job)
        return;
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    api_write_job(x->backend, job, b);
    json_close(b, '}');
    exchange_send_json(x, 200);
    exchange_add_header(x, "Cache-Control", "no-store");
}

const struct handler api_job_status = {.finish = job_status};

/* ---- files ---- */

static bool send_file(struct exchange *x, int fd, const char *content_type)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        exchange_send_error(x, 404, "File not found");
        return false;
    }
    exchange_send_file(x, fd, st.st_size, content_type);
    exchange_add_header(x, "Cache-Control", "no-store");
    return true;
}

/* The model that the path names; NULL when there is none, and told so. */
static const struct job *send_model(struct exchange *x)
{
    const struct job *job = api_find_job(x, x->params[0], strlen(x->params[0]));
    if (!job)
        return NULL;
    enum model_format format = job->work.options.format;
    char text[UUID_TEXT + 64];
    snprintf(text, sizeof text, "model.%s", model_format_name(format));
    if (job->state != JOB_COMPLETED || strcmp(x->params[1], text) != 0) {
        exchange_send_error(x, 404, "File not found");
        return NULL;
    }
    int fd = store_open_model(&x->backend->store, &job->id, format);
    return send_file(x, fd, model_format_mime(format)) ? job : NULL;
}

static void download(struct exchange *x)
{
    const struct job *job = send_model(x);
    if (!job)
        return;
    char text[UUID_TEXT + 64];
    snprintf(text, sizeof text, "attachment; filename=\"%s.%s\"", job->id_text,
             model_format_name(job->work.options.format));
    exchange_add_header(x, "Content-Disposition", text);
}

const struct handler api_download = {.finish = download};

/* The same to be looked at in place. */
static void preview_output(struct exchange *x)
{
    if (send_model(x))
        exchange_add_header(x, "Content-Disposition", "inline");
}

const struct handler api_preview_output = {.finish = preview_output};

/* The uploaded picture, under the name that the upload returned: <id>.<format>. */
static void preview(struct exchange *x)
{
    size_t id_len = UUID_TEXT - 1;
    const char *name = x->params[0];
    const struct job *job = api_find_job(x, name, strlen(name) < id_len ? strlen(name) : id_len);
    if (!job)
        return;
    const char *format = picture_format_name(job->picture.format);
    if (job->state == JOB_CANCELLED || name[id_len] != '.' || strcmp(name + id_len + 1, format) != 0) {
        exchange_send_error(x, 404, "Image not found");
        return;
    }
    char content_type[32];
    snprintf(content_type, sizeof content_type, "image/%s", format);
    send_file(x, store_open_input(&x->backend->store, &job->id), content_type);
}

const struct handler api_preview = {.finish = preview};
