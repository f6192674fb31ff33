#include "api.h"

#include "admission.h"
#include "batch.h"
#include "json_out.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>

enum { JSON_MAX = SERVER_BODY_SMALL };

struct request {
    struct batch *batch; /* multipart */
    struct buf json;     /* else */
};

struct tally { /* what became of the batch's jobs */
    struct uuid id;
    const struct job *taken[BATCH_MAX];
    int taken_count;
    int known;           /* of the ids that were named */
    struct refusal full; /* why the last was not taken, when it was for want of room; status 0: it was not */
};

static void begin(struct exchange *x)
{
    if (!api_check_open(x) || !api_check_rate(x))
        return;
    bool json = exchange_is_json(x);
    struct batch *batch = json ? NULL : batch_create(x->backend, exchange_header(x, "Content-Type"));
    if (!batch && !json) {
        exchange_send_error(x, 415, "Expected multipart/form-data or application/json");
        return;
    }
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->batch = batch;
    buf_init(&r->json, JSON_MAX);
    x->state = r;
}

static void body(struct exchange *x, const char *bytes, size_t len)
{
    struct request *r = x->state;
    if (r->batch)
        batch_feed(r->batch, bytes, len);
    else
        buf_add(&r->json, bytes, len);
}

static bool has_room(struct exchange *x, struct tally *t)
{
    enum admission a = admission_check(x->backend, &t->full);
    admission_count(x->backend, a);
    return a == ADMISSION_OK;
}

/* There is room: queues the job as one of the batch. */
static void take(struct exchange *x, struct tally *t, struct job *job, const struct params *p)
{
    job->in_batch = true;
    job->batch = t->id;
    admission_submit(x->backend, job, &p->options);
    t->taken[t->taken_count++] = job;
}

static void write_taken(const struct tally *t, struct buf *out)
{
    json_open(out, "job_ids", '[');
    for (int i = 0; i < t->taken_count; i++)
        json_text(out, NULL, t->taken[i]->id_text);
    json_close(out, ']');
}

/* None was taken: for want of room, or because each was wrong in its own way. */
static bool send_none(struct exchange *x, const struct tally *t, int status)
{
    if (t->taken_count)
        return false;
    if (t->full.status)
        api_send_refusal(x, &t->full);
    else
        exchange_send_json(x, status);
    return true;
}

/* ---- multipart ---- */

/* Until the last of them has likely ended; 0 when nothing is known. */
static nsec estimate(const struct backend *b, const struct tally *t)
{
    nsec longest = 0;
    for (int i = 0; i < t->taken_count; i++) {
        nsec eta = schedule_eta(&b->schedule, t->taken[i], loop_now(b->loop));
        longest = eta > longest ? eta : longest;
    }
    return longest;
}

static void write_refused(const struct batch *b, struct buf *out)
{
    json_open(out, "rejected", '[');
    for (int i = 0; i < b->count; i++)
        if (!b->rows[i].taken) {
            json_open(out, NULL, '{');
            json_int(out, "index", i);
            json_text(out, "filename", b->rows[i].file_name);
            json_text(out, "error", b->rows[i].why);
            json_close(out, '}');
        }
    json_close(out, ']');
}

/* The jobs that are taken are the table's from then on. */
static void queue_files(struct exchange *x, struct batch *b, struct tally *t)
{
    for (int i = 0; i < b->count; i++) {
        struct job *job = b->rows[i].job;
        if (!job)
            continue;
        b->rows[i].job = NULL;
        if (has_room(x, t)) {
            job_table_add(x->backend->jobs, job);
            take(x, t, job, &b->params);
            b->rows[i].taken = true;
            continue;
        }
        snprintf(b->rows[i].why, sizeof b->rows[i].why, "%s", t->full.error);
        store_remove(&x->backend->store, &job->id);
        job_destroy(job);
    }
}

static void write_files_answer(struct exchange *x, const struct batch *b, const struct tally *t)
{
    char id[UUID_TEXT];
    struct buf *out = exchange_text(x);
    json_open(out, NULL, '{');
    json_bool(out, "success", t->taken_count > 0);
    if (!t->taken_count)
        json_text(out, "error", "No file was accepted");
    json_text(out, "batch_id", uuid_text(&t->id, id));
    write_taken(t, out);
    json_int(out, "total_jobs", t->taken_count);
    json_seconds(out, "estimated_time_seconds", estimate(x->backend, t));
    write_refused(b, out);
    char message[80];
    snprintf(message, sizeof message, "%d of %d files accepted", t->taken_count, b->count);
    json_text(out, "message", message);
    json_close(out, '}');
}

static void finish_files(struct exchange *x, struct batch *b)
{
    if (!batch_complete(b)) {
        exchange_send_error(x, 400, "%s", b->error);
        return;
    }
    if (!api_check_params(x, &b->params))
        return;
    struct tally t = {.id = uuid_make()};
    queue_files(x, b, &t);
    write_files_answer(x, b, &t);
    if (!send_none(x, &t, 400))
        exchange_send_json(x, 200);
}

/* ---- JSON ---- */

static void queue_ids(struct exchange *x, const struct params *p, const struct uuid *ids, int count,
                      struct tally *t, struct buf *refused)
{
    for (int i = 0; i < count; i++) {
        struct job *job = job_table_find(x->backend->jobs, &ids[i]);
        const char *why = job ? api_why_not(job) : "Job not found";
        t->known += job != NULL;
        if (!why && has_room(x, t)) {
            take(x, t, job, p);
            continue;
        }
        char text[UUID_TEXT];
        json_open(refused, NULL, '{');
        json_text(refused, "job_id", uuid_text(&ids[i], text));
        json_text(refused, "error", why ? why : t->full.error);
        json_close(refused, '}');
    }
    json_end(refused);
}

static void finish_ids(struct exchange *x, const struct buf *json)
{
    struct params p;
    struct uuid ids[PARAM_JOBS_MAX];
    char id[UUID_TEXT];
    params_init(&p);
    int count = params_from_batch_json(&p, buf_text(json), json->len, ids);
    if (!api_check_params(x, &p))
        return;
    struct tally t = {.id = uuid_make()};
    struct buf refused;
    buf_init(&refused, JSON_MAX);
    queue_ids(x, &p, ids, count, &t, &refused);
    struct buf *out = exchange_text(x);
    json_open(out, NULL, '{');
    if (!t.taken_count)
        json_text(out, "error", "No job was accepted");
    json_text(out, "batch_id", uuid_text(&t.id, id));
    json_int(out, "job_count", t.taken_count);
    json_text(out, "status", t.taken_count ? "queued" : "rejected");
    write_taken(&t, out);
    buf_printf(out, "\"rejected\":[%s]", buf_text(&refused));
    json_close(out, '}');
    buf_finish(&refused);
    if (!send_none(x, &t, t.known ? 409 : 404))
        exchange_send_json(x, 202);
}

static void finish(struct exchange *x)
{
    struct request *r = x->state;
    if (!api_check_open(x)) /* it may have begun to stop while the body came */
        return;
    if (r->batch)
        finish_files(x, r->batch);
    else
        finish_ids(x, &r->json);
}

static void end(struct exchange *x)
{
    struct request *r = x->state;
    if (!r)
        return;
    batch_destroy(r->batch);
    buf_finish(&r->json);
    free(r);
    x->state = NULL;
}

const struct handler api_batch = {.begin = begin, .body = body, .finish = finish, .end = end};
