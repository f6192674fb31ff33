#include "schedule.h"

#include "container.h"
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOK_AT = 64, /* of the running jobs, the oldest: one of them ends first, if all take about as long */
    AVERAGE_OVER = 8,
};

/* ---- two lists through the same links: a job waits or runs ---- */

static void list_add(struct job **first, struct job **last, struct job *job)
{
    job->next = NULL;
    job->prev = *last;
    *(*last ? &(*last)->next : first) = job;
    *last = job;
}

static void list_remove(struct job **first, struct job **last, struct job *job)
{
    *(job->prev ? &job->prev->next : first) = job->next;
    *(job->next ? &job->next->prev : last) = job->prev;
    job->next = job->prev = NULL;
}

bool schedule_has_room(const struct schedule *s)
{
    return s->running < s->slots || s->waiting < s->queue_max;
}

/* ---- start ---- */

static void on_deadline(struct timer *timer);

static void start(struct schedule *s, struct job *job)
{
    s->running++;
    list_add(&s->first_running, &s->last_running, job);
    job->state = JOB_PROCESSING;
    job->number = s->started++;
    job->started = loop_now(s->loop);
    job_stamp(&job->started_wall, job->started_at);
    job->owner = s;
    job->timer.fire = on_deadline;
    if (s->profile) {
        profile_draw(s->profile, s->seed, job->number, s->time_scale, job->ends);
        timer_set(s->loop, &job->timer, job->started + job->ends[s->profile->stage_count - 1]);
    }
    workers_push(s->workers, &job->work);
    s->events->started(s->context, job);
}

static void leave_queue(struct schedule *s, struct job *job)
{
    list_remove(&s->first, &s->last, job);
    s->waiting--;
}

static void start_next(struct schedule *s)
{
    while (s->first && s->running < s->slots && !s->closed) {
        struct job *job = s->first;
        leave_queue(s, job);
        start(s, job);
    }
}

void schedule_submit(struct schedule *s, struct job *job)
{
    assert(schedule_has_room(s) && !job->next);
    job->state = JOB_QUEUED;
    job->submitted = loop_now(s->loop);
    job_stamp(&job->queued_wall, job->queued_at);
    job->place = s->queued++;
    job->order = s->accepted++;
    list_add(&s->first, &s->last, job);
    s->waiting++;
    start_next(s);
}

/* ---- end ---- */

static void describe_failure(struct job *job)
{
    const struct work *work = &job->work;
    if (work->error == WORK_GENERATOR) {
        job_set_error(job, generator_error_name(work->generator_error), work->result.message);
    } else {
        job->error_kind = work->error == WORK_INPUT ? "input_unreadable" : "storage_failed";
        snprintf(job->error, sizeof job->error, "%s: %s",
                 work->error == WORK_INPUT ? "The picture cannot be read" : "The model cannot be written",
                 strerror(work->system_error));
    }
}

static void set_finished(struct schedule *s, struct job *job)
{
    job->finished = loop_now(s->loop);
    job_stamp(&job->finished_wall, job->finished_at);
}

/* The work is done, whatever came of it, or will never begin. */
static void settle(struct schedule *s, struct job *job)
{
    job->settling = true;
    set_finished(s, job);
    timer_cancel(s->loop, &job->timer);
    job->outcome = job->cancelled ? JOB_CANCELLED : job->work.error != WORK_OK ? JOB_FAILED : JOB_COMPLETED;
    if (job->outcome == JOB_FAILED)
        describe_failure(job);
    if (job->outcome == JOB_COMPLETED)
        job->model_bytes = job->work.model_bytes;
    if (!s->events->settling(s->context, job))
        schedule_settled(s, job);
}

static void learn(struct schedule *s, nsec lasted)
{
    s->typical = s->typical ? s->typical + (lasted - s->typical) / AVERAGE_OVER : lasted;
}

void schedule_settled(struct schedule *s, struct job *job)
{
    job->settling = false;
    assert(job->state == JOB_PROCESSING);
    job->state = job->outcome;
    list_remove(&s->first_running, &s->last_running, job);
    s->running--;
    if (job->state == JOB_COMPLETED)
        learn(s, job->finished - job->started);
    start_next(s); /* before the event: a free slot is not kept waiting */
    s->events->ended(s->context, job);
}

static void on_deadline(struct timer *timer)
{
    struct job *job = CONTAINER(struct job, timer, timer);
    if (job->work_done && !job->settling)
        settle(job->owner, job);
}

void schedule_collect(struct schedule *s)
{
    for (struct work *work = workers_take_done(s->workers), *next; work; work = next) {
        next = work->next;
        struct job *job = CONTAINER(struct job, work, work);
        job->work_done = true;
        if (job->state != JOB_PROCESSING) /* interrupted meanwhile */
            continue;
        s->events->worked(s->context, job);
        if (job->cancelled || job->work.error != WORK_OK || !timer_armed(&job->timer))
            settle(s, job);
    }
}

/* ---- end before its time ---- */

/* Out of the queue, from wherever in it: those behind move up. */
static void end_waiting(struct schedule *s, struct job *job, enum job_state state)
{
    for (struct job *behind = job->next; behind; behind = behind->next)
        behind->place--;
    s->queued--;
    leave_queue(s, job);
    set_finished(s, job);
    job->state = state;
    s->events->ended(s->context, job);
}

void schedule_cancel(struct schedule *s, struct job *job)
{
    if (job->settling)
        return;
    job->cancelled = true;
    if (job->state == JOB_QUEUED) {
        end_waiting(s, job, JOB_CANCELLED);
        return;
    }
    atomic_store_explicit(&job->work.cancel, true, memory_order_relaxed);
    if (!job->work_done && workers_withdraw(s->workers, &job->work)) {
        job->work_done = true;
        s->events->worked(s->context, job);
    }
    if (job->work_done)
        settle(s, job);
}

void schedule_close(struct schedule *s)
{
    s->closed = true;
    while (s->first) {
        job_set_interrupted(s->first, false);
        end_waiting(s, s->first, JOB_FAILED);
    }
}

void schedule_interrupt(struct schedule *s, void (*each)(void *context, struct job *job), void *context)
{
    for (struct job *job = s->first_running; job; job = job->next) {
        if (job->settling) /* it is being written down, and will be found so */
            continue;
        atomic_store_explicit(&job->work.cancel, true, memory_order_relaxed);
        timer_cancel(s->loop, &job->timer);
        set_finished(s, job);
        job->state = JOB_FAILED;
        job_set_interrupted(job, true);
        each(context, job);
    }
}

/* ---- how long ---- */

int schedule_place(const struct schedule *s, const struct job *job)
{
    return (int)(job->place - s->first->place) + 1; /* places have no gaps */
}

void schedule_expect(struct schedule *s)
{
    for (int i = 0; s->profile && i < s->profile->stage_count; i++)
        s->typical += nsec_from_sec(nsec_to_sec(s->profile->stages[i].mean) / s->time_scale);
}

/* A profile has drawn when; else it may take as long as others did. */
static nsec remaining(const struct schedule *s, const struct job *job, nsec now)
{
    nsec lasts = s->profile ? job->ends[s->profile->stage_count - 1] : s->typical;
    nsec rest = job->started + lasts - now;
    return rest > 0 ? rest : 0;
}

nsec schedule_next_end(const struct schedule *s, nsec now)
{
    nsec least = s->typical;
    int count = 0;
    for (const struct job *job = s->first_running; job && count < LOOK_AT; job = job->next, count++) {
        nsec rest = remaining(s, job, now);
        least = rest < least ? rest : least;
    }
    return least;
}

nsec schedule_eta(const struct schedule *s, const struct job *job, nsec now)
{
    if (!s->typical)
        return -1;
    if (job->state == JOB_PROCESSING)
        return remaining(s, job, now);
    int before = schedule_place(s, job) - 1; /* of them, a slot takes its share */
    return schedule_next_end(s, now) + (nsec)(before / s->slots) * s->typical + s->typical;
}
