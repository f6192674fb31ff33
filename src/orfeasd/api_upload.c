#include "api.h"

#include "backend.h"
#include "intake.h"
#include "json_out.h"

#include <stdio.h>

static void begin(struct exchange *x)
{
    if (x->backend->readiness == BACKEND_STOPPING && !api_check_ready(x))
        return;
    if (!api_check_rate(x))
        return;
    x->state = intake_create(x->backend, exchange_header(x, "Content-Type"));
    if (!x->state)
        exchange_send_error(x, 415, "Expected multipart/form-data with a part named image");
}

static void body(struct exchange *x, const char *bytes, size_t len)
{
    intake_feed(x->state, bytes, len);
}

static void write_image_info(const struct job *job, struct buf *b)
{
    json_open(b, "image_info", '{');
    json_open(b, "size", '[');
    json_int(b, NULL, job->picture.width);
    json_int(b, NULL, job->picture.height);
    json_close(b, ']');
    json_text(b, "format", picture_format_name(job->picture.format));
    json_text(b, "mode", job->picture.has_alpha ? "RGBA" : "RGB");
    json_bool(b, "has_transparency", job->picture.has_alpha);
    json_int(b, "file_size", job->input_bytes);
    json_close(b, '}');
}

static void finish(struct exchange *x)
{
    struct intake *in = x->state;
    const struct job *job = intake_finish(in);
    if (!job) {
        exchange_send_error(x, in->image.status, "%s", in->image.why);
        return;
    }
    x->job = job->id;
    char name[64], url[96];
    snprintf(name, sizeof name, "%s.%s", job->id_text, picture_format_name(job->picture.format));
    snprintf(url, sizeof url, "/api/preview/%s", name);
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "job_id", job->id_text);
    json_text(b, "status", "uploaded");
    json_text(b, "filename", name);
    if (*in->image.file_name)
        json_text(b, "original_filename", in->image.file_name);
    json_text(b, "preview_url", url);
    write_image_info(job, b);
    json_close(b, '}');
    exchange_send_json(x, 200);
}

static void end(struct exchange *x)
{
    intake_destroy(x->state);
    x->state = NULL;
}

const struct handler api_upload = {.begin = begin, .body = body, .finish = finish, .end = end};
