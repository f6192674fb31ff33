#include "cold_jobs.h"

#include "selection.h"

#include <math.h>

static bool all_told(const struct record *r)
{
    for (int i = 0; i < r->job_count; i++)
        if (r->jobs[i]->phase >= 0 && r->jobs[i]->outcome == JOB_OK && r->jobs[i]->processing < 0)
            return false;
    return true;
}

bool cold_jobs_find(const struct plan *p, const struct record *r, struct arena *arena, struct cold_start *ret)
{
    int subject = all_told(r) ? SUBJECT_PROCESSING : SUBJECT_GENERATION, count = 0;
    double *seconds = arena_new(arena, double, r->job_count + 1);
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *j = r->jobs[i];
        double took = j->phase >= 0 && j->outcome == JOB_OK ? selection_duration(p, r, j, subject) : NAN;
        if (isfinite(took))
            seconds[count++] = took;
    }
    return cold_start_find(seconds, count, arena, ret);
}
