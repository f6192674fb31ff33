#include "job_private.h"

#include "answer.h"
#include "json_skim.h"

#include <math.h>
#include <stdlib.h>

static enum plan_state state_of(const struct plan_states *states, const json_t *root)
{
    for (int i = 0; i < states->count; i++)
        if (jsonptr_any(root, &states->signs[i].is, 1))
            return states->signs[i].state;
    return STATE_NONE;
}

static void note_unknown(struct job *j, const struct plan_states *states, const json_t *root)
{
    const char *said = states->at ? answer_text(root, states->at, &j->worker->scratch) : NULL;
    if (said)
        record_words_add(&j->worker->record.unknown, said, 1);
}

/* Of two ends only one can be true; else a job does not go back. */
static bool agrees(enum plan_state said, enum plan_state before)
{
    return state_is_end(before) ? said == before : said >= before;
}

void job_out_of_order(struct job *j)
{
    j->record->out_of_order++;
    j->worker->record.traffic.out_of_order++;
}

/* What is said now, compared with what came the other way before it was asked for. */
static void compare(struct job *j, enum job_way way, enum plan_state said, nsec now)
{
    const struct job_news *other = &j->news[way == JOB_TOLD ? JOB_SEEN : JOB_TOLD];
    nsec asked = way == JOB_SEEN ? j->asked : now;
    bool crossing = asked - other->since < JOB_LATE && !(state_is_end(said) && state_is_end(other->state));
    if (j->record->contradicted || crossing || agrees(said, other->state))
        return;
    j->record->contradicted = true;
    j->worker->record.traffic.contradicted++;
}

/* Of what the step itself waits for; a poll beside is only a witness. */
static bool is_own(const struct job *j, enum job_way way)
{
    return (way == JOB_TOLD) == step_listens(job_step(j));
}

static void note_state(struct job *j, enum job_way way, enum plan_state said, nsec now)
{
    struct job_news *news = &j->news[way];
    if (said == STATE_NONE)
        return;
    if (!agrees(said, news->state))
        job_out_of_order(j);
    compare(j, way, said, now);
    if (said != news->state)
        *news = (struct job_news){said, now};
    if (said == STATE_RUNNING && j->began < 0 && is_own(j, way))
        j->began = now;
}

enum plan_state job_hear_state(struct job *j, enum job_way way, const struct plan_states *states,
                               const json_t *root, nsec now)
{
    enum plan_state said = state_of(states, root);
    if (said == STATE_NONE)
        note_unknown(j, states, root);
    note_state(j, way, said, now);
    return said;
}

void job_note_progress(struct job *j, double progress)
{
    bool is_less = progress < j->progress;
    j->progress = progress;
    j->record->backwards += is_less;
    j->worker->record.traffic.backwards += is_less;
}

void job_forget_told(struct job *j)
{
    j->news[JOB_TOLD] = (struct job_news){STATE_NONE, 0};
    j->progress = -HUGE_VAL;
}

/* ---- at a glance ---- */

/* False: not to be known from these. */
static bool state_at_a_glance(const struct plan_states *states, const struct json_skim *found,
                              enum plan_state *ret)
{
    *ret = STATE_NONE;
    for (int i = 0; i < states->count; i++) {
        const struct json_skim *value = &found[states->at ? 0 : i];
        if (value->found && !value->plain)
            return false;
        if (!json_skim_is(value, states->signs[i].is.value))
            continue;
        *ret = states->signs[i].state;
        return true;
    }
    return !states->at || !found[0].found; /* it may be one that is not known */
}

bool job_goes_on(struct job *j, enum job_way way, const struct plan_states *states, const char *text,
                 size_t len, nsec now)
{
    struct json_skim found[JSON_SKIM_MAX];
    const char *progress = way == JOB_TOLD ? job_step(j)->listen.progress : NULL;
    int first = progress != NULL, count = first + (states->at ? 1 : states->count);
    enum plan_state said;
    if (count > JSON_SKIM_MAX)
        return false;
    if (progress)
        found[0].pointer = progress;
    for (int i = first; i < count; i++)
        found[i].pointer = states->signs[i - first].is.pointer;
    if (!json_skim(text, len, found, count) || !state_at_a_glance(states, found + first, &said) ||
        state_is_end(said))
        return false;
    if (progress && found[0].number)
        job_note_progress(j, strtod(found[0].at, NULL)); /* something that is no number follows */
    note_state(j, way, said, now);
    return true;
}
