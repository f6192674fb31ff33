#include "engine_private.h"

#include <stdlib.h>

static void on_user(struct timer *timer);
static void on_phase_end(struct timer *timer);
static void on_wake(void *context);
static void end_load(struct engine *e);

static int most_users(const struct plan *plan)
{
    int most = 0;
    for (int i = 0; i < plan->load.phase_count; i++)
        if (plan->load.phases[i].users > most)
            most = plan->load.phases[i].users;
    return most;
}

/* Streams of random numbers: one a user, above those of single purposes. */
enum { STREAM_USERS = 1000 };

struct engine *engine_create(const struct engine_config *config)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        abort();
    e->config = *config;
    e->phase = -1;
    arena_init(&e->scratch, "answer", 1 << 20);
    e->phase_end.fire = on_phase_end;
    e->checker = checker_create(config->loop, config->threads);
    if (!e->checker) {
        free(e);
        return NULL;
    }
    e->user_count = most_users(config->plan);
    e->users = calloc((size_t)e->user_count, sizeof *e->users);
    if (!e->users)
        abort();
    for (int i = 0; i < e->user_count; i++) {
        e->users[i] = (struct user){.engine = e, .number = i, .timer.fire = on_user};
        rng_init(&e->users[i].rng, config->seed, (uint64_t)(STREAM_USERS + i));
    }
    static const struct loop_addr nowhere;
    http_pool_init(&e->pool, config->loop, config->addr ? config->addr : &nowhere, 1);
    loop_on_wake(config->loop, on_wake, e);
    return e;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    loop_on_wake(e->config.loop, NULL, NULL);
    checker_destroy(e->checker);
    http_pool_finish(&e->pool);
    job_free_all(e);
    arena_finish(&e->scratch);
    free(e->users);
    free(e);
}

nsec engine_time(const struct engine *e, nsec loop_time)
{
    return loop_time - e->zero;
}

static const struct plan_load_model *load_of(const struct engine *e)
{
    return &e->config.plan->load;
}

static const struct plan_phase *phase_of(const struct engine *e)
{
    return &load_of(e)->phases[e->phase];
}

/* ---- users ---- */

static void count_users(struct engine *e, int change)
{
    e->users_present += change;
    atomic_store(&e->config.progress->users, e->users_present);
    record_add_users(e->config.record, engine_time(e, loop_now(e->config.loop)), e->users_present);
}

/* A user without think time whose start was skipped does not spin. */
#define SKIP_PAUSE (10 * NSEC_PER_MSEC)

static nsec draw_think(struct user *u)
{
    struct nsec_range think = phase_of(u->engine)->think;
    return rng_range(&u->rng, think.low, think.high);
}

static bool jobs_exhausted(const struct engine *e)
{
    return load_of(e)->jobs && e->load_started >= load_of(e)->jobs;
}

/* Returns false when the start is skipped: the target holds too many jobs already. */
static bool user_start_job(struct user *u, nsec due)
{
    struct engine *e = u->engine;
    e->config.record->generator.scheduled++;
    if (e->in_flight >= load_of(e)->max_in_flight) {
        e->config.record->generator.skipped++;
        return false;
    }
    e->load_started++;
    job_start(e, u, due);
    return true;
}

/* It is time for the user's next job: the first one when it has just come. */
static void on_user(struct timer *timer)
{
    struct user *u = (struct user *)((char *)timer - offsetof(struct user, timer));
    struct engine *e = u->engine;
    nsec due = timer->node.due;
    if (jobs_exhausted(e))
        return;
    if (e->config.record->job_count == RECORD_JOBS_MAX) {
        e->config.record->interrupted = true;
        end_load(e);
        return;
    }
    if (!u->present) {
        u->present = true;
        count_users(e, 1);
    }
    bool started = user_start_job(u, due);
    if (load_of(e)->users == USERS_PACED || !started)
        timer_set(e->config.loop, &u->timer, due + draw_think(u) + (started ? 0 : SKIP_PAUSE));
}

static void user_leave(struct user *u)
{
    timer_cancel(u->engine->config.loop, &u->timer);
    if (u->present) {
        u->present = false;
        count_users(u->engine, -1);
    }
}

/* ---- phases ---- */

/* Users that the phase has no room for leave; missing ones join one after the other. */
static void begin_phase(struct engine *e, int number, nsec start)
{
    e->phase = number;
    const struct plan_phase *phase = phase_of(e);
    atomic_store(&e->config.progress->phase, number);
    e->config.record->phases[number].start = engine_time(e, start);
    for (int i = phase->users; i < e->user_count; i++)
        user_leave(&e->users[i]);
    int joining = 0;
    for (int i = 0; i < phase->users; i++)
        if (!e->users[i].present)
            timer_set(e->config.loop, &e->users[i].timer, start + joining++ * phase->start_every);
    if (phase->duration != NSEC_NEVER)
        timer_set(e->config.loop, &e->phase_end, start + phase->duration);
}

static void on_phase_end(struct timer *timer)
{
    struct engine *e = (struct engine *)((char *)timer - offsetof(struct engine, phase_end));
    e->config.record->phases[e->phase].end = engine_time(e, timer->node.due);
    if (e->phase + 1 < load_of(e)->phase_count)
        begin_phase(e, e->phase + 1, timer->node.due);
    else
        end_load(e);
}

static void finish_when_idle(struct engine *e)
{
    if (!e->load_over || e->in_flight)
        return;
    e->config.record->ended = engine_time(e, loop_now(e->config.loop));
    loop_stop(e->config.loop);
}

static void end_load(struct engine *e)
{
    if (e->load_over)
        return;
    e->load_over = true;
    nsec now = engine_time(e, loop_now(e->config.loop));
    e->config.record->load_ended = now;
    if (e->phase >= 0 && e->config.record->phases[e->phase].end < 0)
        e->config.record->phases[e->phase].end = now;
    timer_cancel(e->config.loop, &e->phase_end);
    for (int i = 0; i < e->user_count; i++)
        user_leave(&e->users[i]);
    atomic_store(&e->config.progress->draining, true);
    finish_when_idle(e);
}

static void begin_load(struct engine *e)
{
    nsec now = loop_now(e->config.loop);
    atomic_store(&e->config.progress->load_began, now);
    begin_phase(e, 0, now);
}

void engine_start(struct engine *e)
{
    e->zero = loop_now(e->config.loop);
    e->config.record->started_wall = clock_wall();
    e->warmups_left = load_of(e)->warmup_jobs;
    atomic_store(&e->config.progress->phase, -1);
    if (e->warmups_left)
        job_start(e, NULL, e->zero);
    else
        begin_load(e);
}

void engine_job_ended(struct engine *e, struct user *user, const struct record_job *job)
{
    if (e->load_over) {
        finish_when_idle(e);
    } else if (job->phase < 0) {
        if (--e->warmups_left > 0)
            job_start(e, NULL, loop_now(e->config.loop));
        else
            begin_load(e);
    } else if (jobs_exhausted(e)) {
        if (e->in_flight == 0)
            end_load(e);
    } else if (user->present && load_of(e)->users == USERS_CLOSED) {
        timer_set(e->config.loop, &user->timer, loop_now(e->config.loop) + draw_think(user));
    }
}

/* ---- commands from other threads ---- */

static void on_wake(void *context)
{
    struct engine *e = context;
    checker_collect(e->checker);
    int command = atomic_load(&e->command);
    if (command >= 1 && !e->load_over) {
        e->config.record->interrupted = true;
        end_load(e);
    }
    if (command >= 2) {
        e->config.record->interrupted = true;
        job_stop_all(e);
    }
}

static void give_command(struct engine *e, int command)
{
    atomic_store(&e->command, command);
    loop_wake(e->config.loop);
}

void engine_drain(struct engine *e)
{
    give_command(e, 1);
}

void engine_stop(struct engine *e)
{
    give_command(e, 2);
}
