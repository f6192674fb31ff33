#include "worker.h"

#include "answer.h"
#include "container.h"
#include "jsonptr.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 4 << 20, VALUES_FIRST = 400, ERROR_TEXT = 300 };

/* A request that cannot be made takes no time; users without think time do not spin over it. */
#define UNASKED_PAUSE (10 * NSEC_PER_MSEC)

/* Two connections bring the same news in either order: what comes sooner is not late. */
#define LATE (100 * NSEC_PER_MSEC)

/*
 * A job's walk through the workflow. At any time it is in exactly one of these places:
 *
 *   asking    - `ask` is under way.
 *   listening - `listen` waits for the target to tell. With a poll beside, `ask` is under way or the timer is
 *               armed, too.
 *   pausing   - before a poll, before a step that the target refused for now is tried again, or before the
 *               job fails because its request cannot be made; the timer is armed.
 *   checking  - the model is downloaded and with the checker; the timeout no longer runs, the target has
 *               done its part.
 *
 * It leaves through job_end(), once.
 */
struct job {
    struct worker *worker;
    struct user *user;
    struct record_job *record;
    struct job *next, **link; /* in the worker's list of running ones */
    int step;
    int tries; /* of the step, after refusals */
    bool checking;
    nsec asked;          /* when the last request was sent */
    nsec not_yet;        /* ... that was a poll, and answered by "not yet" */
    const char *unasked; /* why the request cannot be made; NULL */
    uint64_t nonce;
    struct rng rng;
    struct timer pause;
    struct deadline timeout;
    struct ask *ask;       /* NULL: none is under way */
    struct listen *listen; /* NULL: it does not */
    nsec seen;             /* when the poll beside saw that it has ended; -1: it has not */
    double progress;       /* the last that was told */
    struct arena arena;    /* of the values */
    const char **values;   /* of the plan's variables */
};

static void on_answer(struct ask *ask);
static void on_pause(struct timer *timer);
static void on_timeout(struct deadline *d);
static void on_checked(struct ask *ask);
static void on_told(struct job *j, const json_t *root);
static void on_asked(struct job *j);
static void on_messaged(struct job *j);
static void on_lost(struct job *j, const struct listen_end *end);

static const struct plan_step *step_of(const struct job *j)
{
    return &j->worker->plan->workflow.steps[j->step];
}

static nsec now_of(const struct job *j)
{
    return loop_now(j->worker->loop);
}

/* ---- life ---- */

void job_init_all(struct worker *w)
{
    deadlines_init(&w->timeouts, w->loop, w->plan->load.timeout, on_timeout);
    w->asks.done = on_answer;
    w->asks.checked = on_checked;
    w->listens =
        (struct listens){.told = on_told, .asked = on_asked, .messaged = on_messaged, .lost = on_lost};
}

static struct job *job_create(struct worker *w)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    j->worker = w;
    j->pause.fire = on_pause;
    arena_init(&j->arena, "job", VALUES_MAX);
    j->arena.first_bytes = VALUES_FIRST;
    return j;
}

/* Nothing is under way any more, nor about to be. */
static void let_go(struct job *j)
{
    timer_cancel(j->worker->loop, &j->pause);
    ask_release(j->ask);
    listen_stop(j->listen);
    j->ask = NULL;
    j->listen = NULL;
}

static void job_destroy(struct job *j)
{
    let_go(j);
    deadline_unset(&j->timeout);
    arena_finish(&j->arena);
    free(j);
}

void job_free_all(struct worker *w)
{
    struct job **lists[] = {&w->running, &w->spare};
    for (int i = 0; i < 2; i++) {
        for (struct job *j = *lists[i], *next; j; j = next) {
            next = j->next;
            job_destroy(j);
        }
        *lists[i] = NULL;
    }
}

/* Rows stay with the record; what is only counted is one row used again and again. */
static void begin_record(struct job *j, const struct job_start *start, nsec now)
{
    struct worker *w = j->worker;
    bool rows = w->record.shape.keeping == RECORD_ROWS;
    if (rows || !j->record)
        j->record = record_new_job(&w->record);
    else
        record_blank_job(&w->record, j->record);
    j->record->number = (int)((w->jobs_begun++ * (uint32_t)w->shares + (uint32_t)w->number) & INT_MAX);
    j->record->user = start->user ? start->user->number : -1;
    j->record->phase = start->phase;
    j->record->due = worker_time(w, start->due);
    j->record->sent = worker_time(w, now);
    record_job_started(&w->record, j->record);
    if (start->phase >= 0)
        record_start_lag(&w->record, now - start->ready);
    deadline_set(&w->timeouts, &j->timeout, now);
}

static void set_values(struct job *j)
{
    const struct workflow *w = &j->worker->plan->workflow;
    arena_reset(&j->arena);
    j->values = arena_new(&j->arena, const char *, w->variable_count);
    for (int i = 0; i < w->variable_count; i++)
        j->values[i] = w->variables[i].value;
    j->values[VARIABLE_USER] = arena_printf(&j->arena, "%d", j->record->user);
    j->values[VARIABLE_NUMBER] = arena_printf(&j->arena, "%d", j->record->number);
    j->values[VARIABLE_SEED] = arena_printf(&j->arena, "%d", (int)(rng_next(&j->rng) >> 33));
}

static void begin_step(struct job *j, int step, nsec now);

void job_start(struct worker *w, const struct job_start *start)
{
    struct job *j = w->spare;
    nsec now = loop_now(w->loop); /* read afresh: whatever led here took its time */
    if (j)
        w->spare = j->next;
    else
        j = job_create(w);
    j->user = start->user;
    j->next = w->running;
    j->link = &w->running;
    if (j->next)
        j->next->link = &j->next;
    w->running = j;
    begin_record(j, start, now);
    if (w->asks.needs_values || workflow_wait(&w->plan->workflow) >= 0) {
        rng_init(&j->rng, w->config->seed, start->stream);
        j->nonce = rng_next(&j->rng);
        set_values(j);
    }
    if (start->phase >= 0)
        progress_add(&w->progress->started, 1);
    begin_step(j, 0, now);
}

static void report_progress(const struct job *j)
{
    struct progress_share *p = j->worker->progress;
    if (j->record->phase < 0 || j->record->outcome == JOB_UNFINISHED)
        return;
    progress_add(j->record->outcome == JOB_OK ? &p->ok : &p->failed, 1);
    if (j->record->outcome == JOB_OK)
        progress_generation(p, record_generation(&j->worker->record, j->record));
}

/* At the loop's time `now`. */
static void job_end(struct job *j, enum job_outcome outcome, nsec now)
{
    struct worker *w = j->worker;
    j->record->outcome = outcome;
    j->record->ended = worker_time(w, now);
    let_go(j);
    deadline_unset(&j->timeout);
    *j->link = j->next;
    if (j->next)
        j->next->link = j->link;
    j->next = w->spare;
    w->spare = j;
    j->checking = false;
    record_job_ended(&w->record, j->record);
    report_progress(j);
    worker_job_ended(w, j->user, j->record, now);
}

static void job_fail(struct job *j, enum fail_kind kind, const char *why)
{
    char text[ERROR_TEXT];
    snprintf(text, sizeof text, "%s: %s", step_of(j)->name, why);
    j->record->fail = kind;
    j->record->failed_step = j->step;
    j->record->error = record_message(&j->worker->record, text);
    job_end(j, JOB_FAILED, now_of(j));
}

void job_stop_all(struct worker *w)
{
    for (struct job *j = w->running, *next; j; j = next) {
        next = j->next;
        if (!j->checking)
            job_end(j, JOB_UNFINISHED, now_of(j));
    }
}

static void on_timeout(struct deadline *d)
{
    struct job *j = CONTAINER(struct job, timeout, d);
    char limit[DURATION_TEXT], why[80];
    snprintf(why, sizeof why, "not done within %s", duration_text(j->worker->plan->load.timeout, limit));
    job_fail(j, FAIL_TIMEOUT, why);
}

/* ---- asking ---- */

static nsec poll_interval(struct job *j, const struct plan_step *step);

static void pause_until(struct job *j, nsec until)
{
    timer_set(j->worker->loop, &j->pause, until);
}

/* The request cannot be made. */
static void fail_soon(struct job *j, const char *error, nsec now)
{
    j->unasked = arena_copy(&j->arena, error, strlen(error));
    pause_until(j, now + UNASKED_PAUSE);
}

static void on_asked(struct job *j)
{
    j->record->polls++;
    j->worker->record.traffic.polls++;
}

static void listen_now(struct job *j, nsec now)
{
    char error[REQUEST_ERROR_TEXT];
    j->listen = listen_start(&j->worker->listens, j, step_of(j), j->values, error);
    if (!j->listen)
        fail_soon(j, error, now);
    else if (step_of(j)->listen.witness)
        pause_until(j, now + poll_interval(j, step_of(j)->listen.witness));
}

static void ask(struct job *j, nsec now)
{
    struct worker *w = j->worker;
    const struct engine_config *c = w->config;
    char error[REQUEST_ERROR_TEXT];
    const struct payload *payload =
        c->payload_count ? &c->payloads[j->record->number % c->payload_count] : NULL;
    j->ask = ask_start(&w->asks, j, j->step, j->values, payload, j->nonce, now, error);
    if (!j->ask) {
        fail_soon(j, error, now);
        return;
    }
    j->asked = now;
    if (step_waits(step_of(j)))
        on_asked(j);
}

static void on_pause(struct timer *timer)
{
    struct job *j = CONTAINER(struct job, pause, timer);
    if (j->unasked)
        job_fail(j, FAIL_BODY, j->unasked);
    else if (step_listens(step_of(j)) && !j->listen)
        listen_now(j, now_of(j));
    else
        ask(j, now_of(j));
}

/* Jobs that were submitted together shall not poll together for ever. */
static nsec poll_interval(struct job *j, const struct plan_step *step)
{
    nsec spread = (nsec)((double)step->every * step->jitter);
    return step->every + (spread ? rng_range(&j->rng, -spread, spread) : 0);
}

/* A poll waits one interval before it asks for the first time: the answer to the submission said "not yet".
 */
static void begin_step(struct job *j, int step, nsec now)
{
    j->step = step;
    j->tries = 0;
    j->unasked = NULL;
    j->seen = -1;
    j->not_yet = now;
    j->progress = -HUGE_VAL;
    j->record->steps[step].start = worker_time(j->worker, now);
    if (step_of(j)->kind == STEP_POLL)
        pause_until(j, now + poll_interval(j, step_of(j)));
    else if (step_listens(step_of(j)))
        listen_now(j, now);
    else
        ask(j, now);
}

/* The step is over at the loop's time `now`. */
static void end_step(struct job *j, nsec now)
{
    const struct workflow *w = &j->worker->plan->workflow;
    if (j->step == w->accept_step)
        j->record->accepted = true;
    if (j->step + 1 == w->step_count) {
        job_end(j, JOB_OK, now);
        return;
    }
    let_go(j);
    begin_step(j, j->step + 1, now_of(j));
}

/* ---- answers ---- */

static void fail_status(struct job *j, int status, const json_t *root)
{
    const char *said = answer_text(root, "/error", &j->worker->scratch);
    if (!said)
        said = answer_text(root, "/message", &j->worker->scratch);
    char why[ERROR_TEXT], tries[40] = "";
    if (j->tries)
        snprintf(tries, sizeof tries, " after %d retr%s", j->tries, j->tries == 1 ? "y" : "ies");
    snprintf(why, sizeof why, "status %d%s%s%.160s", status, tries, said ? ", " : "", said ? said : "");
    job_fail(j, FAIL_STATUS, why);
}

/* Returns false when the job has failed over it. */
static bool take_captures(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    for (int i = 0; i < step->capture_count; i++) {
        const struct plan_capture *c = &step->captures[i];
        const char *text = answer_text(root, c->pointer, &j->worker->scratch);
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
    struct arena *scratch = &j->worker->scratch;
    if (!step->created_pointer || !step->started_pointer || !step->finished_pointer)
        return;
    double created = answer_time(root, step->created_pointer, scratch);
    double started = answer_time(root, step->started_pointer, scratch);
    double finished = answer_time(root, step->finished_pointer, scratch);
    if (created < 0 || started < created || finished < started)
        return;
    j->record->queue = nsec_from_sec(started - created);
    j->record->processing = nsec_from_sec(finished - started);
}

static void fail_by_target(struct job *j, const json_t *root)
{
    const struct plan_step *step = step_of(j);
    struct arena *scratch = &j->worker->scratch;
    const char *said = answer_text(root, step->error_pointer ? step->error_pointer : "/error", scratch);
    if (!said)
        said = answer_text(root, "/message", scratch);
    char why[ERROR_TEXT];
    snprintf(why, sizeof why, "the target says the job failed%s%.160s", said ? ": " : "", said ? said : "");
    job_fail(j, FAIL_JOB, why);
}

/* How long the target asks us to stay away; -1: it does not. */
static nsec told_to_wait(const struct http_exchange *x)
{
    enum { LONGEST = 86400 };
    int64_t seconds = x->retry_after;
    return seconds < 0 ? -1 : (seconds < LONGEST ? seconds : LONGEST) * NSEC_PER_SEC;
}

static void poll_again(struct job *j)
{
    j->not_yet = j->asked;
    nsec told = told_to_wait(&j->ask->exchange);
    let_go(j);
    pause_until(j, j->asked + (told > 0 ? told : poll_interval(j, step_of(j))));
}

/* What the target says of a job that is waited for, at the loop's time `now`; `step` says what means that it
 * has ended. False: it has not. */
static bool judge(struct job *j, const struct plan_step *step, const json_t *root, nsec now)
{
    if (jsonptr_any(root, step->fail, step->fail_count)) {
        fail_by_target(j, root);
        return true;
    }
    if (!jsonptr_any(root, step->until, step->until_count))
        return false;
    j->record->steps[j->step].end = worker_time(j->worker, now);
    take_times(j, root);
    if (take_captures(j, root))
        end_step(j, now);
    return true;
}

static void on_messaged(struct job *j)
{
    j->record->messages++;
    j->worker->record.traffic.messages++;
}

static void note_progress(struct job *j, const json_t *root)
{
    const char *pointer = step_of(j)->listen.progress;
    const json_t *value = pointer ? jsonptr_get(root, pointer) : NULL;
    if (!json_is_number(value))
        return;
    bool is_less = json_number_value(value) < j->progress;
    j->progress = json_number_value(value);
    j->record->backwards += is_less;
    j->worker->record.traffic.backwards += is_less;
}

static bool has_ended(const struct plan_step *step, const json_t *root)
{
    return jsonptr_any(root, step->fail, step->fail_count) ||
           jsonptr_any(root, step->until, step->until_count);
}

static void note_late(struct job *j, nsec now)
{
    struct record_traffic *t = &j->worker->record.traffic;
    if (now - j->seen < LATE)
        return;
    j->record->late = now - j->seen;
    t->late++;
    t->latest = j->record->late > t->latest ? j->record->late : t->latest;
}

static void on_told(struct job *j, const json_t *root)
{
    nsec now = now_of(j);
    arena_reset(&j->worker->scratch);
    note_progress(j, root);
    if (j->seen >= 0 && has_ended(step_of(j), root))
        note_late(j, now);
    judge(j, step_of(j), root, now);
}

/* The poll beside: what it sees, the target should have told. For that it has until the next one. */
static void on_seen(struct job *j, const json_t *root)
{
    const struct plan_step *witness = step_of(j)->listen.witness;
    nsec now = j->ask->exchange.ended;
    bool ended = root && has_ended(witness, root);
    if (ended && j->seen >= 0) {
        j->record->missed = true;
        j->worker->record.traffic.missed++;
        judge(j, witness, root, now);
        return;
    }
    j->seen = ended ? now : j->seen;
    ask_release(j->ask);
    j->ask = NULL;
    pause_until(j, j->asked + poll_interval(j, witness));
}

/* It says nothing of the job when it fails itself. */
static void on_witness(struct job *j)
{
    const struct http_exchange *x = &j->ask->exchange;
    char why[ANSWER_ERROR];
    bool good = x->fail == FAIL_NONE && ask_is_expected(j->ask->step, x->status);
    json_t *root = good ? answer_parse(buf_text(&j->ask->body), j->ask->body.len, why) : NULL;
    arena_reset(&j->worker->scratch);
    on_seen(j, root);
    json_decref(root);
}

static void begin_check(struct job *j)
{
    struct ask *a = j->ask;
    deadline_unset(&j->timeout);
    j->checking = true;
    j->record->model_bytes = a->exchange.body_bytes;
    checker_end(j->worker->checker, &a->check);
}

static void on_checked(struct ask *a)
{
    struct job *j = a->job;
    const struct check *check = &a->check;
    j->checking = false;
    j->record->model_checked = true;
    j->record->model_valid = check->report.valid;
    j->record->model_triangles = check->report.triangles;
    j->record->model_hash = check->hash;
    j->record->validate = check->took;
    if (check->report.valid)
        end_step(j, now_of(j));
    else
        job_fail(j, FAIL_MODEL, check->report.why);
}

static void on_expected(struct job *j, const json_t *root)
{
    nsec now = j->ask->exchange.ended;
    if (step_of(j)->kind == STEP_POLL) {
        j->record->unseen = now - j->not_yet;
        if (!judge(j, step_of(j), root, now))
            poll_again(j);
        return;
    }
    j->record->steps[j->step].end = worker_time(j->worker, now);
    if (!take_captures(j, root))
        return;
    if (step_of(j)->model_valid)
        begin_check(j);
    else
        end_step(j, now);
}

/* ---- refusals for now ---- */

static bool is_throttled(const struct plan_step *step, int status)
{
    enum { TOO_MANY_REQUESTS = 429, UNAVAILABLE = 503 };
    for (int i = 0; i < step->retry.status_count; i++)
        if (step->retry.statuses[i] == status)
            return true;
    return step->retry.status_count == 0 && (status == TOO_MANY_REQUESTS || status == UNAVAILABLE);
}

/* True when the step is tried again, as the workflow says. */
static bool try_again(struct job *j, const struct http_exchange *x)
{
    const struct plan_retry *retry = &step_of(j)->retry;
    struct worker *w = j->worker;
    if (!is_throttled(step_of(j), x->status))
        return false;
    j->record->throttled++;
    w->record.traffic.throttled++;
    if (j->tries >= retry->times)
        return false;
    j->tries++;
    j->record->retries++;
    w->record.traffic.retries++;
    nsec told = told_to_wait(x), ended = x->ended;
    let_go(j);
    pause_until(j, ended + (told >= 0 ? told : retry->wait));
    return true;
}

static void on_refused(struct job *j, const struct http_exchange *x, const struct buf *body)
{
    char why[ANSWER_ERROR];
    if (try_again(j, x))
        return;
    arena_reset(&j->worker->scratch);
    json_t *root = answer_parse(buf_text(body), body->len, why); /* it may say why */
    fail_status(j, x->status, root);
    json_decref(root);
}

static void on_lost(struct job *j, const struct listen_end *end)
{
    if (end->exchange)
        on_refused(j, end->exchange, end->body);
    else
        job_fail(j, end->fail, end->why);
}

static void on_answer(struct ask *a)
{
    struct job *j = a->job;
    const struct plan_step *step = a->step;
    const struct http_exchange *x = &a->exchange;
    if (step != step_of(j)) {
        on_witness(j);
        return;
    }
    if (x->fail != FAIL_NONE) {
        job_fail(j, x->fail, x->error);
        return;
    }
    bool expected = ask_is_expected(step, x->status), read = ask_is_read(step);
    if (expected && !read) {
        on_expected(j, NULL);
        return;
    }
    if (!expected) {
        on_refused(j, x, &a->body);
        return;
    }
    arena_reset(&j->worker->scratch);
    char why[ANSWER_ERROR];
    json_t *root = answer_parse(buf_text(&a->body), a->body.len, why);
    if (!root)
        job_fail(j, FAIL_BODY, why);
    else
        on_expected(j, root);
    json_decref(root);
}
