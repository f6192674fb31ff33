#include "ask.h"

#include "answer.h"
#include "container.h"
#include "worker.h"

#include <stdlib.h>

enum {
    MODEL_MAX = 256 << 20, /* bytes of an answer that is to be a model */
    REFUSAL_MAX = 64 << 10 /* kept of an answer that was not expected: it may say why */
};

bool ask_is_read(const struct plan_step *step)
{
    return step->kind == STEP_POLL || step->capture_count > 0;
}

bool ask_is_expected(const struct plan_step *step, int status)
{
    for (int i = 0; i < step->expect_count; i++)
        if (step->expect[i] == status)
            return true;
    return false;
}

/* ---- requests that are always the same ---- */

static bool is_captured(const struct workflow *w, int variable)
{
    for (int i = 0; i < w->step_count; i++)
        for (int k = 0; k < w->steps[i].capture_count; k++)
            if (w->steps[i].captures[k].variable == variable)
                return true;
    return false;
}

static bool is_constant(const struct workflow *w, const struct template *t)
{
    for (int i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        if (s->kind != SEGMENT_TEXT && (s->variable < VARIABLE_BUILTINS || is_captured(w, s->variable)))
            return false;
    }
    return true;
}

static bool is_fixed(const struct workflow *w, const struct plan_step *step)
{
    return !step_listens(step) && is_constant(w, &step->path) && step->body != BODY_MULTIPART &&
           is_constant(w, &step->json);
}

/* One that cannot be rendered fails in each job, with its sentence. */
static void render_fixed(struct asks *asks)
{
    const struct worker *w = asks->worker;
    const struct workflow *workflow = &w->plan->workflow;
    const char **values = calloc((size_t)workflow->variable_count, sizeof *values);
    char error[REQUEST_ERROR_TEXT];
    if (!values)
        abort();
    for (int i = 0; i < workflow->variable_count; i++)
        values[i] = workflow->variables[i].value;
    for (int i = 0; i < workflow->step_count; i++) {
        const struct plan_step *step = &workflow->steps[i];
        struct request *r = &asks->fixed[i];
        request_init(r);
        if (!is_fixed(workflow, step) ||
            !request_render(r, &w->config->target, step, values, NULL, 0, error)) {
            r->iov_count = 0;
            asks->needs_values = true;
        }
    }
    free(values);
}

void asks_init(struct asks *asks, struct worker *w)
{
    *asks = (struct asks){.worker = w, .done = asks->done, .checked = asks->checked};
    asks->fixed = calloc((size_t)w->plan->workflow.step_count, sizeof *asks->fixed);
    if (!asks->fixed)
        abort();
    render_fixed(asks);
}

void asks_finish(struct asks *asks)
{
    for (struct ask *a = asks->stock, *next; a; a = next) {
        next = a->next;
        request_finish(&a->request);
        buf_finish(&a->body);
        free(a);
    }
    for (int i = 0; i < asks->worker->plan->workflow.step_count; i++)
        request_finish(&asks->fixed[i]);
    free(asks->fixed);
}

/* ---- the answer ---- */

static bool keep_answer(struct http_exchange *x, const char *bytes, size_t len)
{
    struct ask *a = (struct ask *)x;
    buf_add(&a->body, bytes, len);
    return !a->body.failed;
}

static bool keep_refusal(struct http_exchange *x, const char *bytes, size_t len)
{
    struct ask *a = (struct ask *)x;
    size_t room = REFUSAL_MAX - a->body.len;
    buf_add(&a->body, bytes, len < room ? len : room);
    return true;
}

/* A model goes to the checker as it comes. */
static bool check_answer(struct http_exchange *x, const char *bytes, size_t len)
{
    struct ask *a = (struct ask *)x;
    if (x->body_bytes > MODEL_MAX || (ask_is_read(a->step) && !keep_answer(x, bytes, len)))
        return false;
    checker_feed(a->asks->worker->checker, &a->check, bytes, len);
    return true;
}

/* What nobody will look at is only counted. */
static void on_headed(struct http_exchange *x)
{
    struct ask *a = (struct ask *)x;
    if (!ask_is_expected(a->step, x->status)) {
        x->take = keep_refusal;
    } else if (a->step->model_valid) {
        checker_begin(a->asks->worker->checker, &a->check);
        x->take = check_answer;
    } else {
        x->take = ask_is_read(a->step) ? keep_answer : NULL;
    }
}

static void on_done(struct http_exchange *x)
{
    struct ask *a = (struct ask *)x;
    struct worker *w = a->asks->worker;
    if (x->fail == FAIL_NONE)
        record_contact_heard(&w->record.contact, worker_time(w, x->started), worker_time(w, x->ended));
    a->asks->done(a);
}

static void on_checked(struct check *check)
{
    struct ask *a = CONTAINER(struct ask, check, check);
    a->asks->checked(a);
}

/* ---- asking ---- */

static struct ask *take(struct asks *asks)
{
    struct ask *a = asks->stock;
    if (a) {
        asks->stock = a->next;
        return a;
    }
    a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->asks = asks;
    a->exchange.headed = on_headed;
    a->exchange.done = on_done;
    a->exchange.names = &a->names;
    a->check.done = on_checked;
    if (asks->worker->record.shape.keeping == RECORD_ROWS)
        a->exchange.names = &a->names;
    request_init(&a->request);
    buf_init(&a->body, ANSWER_JSON_MAX);
    return a;
}

struct ask *ask_start(struct asks *asks, struct job *job, int step, const char *const *values,
                      const struct payload *payload, uint64_t nonce, nsec now, char error[REQUEST_ERROR_TEXT])
{
    struct worker *w = asks->worker;
    struct ask *a = take(asks);
    const struct request *r = &asks->fixed[step];
    a->job = job;
    const struct plan_step *s = &w->plan->workflow.steps[step];
    a->step = step_listens(s) ? s->listen.witness : s;
    if (!r->iov_count) {
        r = &a->request;
        if (!request_render(&a->request, &w->config->target, a->step, values, payload, nonce, error)) {
            ask_release(a);
            return NULL;
        }
    }
    a->exchange.iov = r->iov;
    a->exchange.iov_count = r->iov_count;
    a->exchange.stable = r->stable;
    a->exchange.idempotent = a->step->method == METHOD_GET;
    http_start(&w->pool, &a->exchange, now);
    return a;
}

/* Large answers give their memory back: a rush of downloads must not stay with us for the rest of the run. */
void ask_release(struct ask *a)
{
    enum { KEEP = 16 << 10 };
    if (!a)
        return;
    http_cancel(&a->exchange);
    checker_abandon(a->asks->worker->checker, &a->check);
    if (a->body.capacity > KEEP)
        buf_finish(&a->body);
    buf_clear(&a->body);
    a->job = NULL;
    a->next = a->asks->stock;
    a->asks->stock = a;
}
