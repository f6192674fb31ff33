#include "sharing.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static void stretch(struct sharing *s, struct job *job, nsec now, double ratio)
{
    const struct profile *p = s->schedule->profile;
    profile_stretch(p, now - job->started, pow(ratio, p->sharing), job->ends);
    if (timer_armed(&job->timer))
        timer_set(s->schedule->loop, &job->timer, job->started + job->ends[p->stage_count - 1]);
}

static void stretch_all(struct sharing *s, nsec now, int before, int after)
{
    for (int i = 0; i < s->count; i++)
        stretch(s, s->running[i], now, (double)after / before);
}

static void on_started(void *context, struct job *job)
{
    struct sharing *s = context;
    s->events->started(s->context, job);
    nsec now = loop_now(s->schedule->loop);
    stretch_all(s, now, s->count, s->count + 1);
    /* A job that took the slot of one whose end is not told yet finds one more than there are slots; the end
     * follows at once and takes it back. */
    s->running[s->count++] = job;
    stretch(s, job, job->started, s->count);
}

static void on_worked(void *context, struct job *job)
{
    struct sharing *s = context;
    s->events->worked(s->context, job);
}

static bool on_settling(void *context, struct job *job)
{
    struct sharing *s = context;
    return s->events->settling(s->context, job);
}

static void on_ended(void *context, struct job *job)
{
    struct sharing *s = context;
    int at = 0;
    while (at < s->count && s->running[at] != job)
        at++;
    if (at < s->count) { /* one that never started shared nothing */
        s->running[at] = s->running[--s->count];
        stretch_all(s, loop_now(s->schedule->loop), s->count + 1, s->count);
    }
    s->events->ended(s->context, job);
}

bool sharing_wrap(struct sharing *s, struct schedule *schedule)
{
    static const struct schedule_events EVENTS = {on_started, on_worked, on_settling, on_ended};
    assert(schedule->profile && schedule->profile->sharing > 0);
    *s = (struct sharing){.schedule = schedule, .events = schedule->events, .context = schedule->context};
    s->running = calloc((size_t)schedule->slots + 1, sizeof(struct job *));
    schedule->events = &EVENTS;
    schedule->context = s;
    return s->running;
}

void sharing_finish(struct sharing *s)
{
    free(s->running);
}
