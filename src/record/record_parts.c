#include "record_parts.h"

static nsec most(nsec a, nsec b)
{
    return a > b ? a : b;
}

static nsec least(nsec a, nsec b)
{
    return a < b ? a : b;
}

static nsec wait_of(const struct record_job *job, int step)
{
    return job->steps[step].end - job->steps[step].start;
}

void record_parts_told(struct record_job *job, int step, const struct record_told *told)
{
    nsec queue = told->started - told->created, processing = told->finished - told->started;
    nsec possible = job->steps[step].end - job->sent + told->grain;
    nsec excess = most(queue + processing - wait_of(job, step), 0);
    nsec off_queue = least(excess, queue);
    job->told = *told;
    job->waited = step;
    job->implausible = most(queue + processing - possible, 0);
    job->queue = queue - off_queue;
    job->processing = processing - (excess - off_queue);
}

void record_parts_seen(struct record_job *job, int step, nsec began)
{
    job->waited = step;
    job->seen = true;
    job->queue = began - job->steps[step].start;
    job->processing = job->steps[step].end - began;
}

void record_parts_stage(struct record_job *job, int name, nsec started, nsec finished)
{
    nsec begins = job->told.finished - job->processing; /* what is left of it after its front was cut */
    nsec start = least(most(started - begins, 0), job->processing);
    nsec end = least(most(finished - begins, start), job->processing);
    job->stages[job->stage_count++] = (struct record_stage){name, start, end};
}

nsec record_parts_notice(const struct record_job *job)
{
    if (job->waited < 0 || job->seen || job->steps[job->waited].end < 0)
        return -1;
    return wait_of(job, job->waited) - job->queue - job->processing;
}

nsec record_parts_between(const struct record_shape *shape, const struct record_job *job)
{
    nsec between = job->ended - job->sent;
    for (int i = 0; i < shape->steps; i++)
        if (job->steps[i].start >= 0)
            between -= (job->steps[i].end >= 0 ? job->steps[i].end : job->ended) - job->steps[i].start;
    return between;
}

static bool wait_adds_up(const struct record_job *job)
{
    nsec rest = wait_of(job, job->waited) - job->queue - job->processing;
    return job->queue >= 0 && job->processing >= 0 && (job->seen ? rest == 0 : rest >= 0);
}

static bool stages_fit(const struct record_job *job)
{
    for (int i = 0; i < job->stage_count; i++) {
        const struct record_stage *s = &job->stages[i];
        if (s->start < 0 || s->end < s->start || s->end > job->processing)
            return false;
    }
    return true;
}

const char *record_parts_check(const struct record_shape *shape, const struct record_job *job)
{
    if (record_parts_between(shape, job) < 0)
        return "steps take no longer than their job";
    if (job->waited < 0)
        return NULL;
    if (job->steps[job->waited].end < 0 || !wait_adds_up(job))
        return "queue + processing + notice = the wait";
    return stages_fit(job) ? NULL : "a stage is a part of the processing";
}
