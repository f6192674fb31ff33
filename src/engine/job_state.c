#include "job_private.h"

#include "answer.h"

#include <math.h>

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

enum plan_state job_hear_state(struct job *j, enum job_way way, const struct plan_states *states,
                               const json_t *root, nsec now)
{
    struct job_news *news = &j->news[way];
    enum plan_state said = state_of(states, root);
    if (said == STATE_NONE) {
        note_unknown(j, states, root);
        return said;
    }
    if (!agrees(said, news->state))
        job_out_of_order(j);
    compare(j, way, said, now);
    if (said != news->state)
        *news = (struct job_news){said, now};
    return said;
}

void job_forget_told(struct job *j)
{
    j->news[JOB_TOLD] = (struct job_news){STATE_NONE, 0};
    j->progress = -HUGE_VAL;
}
