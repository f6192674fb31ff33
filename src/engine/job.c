#include "engine_private.h"

#include "answer.h"
#include "jsonptr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MODEL_MAX = 256 << 20, /* bytes of an answer that is to be a model */
    ANSWER_MAX = 16 << 20, /* ... of any other */
    VALUES_MAX = 4 << 20,
    ERROR_TEXT = 300
};

/*
 * A job's walk through the workflow. At any time it is in exactly one of these places:
 *   asking    - the exchange is under way
 *   waiting   - a poll said "not yet"; the poll timer is armed
 *   checking  - the downloaded model is with the checker; the timeout no longer runs, the target has done its
 * part and leaves through job_end(), once.
 */
struct job {
    struct engine *engine;
    struct user *user;
    struct record_job *record;
    struct job *next, **link; /* in the engine's list of running ones */
    int step;
    bool checking;
    nsec asked; /* when the last poll was sent */
    uint64_t nonce;
    struct timer poll, timeout;
    struct http_exchange exchange;
    struct request request;
    struct buf body;
    struct check check;
    struct arena arena;  /* of the values */
    const char **values; /* of the plan's variables */
};

static void on_answer(struct http_exchange *x);
static void on_poll(struct timer *timer);
static void on_timeout(struct timer *timer);
static void on_checked(struct check *check);

static const struct plan_step *step_of(const struct job *j)
{
    return &j->engine->config.plan->workflow.steps[j->step];
}

static nsec now_in_record(const struct job *j)
{
    return engine_time(j->engine, loop_now(j->engine->config.loop));
}

/* ---- life ---- */

static struct job *job_create(struct engine *e)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    j->engine = e;
    j->poll.fire = on_poll;
    j->timeout.fire = on_timeout;
    j->exchange.done = on_answer;
    j->exchange.body = &j->body;
    j->check.done = on_checked;
    request_init(&j->request, e->config.payload);
    buf_init(&j->body, MODEL_MAX);
    arena_init(&j->arena, "job", VALUES_MAX);
    return j;
}

static void job_destroy(struct job *j)
{
    http_cancel(&j->exchange);
    timer_cancel(j->engine->config.loop, &j->poll);
    timer_cancel(j->engine->config.loop, &j->timeout);
    request_finish(&j->request);
    buf_finish(&j->body);
    arena_finish(&j->arena);
    free(j);
}

void job_free_all(struct engine *e)
{
    struct job **lists[] = {&e->running, &e->spare};
    for (int i = 0; i < 2; i++) {
        for (struct job *j = *lists[i], *next; j; j = next) {
            next = j->next;
            job_destroy(j);
        }
        *lists[i] = NULL;
    }
}

static void set_values(struct job *j)
{
    const struct workflow *w = &j->engine->config.plan->workflow;
    struct rng rng;
    rng_init(&rng, j->engine->config.seed, (uint64_t)j->record->number << 20);
    j->nonce = rng_next(&rng);
    arena_reset(&j->arena);
    j->values = arena_new(&j->arena, const char *, w->variable_count);
    for (int i = 0; i < w->variable_count; i++)
        j->values[i] = w->variables[i].value;
    j->values[VARIABLE_USER] = arena_printf(&j->arena, "%d", j->record->user);
    j->values[VARIABLE_NUMBER] = arena_printf(&j->arena, "%d", j->record->number);
    j->values[VARIABLE_SEED] = arena_printf(&j->arena, "%d", (int)(rng_next(&rng) >> 33));
}

static void count_in_flight(struct engine *e, int change)
{
    e->in_flight += change;
    atomic_store(&e->config.progress->in_flight, e->in_flight);
}

static void begin_step(struct job *j, int step);

void job_start(struct engine *e, struct user *user, nsec due)
{
    struct job *j = e->spare;
    if (j)
        e->spare = j->next;
    else
        j = job_create(e);
    j->user = user;
    j->next = e->running;
    j->link = &e->running;
    if (j->next)
        j->next->link = &j->next;
    e->running = j;
    j->record = record_new_job(e->config.record);
    j->record->number = e->config.record->job_count;
    j->record->user = user ? user->number : -1;
    j->record->phase = user ? e->phase : -1;
    j->record->due = engine_time(e, due);
    j->record->sent = now_in_record(j);
    record_job_started(e->config.record, j->record);
    if (user)
        record_start_lag(e->config.record, j->record->sent - j->record->due);
    set_values(j);
    count_in_flight(e, 1);
    if (user)
        atomic_fetch_add(&e->config.progress->started, 1);
    timer_set(e->config.loop, &j->timeout, loop_now(e->config.loop) + e->config.plan->load.timeout);
    begin_step(j, 0);
}

static void report_progress(const struct job *j)
{
    struct progress *p = j->engine->config.progress;
    if (j->record->phase < 0 || j->record->outcome == JOB_UNFINISHED)
        return;
    if (j->record->outcome == JOB_FAILED) {
        atomic_fetch_add(&p->failed, 1);
        return;
    }
    int at = atomic_load(&p->recent_count);
    atomic_store(&p->recent[at % PROGRESS_RECENT], record_generation(j->engine->config.record, j->record));
    atomic_store(&p->recent_count, at + 1);
    atomic_fetch_add(&p->ok, 1);
}

/* Large answers give their memory back: a spike of downloads must not stay with us for the rest of the run.
 */
static void reset_body(struct job *j)
{
    enum { KEEP = 64 << 10 };
    if (j->body.capacity > KEEP)
        buf_finish(&j->body);
    buf_clear(&j->body);
}

static void job_end(struct job *j, enum job_outcome outcome)
{
    struct engine *e = j->engine;
    j->record->outcome = outcome;
    j->record->ended = now_in_record(j);
    record_job_ended(e->config.record, j->record);
    http_cancel(&j->exchange);
    timer_cancel(e->config.loop, &j->poll);
    timer_cancel(e->config.loop, &j->timeout);
    reset_body(j);
    *j->link = j->next;
    if (j->next)
        j->next->link = j->link;
    j->next = e->spare;
    e->spare = j;
    j->checking = false;
    report_progress(j);
    count_in_flight(e, -1);
    engine_job_ended(e, j->user, j->record);
}

static void job_fail(struct job *j, enum fail_kind kind, const char *why)
{
    char text[ERROR_TEXT];
    snprintf(text, sizeof text, "%s: %s", step_of(j)->name, why);
    j->record->fail = kind;
    j->record->failed_step = j->step;
    j->record->error = record_message(j->engine->config.record, text);
    job_end(j, JOB_FAILED);
}

void job_stop_all(struct engine *e)
{
    for (struct job *j = e->running, *next; j; j = next) {
        next = j->next;
        if (!j->checking)
            job_end(j, JOB_UNFINISHED);
    }
}

static void on_timeout(struct timer *timer)
{
    struct job *j = (struct job *)((char *)timer - offsetof(struct job, timeout));
    char limit[DURATION_TEXT], why[80];
    snprintf(why, sizeof why, "not done within %s",
             duration_text(j->engine->config.plan->load.timeout, limit));
    job_fail(j, FAIL_TIMEOUT, why);
}

/* ---- asking ---- */

/* Is an answer with an expected status read as JSON? */
static bool is_read(const struct plan_step *step)
{
    return step->kind == STEP_POLL || step->capture_count > 0;
}

static void ask(struct job *j)
{
    const struct plan_step *step = step_of(j);
    const struct engine_config *c = &j->engine->config;
    char error[REQUEST_ERROR_TEXT];
    reset_body(j);
    j->body.max_bytes = step->model_valid ? MODEL_MAX : is_read(step) ? ANSWER_JSON_MAX : ANSWER_MAX;
    if (!request_render(&j->request, &c->target, step, j->values, c->payload, j->nonce, error)) {
        job_fail(j, FAIL_BODY, error);
        return;
    }
    memcpy(j->exchange.iov, j->request.iov, sizeof j->request.iov);
    j->exchange.iov_count = j->request.iov_count;
    j->exchange.idempotent = step->method == METHOD_GET;
    j->asked = loop_now(c->loop);
    http_start(&j->engine->pool, &j->exchange);
}

static void on_poll(struct timer *timer)
{
    struct job *j = (struct job *)((char *)timer - offsetof(struct job, poll));
    j->record->polls++;
    ask(j);
}

/* A poll waits one interval before it asks for the first time: the answer to the submission said "not yet".
 */
static void begin_step(struct job *j, int step)
{
    j->step = step;
    j->record->steps[step].start = now_in_record(j);
    if (step_of(j)->kind == STEP_POLL)
        timer_set(j->engine->config.loop, &j->poll, loop_now(j->engine->config.loop) + step_of(j)->every);
    else
        ask(j);
}

static void end_step(struct job *j)
{
    const struct workflow *w = &j->engine->config.plan->workflow;
    if (j->step == w->accept_step)
        j->record->accepted = true;
    if (j->step + 1 < w->step_count)
        begin_step(j, j->step + 1);
    else
        job_end(j, JOB_OK);
}

/* ---- answers ---- */

static bool is_expected(const struct plan_step *step, int status)
{
    for (int i = 0; i < step->expect_count; i++)
        if (step->expect[i] == status)
            return true;
    return false;
}

static void fail_status(struct job *j, const json_t *root)
{
    const char *said = answer_text(root, "/error", &j->engine->scratch);
    if (!said)
        said = answer_text(root, "/message", &j->engine->scratch);
    char why[ERROR_TEXT];
    snprintf(why, sizeof why, "status %d%s%.160s", j->exchange.status, said ? ", " : "", said ? said : "");
    job_fail(j, FAIL_STATUS, why);
}

/* Returns false when the job has failed over it. */
static bool take_captures(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    for (int i = 0; i < step->capture_count; i++) {
        const struct plan_capture *c = &step->captures[i];
        const char *text = answer_text(root, c->pointer, &j->engine->scratch);
        if (!text) {
            char why[ERROR_TEXT];
            snprintf(why, sizeof why, "the answer has no text or number at %.200s", c->pointer);
            job_fail(j, FAIL_BODY, why);
            return false;
        }
        j->values[c->variable] = arena_copy(&j->arena, text, strlen(text));
    }
    return true;
}

/* The server's own durations: differences of its clock, so no offset between the two matters. */
static void take_times(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    if (!step->created_pointer || !step->started_pointer || !step->finished_pointer)
        return;
    double created = answer_time(root, step->created_pointer, &j->engine->scratch);
    double started = answer_time(root, step->started_pointer, &j->engine->scratch);
    double finished = answer_time(root, step->finished_pointer, &j->engine->scratch);
    if (created < 0 || started < created || finished < started)
        return;
    j->record->queue = nsec_from_sec(started - created);
    j->record->processing = nsec_from_sec(finished - started);
}

static void fail_by_target(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    const char *said =
        answer_text(root, step->error_pointer ? step->error_pointer : "/error", &j->engine->scratch);
    char why[ERROR_TEXT];
    snprintf(why, sizeof why, "the target says the job failed%s%.160s", said ? ": " : "", said ? said : "");
    job_fail(j, FAIL_JOB, why);
}

static void on_poll_answer(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    if (jsonptr_any(root, step->fail, step->fail_count)) {
        fail_by_target(j, root);
        return;
    }
    if (!jsonptr_any(root, step->until, step->until_count)) {
        timer_set(j->engine->config.loop, &j->poll, j->asked + step->every);
        return;
    }
    j->record->steps[j->step].end = now_in_record(j);
    take_times(j, root);
    if (take_captures(j, root))
        end_step(j);
}

static void begin_check(struct job *j)
{
    timer_cancel(j->engine->config.loop, &j->timeout);
    j->checking = true;
    j->record->model_bytes = (int64_t)j->body.len;
    j->check.bytes = j->body.bytes;
    j->check.len = j->body.len;
    checker_submit(j->engine->checker, &j->check);
}

static void on_checked(struct check *check)
{
    struct job *j = (struct job *)((char *)check - offsetof(struct job, check));
    j->checking = false;
    j->record->model_checked = true;
    j->record->model_valid = check->report.valid;
    j->record->model_triangles = check->report.triangles;
    j->record->validate = check->took;
    if (check->report.valid)
        end_step(j);
    else
        job_fail(j, FAIL_MODEL, check->report.why);
}

static void on_expected(struct job *j, const json_t *root)
{
    if (step_of(j)->kind == STEP_POLL) {
        on_poll_answer(j, root);
        return;
    }
    j->record->steps[j->step].end = now_in_record(j);
    if (!take_captures(j, root))
        return;
    if (step_of(j)->model_valid)
        begin_check(j);
    else
        end_step(j);
}

static void on_answer(struct http_exchange *x)
{
    struct job *j = (struct job *)((char *)x - offsetof(struct job, exchange));
    const struct plan_step *step = step_of(j);
    if (x->fail != FAIL_NONE) {
        job_fail(j, x->fail, x->error);
        return;
    }
    arena_reset(&j->engine->scratch);
    bool expected = is_expected(step, x->status);
    /* What nobody reads is not parsed; an unexpected answer may say why. */
    char why[ANSWER_ERROR];
    json_t *root = !expected || is_read(step) ? answer_parse(&j->body, why) : NULL;
    if (!expected)
        fail_status(j, root);
    else if (is_read(step) && !root)
        job_fail(j, FAIL_BODY, why);
    else
        on_expected(j, root);
    json_decref(root);
}
