#include "schedule.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool schedule_has_room(const struct schedule *s)
{
    return s->running < s->slots || s->waiting < s->queue_max;
}

static void on_deadline(struct timer *timer);

static void start(struct schedule *s, struct job *job)
{
    s->running++;
    job->state = JOB_PROCESSING;
    job->number = s->started++;
    job->started = loop_now(s->loop);
    timestamp_text(clock_wall(), job->started_at);
    job->owner = s;
    job->timer.fire = on_deadline;
    if (s->profile) {
        profile_draw(s->profile, s->seed, job->number, s->time_scale, job->ends);
        timer_set(s->loop, &job->timer, job->started + job->ends[s->profile->stage_count - 1]);
    }
    workers_push(s->workers, &job->work);
    s->events->started(s->context, job);
}

static void start_next(struct schedule *s)
{
    while (s->first && s->running < s->slots && !s->closed) {
        struct job *job = s->first;
        s->first = job->next;
        if (!s->first)
            s->last = NULL;
        job->next = NULL;
        s->waiting--;
        start(s, job);
    }
}

void schedule_submit(struct schedule *s, struct job *job)
{
    assert(schedule_has_room(s) && !job->next);
    job->state = JOB_QUEUED;
    job->submitted = loop_now(s->loop);
    timestamp_text(clock_wall(), job->queued_at);
    job->place = s->queued++;
    *(s->last ? &s->last->next : &s->first) = job;
    s->last = job;
    s->waiting++;
    start_next(s);
}

int schedule_place(const struct schedule *s, const struct job *job)
{
    return (int)(job->place - s->first->place) + 1; /* nobody leaves the queue from its middle */
}

static void describe_failure(struct job *job)
{
    const struct work *work = &job->work;
    if (work->error == WORK_GENERATOR) {
        job->error_kind = generator_error_name(work->generator_error);
        snprintf(job->error, sizeof job->error, "%s", work->result.message);
    } else {
        job->error_kind = work->error == WORK_INPUT ? "input_unreadable" : "storage_failed";
        snprintf(job->error, sizeof job->error, "%s: %s",
                 work->error == WORK_INPUT ? "The picture cannot be read" : "The model cannot be written",
                 strerror(work->system_error));
    }
}

static void end(struct schedule *s, struct job *job)
{
    job->finished = loop_now(s->loop);
    timestamp_text(clock_wall(), job->finished_at);
    timer_cancel(s->loop, &job->timer);
    bool failed = job->work.error != WORK_OK;
    job->state = failed ? JOB_FAILED : JOB_COMPLETED;
    if (failed)
        describe_failure(job);
    else
        job->model_bytes = job->work.model_bytes;
    s->running--;
    start_next(s); /* before the event: a free slot is not kept waiting */
    s->events->ended(s->context, job);
}

static void on_deadline(struct timer *timer)
{
    struct job *job = (struct job *)((char *)timer - offsetof(struct job, timer));
    if (job->work_done)
        end(job->owner, job);
}

void schedule_collect(struct schedule *s)
{
    for (struct work *work = workers_take_done(s->workers), *next; work; work = next) {
        next = work->next;
        struct job *job = (struct job *)((char *)work - offsetof(struct job, work));
        job->work_done = true;
        s->events->worked(s->context, job);
        if (job->work.error != WORK_OK || !timer_armed(&job->timer))
            end(s, job);
    }
}
