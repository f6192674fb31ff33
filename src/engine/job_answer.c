#include "job_private.h"

#include "answer.h"

#include <stdio.h>
#include <string.h>

bool job_take_captures(struct job *j, const json_t *root)
{
    const struct plan_step *step = job_step(j);
    for (int i = 0; i < step->capture_count; i++) {
        const struct plan_capture *c = &step->captures[i];
        const char *text = answer_text(root, c->pointer, &j->worker->scratch);
        if (!text) {
            char why[JOB_ERROR_TEXT];
            snprintf(why, sizeof why, "the answer has no text or number at %.200s", c->pointer);
            job_fail(j, FAIL_BODY, why);
            return false;
        }
        j->values[c->variable] = arena_copy(&j->arena, text, strlen(text));
    }
    return true;
}

static void begin_check(struct job *j)
{
    struct ask *a = j->ask;
    deadline_unset(&j->timeout);
    j->checking = true;
    j->record->model_bytes = a->exchange.body_bytes;
    checker_end(j->worker->checker, &a->check);
}

void job_model_checked(struct ask *a)
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
        job_end_step(j, job_now(j));
    else
        job_fail(j, FAIL_MODEL, check->report.why);
}

static void on_expected(struct job *j, const json_t *root)
{
    nsec now = j->ask->exchange.ended;
    j->record->steps[j->step].end = worker_time(j->worker, now);
    if (!job_take_captures(j, root))
        return;
    if (job_step(j)->model_valid)
        begin_check(j);
    else
        job_end_step(j, now);
}

nsec job_told_to_wait(const struct http_exchange *x)
{
    enum { LONGEST = 86400 };
    int64_t seconds = x->retry_after;
    return seconds < 0 ? -1 : (seconds < LONGEST ? seconds : LONGEST) * NSEC_PER_SEC;
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
    const struct plan_retry *retry = &job_step(j)->retry;
    struct worker *w = j->worker;
    if (!is_throttled(job_step(j), x->status))
        return false;
    j->record->throttled++;
    w->record.traffic.throttled++;
    if (j->tries >= retry->times)
        return false;
    j->tries++;
    j->again = true;
    nsec told = job_told_to_wait(x), ended = x->ended;
    job_let_go(j);
    job_pause_until(j, ended + (told >= 0 ? told : retry->wait));
    return true;
}

static const char *said_in(struct job *j, const json_t *root)
{
    const char *said = answer_text(root, "/error", &j->worker->scratch);
    return said ? said : answer_text(root, "/message", &j->worker->scratch);
}

static void fail_status(struct job *j, int status, const json_t *root)
{
    const char *said = said_in(j, root);
    char why[JOB_ERROR_TEXT], tries[40] = "";
    if (j->tries)
        snprintf(tries, sizeof tries, " after %d retr%s", j->tries, j->tries == 1 ? "y" : "ies");
    snprintf(why, sizeof why, "status %d%s%s%.160s", status, tries, said ? ", " : "", said ? said : "");
    job_fail(j, FAIL_STATUS, why);
}

/* Of a status that has not come up yet also what it says. */
static void note_refusal(struct job *j, const struct http_exchange *x, const struct buf *body)
{
    char why[ANSWER_ERROR];
    struct record_contact *contact = &j->worker->record.contact;
    bool known = record_contact_refusal(contact, x->status) != NULL;
    arena_reset(&j->worker->scratch);
    json_t *root = known ? NULL : answer_parse(buf_text(body), body->len, why);
    record_contact_refused(contact, worker_time(j->worker, x->ended), x->status, said_in(j, root),
                           x->names ? x->names->server : NULL, x->names ? x->names->via : NULL);
    json_decref(root);
}

void job_refused(struct job *j, const struct http_exchange *x, const struct buf *body)
{
    char why[ANSWER_ERROR];
    note_refusal(j, x, body);
    if (try_again(j, x))
        return;
    arena_reset(&j->worker->scratch);
    json_t *root = answer_parse(buf_text(body), body->len, why); /* it may say why */
    fail_status(j, x->status, root);
    json_decref(root);
}

/* ---- answers ---- */

/* What the answer's date says of the target's clock. What comes after the wait may come from elsewhere, or
 * from a cache. */
static void note_clock(const struct ask *a)
{
    const struct http_exchange *x = &a->exchange;
    struct worker *w = a->asks->worker;
    bool counts = x->names && x->fail == FAIL_NONE && a->job->step <= workflow_wait(&w->plan->workflow);
    int64_t date = counts ? http1_date(x->names->date) : -1;
    if (date >= 0 && date <= (int64_t)ANSWER_TIME_MAX)
        record_clock_saw(&w->record, worker_time(w, x->started), worker_time(w, x->ended), date);
}

void job_answered(struct ask *a)
{
    struct job *j = a->job;
    const struct plan_step *step = a->step;
    const struct http_exchange *x = &a->exchange;
    note_clock(a);
    if (step != job_step(j)) {
        job_witnessed(j);
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
        job_refused(j, x, &a->body);
        return;
    }
    if (step->kind == STEP_POLL) {
        job_polled(j, buf_text(&a->body), a->body.len);
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
