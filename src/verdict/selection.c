#include "selection.h"

#include "sample.h"

#include <math.h>

struct selection selection_of(const struct measure *m, const struct record *r)
{
    struct selection s = {.phase = m->phase};
    if (m->last > 0)
        s.sent_from = selection_load(r).end - m->last;
    return s;
}

bool selection_has(struct selection s, const struct record_job *job)
{
    return job->phase >= 0 && (s.phase == PHASE_ALL || job->phase == s.phase) && job->sent >= s.sent_from;
}

void selection_count(struct selection s, const struct record *r, struct job_counts *ret)
{
    *ret = (struct job_counts){0};
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!selection_has(s, job))
            continue;
        ret->attempted++;
        ret->accepted += job->accepted;
        ret->ok += job->outcome == JOB_OK;
        ret->failed += job->outcome == JOB_FAILED;
        ret->unfinished += job->outcome == JOB_UNFINISHED || job->outcome == JOB_RUNNING;
        ret->censored += job->fail == FAIL_TIMEOUT;
        ret->models_checked += job->model_checked;
        ret->models_valid += job->model_valid;
        ret->polls += job->polls;
        if (job->outcome == JOB_FAILED)
            ret->kinds[job->fail]++;
    }
}

/* What is left of the wait when the server was done: until we noticed. Its clock and ours may disagree by a
 * little: never below nothing. */
static nsec notice_duration(const struct record_job *job, nsec wait)
{
    nsec rest = wait - job->queue - job->processing;
    return job->queue < 0 || job->processing < 0 ? -1 : rest < 0 ? 0 : rest;
}

static nsec part_duration(const struct plan *p, const struct record_job *job, int subject)
{
    int step = workflow_wait(&p->workflow);
    nsec wait = step < 0 ? -1 : record_step_took(job, step);
    if (subject == SUBJECT_VALIDATE)
        return job->validate;
    if (wait < 0)
        return -1;
    if (subject == SUBJECT_NOTICE)
        return notice_duration(job, wait);
    return subject == SUBJECT_QUEUE ? job->queue : job->processing;
}

double selection_duration(const struct plan *p, const struct record *r, const struct record_job *job,
                          int subject)
{
    nsec took = -1;
    if (subject >= 0)
        took = record_step_took(job, subject);
    else if (subject != SUBJECT_GENERATION)
        took = part_duration(p, job, subject);
    else if (job->outcome == JOB_OK)
        took = record_generation(r, job);
    return took < 0 ? NAN : nsec_to_sec(took);
}

/* Of the parts nothing is: a wait that timed out does not say in which of them. */
static bool is_censored(const struct record_job *job, int subject)
{
    if (job->fail != FAIL_TIMEOUT || subject < SUBJECT_GENERATION)
        return false;
    return subject == SUBJECT_GENERATION || record_timed_out_in(job, subject);
}

struct durations selection_durations(struct selection s, const struct plan *p, const struct record *r,
                                     int subject, struct arena *arena)
{
    struct durations out = {.seconds = arena_new(arena, double, r->job_count)};
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!selection_has(s, job))
            continue;
        double seconds = selection_duration(p, r, job, subject);
        if (!isnan(seconds))
            out.seconds[out.count++] = seconds;
        else
            out.censored += is_censored(job, subject);
    }
    sample_sort(out.seconds, out.count);
    return out;
}

struct record_span selection_load(const struct record *r)
{
    struct record_span load = {-1, r->load_ended >= 0 ? r->load_ended : r->ended};
    if (r->shape.phases > 0)
        load.start = r->phases[0].start;
    for (int i = 0; load.start < 0 && i < r->job_count; i++)
        if (r->jobs[i]->phase >= 0)
            load.start = r->jobs[i]->sent;
    if (load.start < 0)
        load.start = 0;
    if (load.end < load.start)
        load.end = load.start;
    return load;
}

struct durations selection_start_lags(const struct record *r, struct arena *arena)
{
    struct durations out = {.seconds = arena_new(arena, double, r->job_count)};
    for (int i = 0; i < r->job_count; i++)
        if (r->jobs[i]->phase >= 0)
            out.seconds[out.count++] = nsec_to_sec(r->jobs[i]->sent - r->jobs[i]->due);
    sample_sort(out.seconds, out.count);
    return out;
}
