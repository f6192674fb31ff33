#include "job_private.h"

#include "answer.h"
#include "record_parts.h"

#include <math.h>

/* To what the times are rounded, as far as they show it. */
static nsec grain_of(const double times[3])
{
    static const double grains[] = {1, 1e-3};
    for (int i = 0; i < 2; i++) {
        bool fits = true;
        for (int n = 0; n < 3; n++)
            fits &= fabs(remainder(times[n], grains[i])) < 1e-6;
        if (fits)
            return nsec_from_sec(grains[i]);
    }
    return NSEC_PER_USEC;
}

/* False: it does not tell all of them, or in an order that cannot be. */
static bool read_told(struct job *j, const json_t *root, struct record_told *ret)
{
    const struct plan_step *step = job_step(j);
    const char *const pointers[] = {step->created_pointer, step->started_pointer, step->finished_pointer};
    double times[3];
    for (int i = 0; i < 3; i++) {
        times[i] = pointers[i] ? answer_time(root, pointers[i], &j->worker->scratch) : -1;
        if (times[i] < 0 || (i && times[i] < times[i - 1]))
            return false;
    }
    *ret = (struct record_told){nsec_from_sec(times[0]), nsec_from_sec(times[1]), nsec_from_sec(times[2]),
                                grain_of(times)};
    return true;
}

/* ---- stages ---- */

/* One stage: an object with its times; or a number, its seconds, and it follows on the one before. False:
 * neither.
 */
static bool read_stage(struct job *j, const json_t *stage, nsec before, nsec *ret_start, nsec *ret_end)
{
    const struct plan_stages *s = &job_step(j)->stages;
    struct arena *scratch = &j->worker->scratch;
    if (json_is_number(stage)) {
        double seconds = json_number_value(stage);
        if (!(seconds >= 0) || seconds > ANSWER_TIME_MAX - nsec_to_sec(before))
            return false;
        *ret_start = before;
        *ret_end = before + nsec_from_sec(seconds);
        return true;
    }
    double start = answer_time(stage, s->started, scratch), end = answer_time(stage, s->finished, scratch);
    if (start < 0 || end < start)
        return false;
    *ret_start = nsec_from_sec(start);
    *ret_end = nsec_from_sec(end);
    return true;
}

static void take_stage(struct job *j, const char *name, const json_t *stage, nsec *before)
{
    nsec start, end;
    if (!name || !read_stage(j, stage, *before, &start, &end))
        return;
    record_parts_stage(j->record, record_stage_name(&j->worker->record, name), start, end);
    *before = end;
}

/* A list of stages that say their names, or an object that does. */
static void take_stages(struct job *j, const json_t *root)
{
    struct record_job *r = j->record;
    const struct plan_stages *s = &job_step(j)->stages;
    json_t *stages = s->at ? jsonptr_get(root, s->at) : NULL, *stage;
    size_t count = json_array_size(stages) + json_object_size(stages), left, i;
    nsec before = r->told.started;
    const char *name;
    if (!count)
        return;
    left = count < RECORD_STAGES_MAX ? count : RECORD_STAGES_MAX;
    r->stages = arena_new(&j->worker->record.arena, struct record_stage, left);
    for (i = 0; i < left && (stage = json_array_get(stages, i)); i++)
        take_stage(j, answer_text(stage, s->name, &j->worker->scratch), stage, &before);
    json_object_foreach(stages, name, stage)
    {
        if (left-- == 0)
            break;
        take_stage(j, name, stage, &before);
    }
}

/* ---- the wait ---- */

void job_take_times(struct job *j, const json_t *root)
{
    struct record_told told;
    if (j->step != workflow_wait(&j->worker->plan->workflow))
        return;
    if (read_told(j, root, &told)) {
        record_parts_told(j->record, j->step, &told);
        take_stages(j, root);
    } else if (j->began >= 0) {
        record_parts_seen(j->record, j->step, worker_time(j->worker, j->began));
    }
}
