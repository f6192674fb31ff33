#include "api.h"

#include "backend.h"
#include "families.h"
#include "intake.h"
#include "json_out.h"
#include "prefer.h"
#include "route.h"
#include "server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = SERVER_BODY_SMALL };

struct generate {          /* one request */
    struct intake *intake; /* multipart */
    struct buf json;       /* else */
    struct prefer prefer;
};

void api_send_retry(struct exchange *x, int status, const char *error, const char *kind, int seconds)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "error", error);
    json_text(b, "status", kind);
    json_int(b, "retry_after", seconds);
    json_close(b, '}');
    exchange_send_json(x, status);
    char text[16];
    snprintf(text, sizeof text, "%d", seconds);
    exchange_add_header(x, "Retry-After", text);
}

void api_send_refusal(struct exchange *x, const struct refusal *refusal)
{
    api_send_retry(x, refusal->status, refusal->error, refusal->kind, refusal->retry_seconds);
}

bool api_check_rate(struct exchange *x)
{
    nsec wait = rate_limit_take(&x->backend->rate, exchange_address(x), loop_now(x->backend->loop));
    if (!wait)
        return true;
    char error[80];
    snprintf(error, sizeof error, "Rate limit exceeded. Max %d requests per 60s",
             x->backend->rate.per_minute);
    static const char *const REASON[] = {"rate_limit"};
    metric_add(metrics_series(x->backend->metrics, F_JOBS_REFUSED, REASON), 1);
    metric_add(metrics_series(x->backend->metrics, F_RATE_LIMIT_REJECTIONS, &x->route->path), 1);
    api_send_retry(x, 429, error, "rate_limited", (int)(wait / NSEC_PER_SEC) + 1);
    return false;
}

static bool check(struct exchange *x, bool counted)
{
    struct refusal refusal;
    enum admission a = admission_check(x->backend, &refusal);
    if (counted)
        admission_count(x->backend, a);
    if (a != ADMISSION_OK)
        api_send_refusal(x, &refusal);
    return a == ADMISSION_OK;
}

bool api_check_ready(struct exchange *x)
{
    return x->backend->readiness == BACKEND_READY || check(x, false);
}

bool api_check_open(struct exchange *x)
{
    return x->backend->readiness == BACKEND_READY || check(x, true);
}

bool api_check_room(struct exchange *x)
{
    return check(x, true);
}

static void on_prefer(void *context, const char *value)
{
    prefer_read(context, value);
}

static void begin(struct exchange *x)
{
    if (!api_check_open(x) || !api_check_rate(x))
        return;
    bool json = exchange_is_json(x);
    struct intake *intake = json ? NULL : intake_create(x->backend, exchange_header(x, "Content-Type"));
    if (!intake && !json) {
        exchange_send_error(x, 415, "Expected application/json or multipart/form-data");
        return;
    }
    struct generate *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->intake = intake;
    buf_init(&g->json, JSON_MAX);
    exchange_each_header(x, "Prefer", on_prefer, &g->prefer);
    x->state = g;
}

static void body(struct exchange *x, const char *bytes, size_t len)
{
    struct generate *g = x->state;
    if (g->intake)
        intake_feed(g->intake, bytes, len);
    else
        buf_add(&g->json, bytes, len);
}

bool api_check_params(struct exchange *x, const struct params *p)
{
    if (!p->mistake_count)
        return true;
    for (int i = 0; i < p->mistake_count; i++) {
        const char *labels[] = {p->mistakes[i].loc[1] ? p->mistakes[i].loc[1] : p->mistakes[i].loc[0],
                                p->mistakes[i].type};
        metric_add(metrics_series(x->backend->metrics, F_VALIDATION_ERRORS, labels), 1);
    }
    params_write_mistakes(p, exchange_text(x));
    exchange_send_json(x, 400);
    return false;
}

static void submit(struct exchange *x, struct job *job, const struct params *p)
{
    x->job = job->id;
    admission_submit(x->backend, job, &p->options);
}

/* RFC 7240, section 3. A wait of 0 is one, too. */
static void add_applied(struct exchange *x, bool async)
{
    const struct prefer *prefer = &((const struct generate *)x->state)->prefer;
    async = async && prefer->respond_async;
    char wait[24] = "", text[48];
    if (prefer->has_wait)
        snprintf(wait, sizeof wait, "wait=%d", (int)(prefer->wait / NSEC_PER_SEC));
    snprintf(text, sizeof text, "%s%s%s", async ? "respond-async" : "", async && *wait ? ", " : "", wait);
    if (*text)
        exchange_add_header(x, "Preference-Applied", text);
}

static void send_accepted(struct exchange *x, const struct job *job)
{
    char url[64];
    snprintf(url, sizeof url, "/api/job-status/%s", job->id_text);
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "job_id", job->id_text);
    json_text(b, "status", job->state == JOB_PROCESSING ? "processing" : "queued");
    json_text(b, "status_url", url);
    json_close(b, '}');
    exchange_send_json(x, 202);
    exchange_add_header(x, "Location", url);
    add_applied(x, true);
}

/* The original's answer to JSON: at once, and 200. */
static void send_generating(struct exchange *x, const struct job *job)
{
    const struct generator_options *options = &job->work.options;
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "job_id", job->id_text);
    json_text(b, "status", "generating_3d");
    json_text(b, "format", model_format_name(options->format));
    params_write_dimensions(options, b);
    json_int(b, "quality", options->quality);
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const char *api_why_not(const struct job *job)
{
    if (job->state == JOB_CANCELLED) /* and its picture removed */
        return "The job was cancelled";
    return job->state == JOB_QUEUED || job->state == JOB_PROCESSING ? "Generation already in progress" : NULL;
}

static void send_conflict(struct exchange *x, const struct job *job)
{
    bool cancelled = job->state == JOB_CANCELLED;
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "error", api_why_not(job));
    json_text(b, "job_id", job->id_text);
    json_text(b, "status", "conflict");
    json_text(b, "message",
              cancelled ? "Upload the picture again" : "Wait for this job, or upload the picture again");
    json_close(b, '}');
    exchange_send_json(x, 409);
}

/* Multipart waits for the end unless told otherwise; JSON does not wait unless asked to. */
static void answer_or_hold(struct exchange *x, struct job *job)
{
    const struct generate *g = x->state;
    bool waits = g->prefer.has_wait ? g->prefer.wait > 0 : g->intake && !g->prefer.respond_async;
    if (waits)
        exchange_hold(x, &job->held, g->prefer.has_wait ? g->prefer.wait : 0);
    else if (g->intake || g->prefer.respond_async || g->prefer.has_wait)
        send_accepted(x, job);
    else
        send_generating(x, job);
}

static void finish_json(struct exchange *x, const struct generate *g)
{
    struct params p;
    params_init(&p);
    params_from_json(&p, buf_text(&g->json), g->json.len);
    if (!api_check_params(x, &p))
        return;
    struct job *job = job_table_find(x->backend->jobs, &p.job_id);
    if (!job) {
        exchange_send_error(x, 404, "Job not found");
    } else if (api_why_not(job)) {
        send_conflict(x, job);
    } else if (api_check_room(x)) {
        submit(x, job, &p);
        answer_or_hold(x, job);
    }
}

static void finish_form(struct exchange *x, struct intake *in)
{
    if (!in->image.status && (!api_check_params(x, &in->params) || !api_check_room(x)))
        return;
    struct job *job = intake_finish(in);
    if (!job) {
        exchange_send_error(x, in->image.status, "%s", in->image.why);
        return;
    }
    submit(x, job, &in->params);
    answer_or_hold(x, job);
}

static void finish(struct exchange *x)
{
    struct generate *g = x->state;
    if (!api_check_open(x)) /* it may have begun to stop while the body came */
        return;
    if (g->intake)
        finish_form(x, g->intake);
    else
        finish_json(x, g);
}

/* 422: another try with the same picture cannot help. 409: somebody cancelled it. */
static int ended_status(const struct job *job)
{
    if (job->state == JOB_FAILED)
        return job_picture_failed(job) ? 422 : 500;
    return job->state == JOB_COMPLETED ? 200 : 409;
}

static void send_ended(struct exchange *x, const struct job *job)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    api_write_job(x->backend, job, b);
    json_close(b, '}');
    exchange_send_json(x, ended_status(job));
    add_applied(x, false);
}

/* The job has ended, or the time that the client wanted to wait, or the server's. */
static void resume(struct exchange *x)
{
    const struct job *job = job_table_find(x->backend->jobs, &x->job);
    assert(job); /* one that is waited for is not dropped */
    bool stopping = x->backend->readiness == BACKEND_STOPPING;
    if (stopping && (!job_has_ended(job) || job_was_interrupted(job)))
        api_check_ready(x); /* which sends why not */
    else if (job_has_ended(job))
        send_ended(x, job);
    else
        send_accepted(x, job);
}

static void end(struct exchange *x)
{
    struct generate *g = x->state;
    if (!g)
        return;
    intake_destroy(g->intake);
    buf_finish(&g->json);
    free(g);
    x->state = NULL;
}

const struct handler api_generate = {
    .begin = begin, .body = body, .finish = finish, .resume = resume, .end = end};
