#include "steps.h"

#include "selection.h"

#include <math.h>

enum part { PART_QUEUE, PART_PROCESSING, PART_NOTICE, PART_VALIDATE };

static const char *const part_names[] = {"queue", "processing", "notice", "validate"};

static nsec part_of_job(const struct record_job *job, int step, enum part part)
{
    if (part == PART_VALIDATE)
        return job->validate;
    if (job->failed_step == step || job->steps[step].start < 0 || job->steps[step].end < 0)
        return -1;
    if (part == PART_QUEUE)
        return job->queue;
    if (part == PART_PROCESSING)
        return job->processing;
    if (job->queue < 0 || job->processing < 0)
        return -1;
    /* The server's clock and ours may disagree by a little: never below nothing. */
    nsec rest = job->steps[step].end - job->steps[step].start - job->queue - job->processing;
    return rest < 0 ? 0 : rest;
}

/* False when no job has that part. */
static bool measure_part(const struct plan *p, const struct record *r, int step, enum part part,
                         struct arena *arena, struct step_row *row)
{
    double *values = arena_new(arena, double, r->job_count);
    int count = 0;
    for (int i = 0; i < r->job_count; i++) {
        nsec took = r->jobs[i]->phase < 0 ? -1 : part_of_job(r->jobs[i], step, part);
        if (took >= 0)
            values[count++] = nsec_to_sec(took);
    }
    *row = (struct step_row){.name = part_names[part],
                             .part_of = part == PART_VALIDATE ? "" : p->workflow.steps[step].name};
    sample_summarise(values, count, &row->seconds);
    return count > 0;
}

static void measure_step(const struct plan *p, const struct record *r, int step, struct arena *arena,
                         struct step_row *row)
{
    struct selection all = {.phase = PHASE_ALL};
    struct durations d = selection_durations(all, p, r, step, arena);
    *row = (struct step_row){.name = p->workflow.steps[step].name, .part_of = ""};
    sample_summarise(d.seconds, d.count, &row->seconds);
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!selection_has(all, job) || job->failed_step != step)
            continue;
        row->failed++;
        row->censored += job->fail == FAIL_TIMEOUT;
    }
}

int steps_measure(const struct plan *p, const struct record *r, struct arena *arena, struct step_row **ret)
{
    struct step_row *rows = arena_new(arena, struct step_row, p->workflow.step_count + STEPS_EXTRA);
    int count = 0, first_wait = -1;
    for (int i = 0; i < p->workflow.step_count; i++) {
        measure_step(p, r, i, arena, &rows[count++]);
        if (p->workflow.steps[i].kind != STEP_POLL || first_wait >= 0)
            continue;
        first_wait = i; /* a job has one queue and one processing time: they belong to its first wait */
        for (enum part part = PART_QUEUE; part <= PART_NOTICE; part++)
            count += measure_part(p, r, i, part, arena, &rows[count]);
    }
    count += measure_part(p, r, 0, PART_VALIDATE, arena, &rows[count]);
    *ret = rows;
    return count;
}
