#include "record_parts.h"
#include "selection_tallied.h"

#include <math.h>
#include <stdlib.h>

static bool are_tallied(const struct record *r)
{
    return r->shape.keeping == RECORD_TALLIES;
}

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
    if (are_tallied(r)) {
        selection_tallied_count(s, r, ret);
        return;
    }
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
        ret->throttled += job->throttled;
        ret->retries += job->retries;
        if (job->outcome == JOB_FAILED)
            ret->kinds[job->fail]++;
    }
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
        return record_parts_notice(job);
    if (subject == SUBJECT_UNSEEN)
        return job->unseen;
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
    if (are_tallied(r))
        return selection_tallied_durations(s, r, subject, arena);
    struct durations out = {0};
    double *values = arena_new(arena, double, r->job_count);
    int64_t count = 0;
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!selection_has(s, job))
            continue;
        double seconds = selection_duration(p, r, job, subject);
        if (!isnan(seconds))
            values[count++] = seconds;
        else
            out.censored += is_censored(job, subject);
    }
    out.seconds = sample_of(values, count);
    return out;
}

static int by_time(const void *left, const void *right)
{
    nsec a = ((const struct record_point *)left)->at, b = ((const struct record_point *)right)->at;
    return (a > b) - (a < b);
}

struct record_point *selection_points(struct selection s, const struct plan *p, const struct record *r,
                                      int subject, struct arena *arena, int *ret_count)
{
    if (are_tallied(r))
        return selection_tallied_points(s, r, subject, arena, ret_count);
    struct record_point *points = arena_new(arena, struct record_point, r->job_count);
    int count = 0;
    for (int i = 0; i < r->job_count; i++) {
        if (!selection_has(s, r->jobs[i]))
            continue;
        double seconds = selection_duration(p, r, r->jobs[i], subject);
        if (!isnan(seconds))
            points[count++] = (struct record_point){r->jobs[i]->sent, seconds};
    }
    if (count)
        qsort(points, (size_t)count, sizeof *points, by_time);
    *ret_count = count;
    return points;
}

/* ---- failures ---- */

void selection_failed_in(struct selection s, const struct record *r, int step, int64_t *ret_failed,
                         int64_t *ret_censored)
{
    if (are_tallied(r)) {
        selection_tallied_failed_in(s, r, step, ret_failed, ret_censored);
        return;
    }
    *ret_failed = *ret_censored = 0;
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!selection_has(s, job) || job->failed_step != step)
            continue;
        ++*ret_failed;
        *ret_censored += job->fail == FAIL_TIMEOUT;
    }
}

int selection_errors(struct selection s, const struct record *r, struct arena *arena, struct job_error **ret)
{
    if (are_tallied(r))
        return selection_tallied_errors(s, r, arena, ret);
    enum { NONE = RECORD_MESSAGES_MAX, PLACES = FAIL_KINDS * (NONE + 1) };
    struct job_error *errors = arena_new(arena, struct job_error, PLACES);
    int *places = arena_new(arena, int, PLACES), used = 0; /* from 1, of each kind and message */
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (job->outcome != JOB_FAILED || !selection_has(s, job))
            continue;
        int error = job->error >= 0 && job->error < r->message_count ? job->error : -1;
        int *place = &places[(int)job->fail * (NONE + 1) + (error < 0 ? NONE : error)];
        if (!*place) {
            errors[used] = (struct job_error){job->fail, error, 0};
            *place = ++used;
        }
        errors[*place - 1].count++;
    }
    *ret = errors;
    return used;
}

/* ---- models ---- */

static int by_hash(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

struct model_counts selection_models(const struct record *r, struct arena *arena)
{
    uint64_t *hashes = arena_new(arena, uint64_t, r->job_count);
    struct model_counts out = {0};
    for (int i = 0; i < r->job_count; i++)
        if (r->jobs[i]->phase >= 0 && r->jobs[i]->model_valid && r->jobs[i]->model_hash)
            hashes[out.compared++] = r->jobs[i]->model_hash;
    if (out.compared)
        qsort(hashes, (size_t)out.compared, sizeof *hashes, by_hash);
    for (int64_t i = 0; i < out.compared; i++)
        out.distinct += i == 0 || hashes[i] != hashes[i - 1];
    return out;
}

/* ---- times ---- */

struct record_span selection_jobs(const struct record *r)
{
    if (are_tallied(r))
        return selection_tallied_jobs(r);
    struct record_span out = {-1, -1};
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (job->phase < 0)
            continue;
        out.start = out.start < 0 || job->sent < out.start ? job->sent : out.start;
        out.end = job->ended > out.end ? job->ended : out.end;
    }
    return out;
}

nsec selection_first_success(const struct record *r)
{
    if (are_tallied(r))
        return selection_tallied_first_success(r);
    nsec first = -1;
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (job->phase >= 0 && job->outcome == JOB_OK && (first < 0 || job->ended < first))
            first = job->ended;
    }
    return first;
}

struct record_span selection_load(const struct record *r)
{
    struct record_span load = {-1, r->load_ended >= 0 ? r->load_ended : r->ended};
    if (r->shape.phases > 0)
        load.start = r->phases[0].start;
    if (load.start < 0)
        load.start = selection_jobs(r).start;
    if (load.start < 0)
        load.start = 0;
    if (load.end < load.start)
        load.end = load.start;
    return load;
}
