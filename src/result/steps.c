#include "steps.h"

#include "selection.h"

/* False when no job has that part. */
static bool measure_part(const struct plan *p, const struct record *r, int subject, const char *part_of,
                         struct arena *arena, struct step_row *row)
{
    struct durations d = selection_durations((struct selection){.phase = PHASE_ALL}, p, r, subject, arena);
    *row = (struct step_row){.name = subject_name(&p->workflow, subject), .part_of = part_of};
    sample_summarise(&d.seconds, &row->seconds);
    return d.seconds.count > 0;
}

static void measure_step(const struct plan *p, const struct record *r, int step, struct arena *arena,
                         struct step_row *row)
{
    struct selection all = {.phase = PHASE_ALL};
    struct durations d = selection_durations(all, p, r, step, arena);
    *row = (struct step_row){.name = p->workflow.steps[step].name, .part_of = ""};
    sample_summarise(&d.seconds, &row->seconds);
    selection_failed_in(all, r, step, &row->failed, &row->censored);
}

int steps_measure(const struct plan *p, const struct record *r, struct arena *arena, struct step_row **ret)
{
    struct step_row *rows = arena_new(arena, struct step_row, p->workflow.step_count + STEPS_EXTRA);
    int count = 0, wait = workflow_wait(&p->workflow);
    for (int i = 0; i < p->workflow.step_count; i++) {
        measure_step(p, r, i, arena, &rows[count++]);
        for (int part = SUBJECT_QUEUE; part >= SUBJECT_UNSEEN && i == wait; part--)
            count += measure_part(p, r, part, p->workflow.steps[i].name, arena, &rows[count]);
    }
    count += measure_part(p, r, SUBJECT_VALIDATE, "", arena, &rows[count]);
    *ret = rows;
    return count;
}
