#include "api.h"

#include "backend.h"
#include "events.h"
#include "families.h"
#include "intake.h"
#include "json_out.h"
#include "prefer.h"
#include "server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = SERVER_BODY_SMALL, RETRY_LOADING = 5, RETRY_FULL = 10 };

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

static void count_refused(struct exchange *x, const char *reason)
{
    metric_add(metrics_series(x->backend->metrics, F_JOBS_REFUSED, &reason), 1);
}

bool api_check_rate(struct exchange *x)
{
    const struct sockaddr *address =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    uint32_t client = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    nsec wait = rate_limit_take(&x->backend->rate, client, loop_now(x->backend->loop));
    if (!wait)
        return true;
    char error[80];
    snprintf(error, sizeof error, "Rate limit exceeded. Max %d requests per 60s",
             x->backend->rate.per_minute);
    count_refused(x, "rate_limit");
    api_send_retry(x, 429, error, "rate_limited", (int)(wait / NSEC_PER_SEC) + 1);
    return false;
}

static void send_stopping(struct exchange *x)
{
    api_send_retry(x, 503, "The server is stopping", "stopping", RETRY_LOADING);
}

bool api_check_ready(struct exchange *x)
{
    if (x->backend->readiness == BACKEND_READY)
        return true;
    bool loading = x->backend->readiness == BACKEND_LOADING;
    count_refused(x, loading ? "loading" : "stopping");
    if (loading)
        api_send_retry(x, 503, "AI models are still loading, please try again", "models_loading",
                       RETRY_LOADING);
    else
        send_stopping(x);
    return false;
}

static bool check_room(struct exchange *x)
{
    if (schedule_has_room(&x->backend->schedule))
        return true;
    count_refused(x, "queue_full");
    api_send_retry(x, 429, "The queue is full, please try again later", "queue_full", RETRY_FULL);
    return false;
}

static void on_prefer(void *context, const char *value)
{
    prefer_read(context, value);
}

static void begin(struct exchange *x)
{
    if (!api_check_ready(x) || !api_check_rate(x))
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

static bool check_params(struct exchange *x, const struct params *p)
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

/* Queues it, so that nothing drops it any more. What it made before is gone from here on. */
static void submit(struct exchange *x, struct job *job, const struct params *p)
{
    x->job = job->id;
    job_table_wake(x->backend->jobs, job); /* with the size that it was counted with */
    if (job->state != JOB_UPLOADED)
        store_remove_models(&x->backend->store, &job->id);
    job_renew(job);
    job->work.options = p->options;
    schedule_submit(&x->backend->schedule, job);
    if (job->state == JOB_QUEUED)
        events_changed(x->backend->events, job);
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

static void send_conflict(struct exchange *x, const struct job *job)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "error", "Generation already in progress");
    json_text(b, "job_id", job->id_text);
    json_text(b, "status", "conflict");
    json_text(b, "message", "Wait for this job, or upload the picture again");
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
    if (!check_params(x, &p))
        return;
    struct job *job = job_table_find(x->backend->jobs, &p.job_id);
    if (!job) {
        exchange_send_error(x, 404, "Job not found");
    } else if (job->state == JOB_QUEUED || job->state == JOB_PROCESSING) {
        send_conflict(x, job);
    } else if (check_room(x)) {
        submit(x, job, &p);
        answer_or_hold(x, job);
    }
}

static void finish_form(struct exchange *x, struct intake *in)
{
    if (!in->status && (!check_params(x, &in->params) || !check_room(x)))
        return;
    struct job *job = intake_finish(in);
    if (!job) {
        exchange_send_error(x, in->status, "%s", in->why);
        return;
    }
    submit(x, job, &in->params);
    answer_or_hold(x, job);
}

static void finish(struct exchange *x)
{
    struct generate *g = x->state;
    if (!api_check_ready(x)) /* it may have begun to stop while the body came */
        return;
    if (g->intake)
        finish_form(x, g->intake);
    else
        finish_json(x, g);
}

/* 422: another try with the same picture cannot help. */
static void send_ended(struct exchange *x, const struct job *job)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    api_write_job(x->backend, job, b);
    json_close(b, '}');
    exchange_send_json(x, job->state == JOB_COMPLETED ? 200 : job_picture_failed(job) ? 422 : 500);
    add_applied(x, false);
}

/* The job has ended, or the time that the client wanted to wait, or the server's. */
static void resume(struct exchange *x)
{
    const struct job *job = job_table_find(x->backend->jobs, &x->job);
    assert(job); /* one that is waited for is not dropped */
    if (job->state >= JOB_COMPLETED)
        send_ended(x, job);
    else if (x->backend->readiness == BACKEND_STOPPING)
        send_stopping(x);
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
