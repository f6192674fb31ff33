#include "worker.h"

#include "container.h"
#include "load.h"

#include <stdlib.h>

static void on_user(struct timer *timer);
static void on_leave(struct timer *timer);

/* Streams of random numbers: one a user, above those of single purposes and below those of jobs. */
enum { STREAM_USERS = 1000 };

/* Those whose number leaves this worker's as the remainder. */
void users_init(struct worker *w)
{
    w->user_count = (int)worker_part(w, load_users_most(&w->plan->load));
    w->users = calloc(w->user_count ? (size_t)w->user_count : 1, sizeof *w->users);
    if (!w->users)
        abort();
    w->leave.fire = on_leave;
    for (int i = 0; i < w->user_count; i++) {
        int number = i * w->shares + w->number;
        w->users[i] = (struct user){.worker = w, .number = number, .timer.fire = on_user};
        rng_init(&w->users[i].rng, w->config->seed, (uint64_t)(STREAM_USERS + number));
    }
}

void users_finish(struct worker *w)
{
    free(w->users);
}

static void count_users(struct worker *w, int change)
{
    w->users_present += change;
    atomic_store(&w->progress->users, w->users_present);
    record_add_users(&w->record, worker_time(w, loop_now(w->loop)), w->users_present);
}

/* ---- starting ---- */

/* A user without think time whose start was skipped does not spin. */
#define SKIP_PAUSE (10 * NSEC_PER_MSEC)

static nsec draw_think(struct user *u)
{
    struct nsec_range think = worker_phase(u->worker)->think;
    return rng_range(&u->rng, think.low, think.high);
}

/* Returns false when the start is skipped: the target holds too many jobs already. */
static bool start_job(struct user *u, nsec due)
{
    struct worker *w = u->worker;
    if (!worker_admit(w))
        return false;
    struct job_start start = {.user = u, .phase = w->phase, .due = due, .ready = due};
    start.stream = (uint64_t)(u->number + 2) << 32 | u->jobs++;
    u->waits = w->plan->load.users == USERS_CLOSED;
    job_start(w, &start);
    return true;
}

/* Of a number of jobs: is there one of this worker's portion, or a portion of all that are left? With the
 * last job the load ends. */
static bool jobs_are_left(struct worker *w)
{
    if (!w->plan->load.jobs)
        return true;
    if (!w->tickets)
        w->tickets = engine_take_tickets(w->engine);
    if (!w->tickets && !w->in_flight)
        worker_end_load(w);
    return w->tickets;
}

static void next_job(struct user *u, nsec due)
{
    struct worker *w = u->worker;
    if (!jobs_are_left(w))
        return;
    bool counted = w->plan->load.jobs;
    w->tickets -= counted;
    bool started = start_job(u, due);
    if (!started)
        w->tickets += counted;
    if (!w->load_over && (w->plan->load.users == USERS_PACED || !started))
        timer_set(w->loop, &u->timer, due + draw_think(u) + (started ? 0 : SKIP_PAUSE));
}

/* It is time for the user's next job: the first one when it has just come. */
static void on_user(struct timer *timer)
{
    struct user *u = CONTAINER(struct user, timer, timer);
    if (!u->present) {
        u->present = true;
        count_users(u->worker, 1);
    }
    if (!u->waits)
        next_job(u, timer->node.due);
}

void users_job_ended(struct user *u, nsec now)
{
    struct worker *w = u->worker;
    u->waits = false;
    if (w->plan->load.users == USERS_PACED || !u->present)
        return;
    if (!jobs_are_left(w)) /* nobody thinks about the job after the last */
        return;
    nsec think = draw_think(u);
    if (think)
        timer_set(w->loop, &u->timer, now + think);
    else
        next_job(u, now);
}

/* ---- coming and going ---- */

static void leave(struct user *u)
{
    timer_cancel(u->worker->loop, &u->timer);
    if (u->present) {
        u->present = false;
        count_users(u->worker, -1);
    }
}

void users_leave_all(struct worker *w)
{
    timer_cancel(w->loop, &w->leave);
    for (int i = 0; i < w->user_count; i++)
        leave(&w->users[i]);
}

/* On a ramp downwards the highest number goes first: from `leave_next` down each has a later time. */
static void arm_leave(struct worker *w, nsec phase_start)
{
    for (; w->leave_next >= 0; w->leave_next--) {
        struct user *u = &w->users[w->leave_next];
        nsec at = load_leave_time(&w->plan->load, w->phase, u->number);
        if (at > 0) {
            timer_set(w->loop, &w->leave, phase_start + at);
            return;
        }
        if (at == 0)
            leave(u);
    }
}

static void on_leave(struct timer *timer)
{
    struct worker *w = CONTAINER(struct worker, leave, timer);
    nsec start = timer->node.due - load_leave_time(&w->plan->load, w->phase, w->users[w->leave_next].number);
    leave(&w->users[w->leave_next--]);
    arm_leave(w, start);
}

/* Those whom an earlier phase has called and who have not come are called anew, or not at all. The last to
 * leave on a ramp leaves as its phase ends, and that is now. */
void users_begin_phase(struct worker *w, nsec start)
{
    int here = load_users_before(&w->plan->load, w->phase);
    timer_cancel(w->loop, &w->leave);
    for (int i = 0; i < w->user_count; i++) {
        struct user *u = &w->users[i];
        nsec join = load_join_time(&w->plan->load, w->phase, u->number);
        if (u->number >= here)
            leave(u);
        if (!u->present)
            timer_cancel(w->loop, &u->timer);
        if (join >= 0)
            timer_set(w->loop, &u->timer, start + join);
    }
    w->leave_next = w->user_count - 1;
    arm_leave(w, start);
}
