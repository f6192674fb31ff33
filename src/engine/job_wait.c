#include "job_private.h"

#include "answer.h"
#include "jsonptr.h"

#include <stdio.h>

/* Two connections bring the same news in either order: what comes sooner is not late. */
#define LATE (100 * NSEC_PER_MSEC)

/* ---- has it ended? ---- */

static bool has_ended(const struct plan_step *step, const json_t *root)
{
    return jsonptr_any(root, step->fail, step->fail_count) ||
           jsonptr_any(root, step->until, step->until_count);
}

/* The server's own durations: differences of its clock, so no offset between the two matters. */
static void take_times(struct job *j, const json_t *root)
{
    const struct plan_step *step = job_step(j);
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

/* A server that does not tell its times is seen to begin. */
static void take_seen(struct job *j, nsec now)
{
    struct record_job *r = j->record;
    if (r->queue >= 0 || j->began < 0)
        return;
    r->queue = worker_time(j->worker, j->began) - r->steps[j->step].start;
    r->processing = now - j->began;
    r->seen = true;
}

static void fail_by_target(struct job *j, const json_t *root)
{
    const struct plan_step *step = job_step(j);
    struct arena *scratch = &j->worker->scratch;
    const char *said = answer_text(root, step->error_pointer ? step->error_pointer : "/error", scratch);
    if (!said)
        said = answer_text(root, "/message", scratch);
    char why[JOB_ERROR_TEXT];
    snprintf(why, sizeof why, "the target says the job failed%s%.160s", said ? ": " : "", said ? said : "");
    job_fail(j, FAIL_JOB, why);
}

/* What the target says of a job that is waited for, at the loop's time `now`; `step` says what means that it
 * has ended. False: it has not. */
static bool judge(struct job *j, const struct plan_step *step, const json_t *root, nsec now)
{
    if (j->began < 0 && jsonptr_any(root, step->running, step->running_count))
        j->began = now;
    if (jsonptr_any(root, step->fail, step->fail_count)) {
        fail_by_target(j, root);
        return true;
    }
    if (!jsonptr_any(root, step->until, step->until_count))
        return false;
    j->record->steps[j->step].end = worker_time(j->worker, now);
    take_times(j, root);
    take_seen(j, now);
    if (job_take_captures(j, root))
        job_end_step(j, now);
    return true;
}

/* ---- polls ---- */

static void poll_again(struct job *j)
{
    j->not_yet = j->asked;
    nsec told = job_told_to_wait(&j->ask->exchange);
    job_let_go(j);
    job_pause_until(j, j->asked + (told > 0 ? told : job_poll_interval(j, job_step(j))));
}

void job_polled(struct job *j, const json_t *root)
{
    nsec now = j->ask->exchange.ended;
    j->record->unseen = now - j->not_yet;
    if (!judge(j, job_step(j), root, now))
        poll_again(j);
}

/* ---- what the target tells ---- */

void job_messaged(struct job *j)
{
    j->record->messages++;
    record_contact_heard(&j->worker->record.contact, NSEC_NEVER, worker_time(j->worker, job_now(j)));
    j->worker->record.traffic.messages++;
}

static void note_progress(struct job *j, const json_t *root)
{
    const char *pointer = job_step(j)->listen.progress;
    const json_t *value = pointer ? jsonptr_get(root, pointer) : NULL;
    if (!json_is_number(value))
        return;
    bool is_less = json_number_value(value) < j->progress;
    j->progress = json_number_value(value);
    j->record->backwards += is_less;
    j->worker->record.traffic.backwards += is_less;
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

void job_told(struct job *j, const json_t *root)
{
    nsec now = job_now(j);
    arena_reset(&j->worker->scratch);
    note_progress(j, root);
    if (j->seen >= 0 && has_ended(job_step(j), root))
        note_late(j, now);
    judge(j, job_step(j), root, now);
}

/* The poll beside: what it sees, the target should have told. For that it has until the next one. */
static void on_seen(struct job *j, const json_t *root)
{
    const struct plan_step *witness = job_step(j)->listen.witness;
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
    job_pause_until(j, j->asked + job_poll_interval(j, witness));
}

/* It says nothing of the job when it fails itself. */
void job_witnessed(struct job *j)
{
    const struct http_exchange *x = &j->ask->exchange;
    char why[ANSWER_ERROR];
    bool good = x->fail == FAIL_NONE && ask_is_expected(j->ask->step, x->status);
    json_t *root = good ? answer_parse(buf_text(&j->ask->body), j->ask->body.len, why) : NULL;
    arena_reset(&j->worker->scratch);
    on_seen(j, root);
    json_decref(root);
}

void job_lost(struct job *j, const struct listen_end *end)
{
    if (end->exchange)
        job_refused(j, end->exchange, end->body);
    else
        job_fail(j, end->fail, end->why);
}
