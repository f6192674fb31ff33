#include "job_private.h"

#include "container.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 4 << 20, VALUES_FIRST = 400 };

/* A request that cannot be made takes no time; users without think time do not spin over it. */
#define UNASKED_PAUSE (10 * NSEC_PER_MSEC)

static void on_pause(struct timer *timer);
static void on_timeout(struct deadline *d);

/* ---- life ---- */

void job_init_all(struct worker *w)
{
    deadlines_init(&w->timeouts, w->loop, w->plan->load.timeout, on_timeout);
    w->asks.done = job_answered;
    w->asks.checked = job_model_checked;
    w->listens = (struct listens){.goes_on = job_told_to_go_on,
                                  .told = job_told,
                                  .asked = job_count_poll,
                                  .messaged = job_messaged,
                                  .jumbled = job_out_of_order,
                                  .again = job_forget_told,
                                  .lost = job_lost};
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

void job_let_go(struct job *j)
{
    timer_cancel(j->worker->loop, &j->pause);
    ask_release(j->ask);
    listen_stop(j->listen);
    j->ask = NULL;
    j->listen = NULL;
}

static void job_destroy(struct job *j)
{
    job_let_go(j);
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

void job_end(struct job *j, enum job_outcome outcome, nsec now)
{
    struct worker *w = j->worker;
    j->record->outcome = outcome;
    j->record->ended = worker_time(w, now);
    job_let_go(j);
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

void job_fail(struct job *j, enum fail_kind kind, const char *why)
{
    char text[JOB_ERROR_TEXT];
    snprintf(text, sizeof text, "%s: %s", job_step(j)->name, why);
    j->record->fail = kind;
    j->record->failed_step = j->step;
    j->record->error = record_message(&j->worker->record, text);
    job_end(j, JOB_FAILED, job_now(j));
}

void job_stop_all(struct worker *w)
{
    for (struct job *j = w->running, *next; j; j = next) {
        next = j->next;
        if (!j->checking)
            job_end(j, JOB_UNFINISHED, job_now(j));
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

void job_pause_until(struct job *j, nsec until)
{
    timer_set(j->worker->loop, &j->pause, until);
}

/* The request cannot be made. */
static void fail_soon(struct job *j, const char *error, nsec now)
{
    j->unasked = arena_copy(&j->arena, error, strlen(error));
    job_pause_until(j, now + UNASKED_PAUSE);
}

void job_count_poll(struct job *j)
{
    j->record->polls++;
    j->worker->record.traffic.polls++;
}

static void listen_now(struct job *j, nsec now)
{
    char error[REQUEST_ERROR_TEXT];
    j->listen = listen_start(&j->worker->listens, j, job_step(j), j->values, error);
    if (!j->listen)
        fail_soon(j, error, now);
    else if (job_step(j)->listen.witness)
        job_pause_until(j, now + job_poll_interval(j, job_step(j)->listen.witness));
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
    if (j->again) {
        j->again = false;
        j->record->retries++;
        w->record.traffic.retries++;
    }
    if (step_waits(job_step(j)))
        job_count_poll(j);
}

static void on_pause(struct timer *timer)
{
    struct job *j = CONTAINER(struct job, pause, timer);
    if (j->unasked)
        job_fail(j, FAIL_BODY, j->unasked);
    else if (step_listens(job_step(j)) && !j->listen)
        listen_now(j, job_now(j));
    else
        ask(j, job_now(j));
}

nsec job_poll_interval(struct job *j, const struct plan_step *step)
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
    j->again = false;
    j->unasked = NULL;
    j->seen = j->began = -1;
    j->not_yet = now;
    j->news[JOB_SEEN] = (struct job_news){STATE_NONE, 0};
    job_forget_told(j);
    j->record->steps[step].start = worker_time(j->worker, now);
    if (job_step(j)->kind == STEP_POLL)
        job_pause_until(j, now + job_poll_interval(j, job_step(j)));
    else if (step_listens(job_step(j)))
        listen_now(j, now);
    else
        ask(j, now);
}

void job_end_step(struct job *j, nsec now)
{
    const struct workflow *w = &j->worker->plan->workflow;
    if (j->step == w->accept_step)
        j->record->accepted = true;
    if (j->step + 1 == w->step_count) {
        job_end(j, JOB_OK, now);
        return;
    }
    job_let_go(j);
    begin_step(j, j->step + 1, job_now(j));
}
