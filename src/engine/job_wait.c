#include "job_private.h"

#include "answer.h"
#include "jsonptr.h"

#include <stdio.h>

/* It worked on the job all the same: how long, it may tell. */
static void fail_by_target(struct job *j, enum plan_state state, const json_t *root)
{
    j->record->steps[j->step].end = worker_time(j->worker, job_now(j));
    job_take_times(j, root);
    const struct plan_step *step = job_step(j);
    struct arena *scratch = &j->worker->scratch;
    bool cancelled = state == STATE_CANCELLED;
    const char *said = answer_text(root, step->error_pointer ? step->error_pointer : "/error", scratch);
    if (!said)
        said = answer_text(root, "/message", scratch);
    char why[JOB_ERROR_TEXT];
    snprintf(why, sizeof why, "the target says the job %s%s%.160s", cancelled ? "was cancelled" : "failed",
             said ? ": " : "", said ? said : "");
    job_fail(j, cancelled ? FAIL_CANCELLED : FAIL_JOB, why);
}

/* The job that is waited for stands so, as the target says at the loop's time `now`. False: it has not ended.
 */
static bool judge(struct job *j, enum plan_state state, const json_t *root, nsec now)
{
    if (!state_is_end(state))
        return false;
    if (state != STATE_DONE) {
        fail_by_target(j, state, root);
        return true;
    }
    j->record->steps[j->step].end = worker_time(j->worker, now);
    job_take_times(j, root);
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

static void read_poll(struct job *j, const char *text, size_t len, nsec now)
{
    char why[ANSWER_ERROR];
    json_t *root = answer_parse(text, len, why);
    arena_reset(&j->worker->scratch);
    if (!root)
        job_fail(j, FAIL_BODY, why);
    else if (!judge(j, job_hear_state(j, JOB_SEEN, &job_step(j)->states, root, now), root, now))
        poll_again(j);
    json_decref(root);
}

void job_polled(struct job *j, const char *text, size_t len)
{
    nsec now = j->ask->exchange.ended;
    j->record->unseen = now - j->not_yet;
    if (job_goes_on(j, JOB_SEEN, &job_step(j)->states, text, len, now))
        poll_again(j);
    else
        read_poll(j, text, len, now);
}

/* ---- what the target tells ---- */

void job_messaged(struct job *j)
{
    j->record->messages++;
    record_contact_heard(&j->worker->record.contact, NSEC_NEVER, worker_time(j->worker, job_now(j)));
    j->worker->record.traffic.messages++;
}

static void note_late(struct job *j, nsec now)
{
    struct record_traffic *t = &j->worker->record.traffic;
    if (now - j->seen < JOB_LATE)
        return;
    j->record->late = now - j->seen;
    t->late++;
    t->latest = j->record->late > t->latest ? j->record->late : t->latest;
}

bool job_told_to_go_on(struct job *j, const char *text, size_t len)
{
    return job_goes_on(j, JOB_TOLD, &job_step(j)->states, text, len, job_now(j));
}

void job_told(struct job *j, const json_t *root)
{
    nsec now = job_now(j);
    const char *pointer = job_step(j)->listen.progress;
    const json_t *progress = pointer ? jsonptr_get(root, pointer) : NULL;
    arena_reset(&j->worker->scratch);
    if (json_is_number(progress))
        job_note_progress(j, json_number_value(progress));
    enum plan_state state = job_hear_state(j, JOB_TOLD, &job_step(j)->states, root, now);
    if (j->seen >= 0 && state_is_end(state))
        note_late(j, now);
    judge(j, state, root, now);
}

/* The poll beside: what it sees, the target should have told. For that it has until the next one. */
static void on_seen(struct job *j, enum plan_state state, const json_t *root)
{
    const struct plan_step *witness = job_step(j)->listen.witness;
    nsec now = j->ask->exchange.ended;
    bool ended = state_is_end(state);
    if (ended && j->seen >= 0) {
        j->record->missed = true;
        j->worker->record.traffic.missed++;
        judge(j, state, root, now);
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
    const struct plan_states *states = &job_step(j)->listen.witness->states;
    const char *text = buf_text(&j->ask->body);
    size_t len = j->ask->body.len;
    char why[ANSWER_ERROR];
    bool good = x->fail == FAIL_NONE && ask_is_expected(j->ask->step, x->status);
    bool read = good && !job_goes_on(j, JOB_SEEN, states, text, len, x->ended);
    json_t *root = read ? answer_parse(text, len, why) : NULL;
    arena_reset(&j->worker->scratch);
    on_seen(j, root ? job_hear_state(j, JOB_SEEN, states, root, x->ended) : STATE_NONE, root);
    json_decref(root);
}

void job_lost(struct job *j, const struct listen_end *end)
{
    if (end->exchange)
        job_refused(j, end->exchange, end->body);
    else
        job_fail(j, end->fail, end->why);
}
