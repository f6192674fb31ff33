#include "worker.h"

#include "container.h"

#include <stdlib.h>

/* How late the loop comes to what is due, seen by a timer that does nothing else. */
#define HEARTBEAT_EVERY (10 * NSEC_PER_MSEC)

static void on_phase_end(struct timer *timer);
static void on_heartbeat(struct timer *timer);
static void on_wake(void *context);

/* ---- life ---- */

int64_t worker_part(const struct worker *w, int64_t all)
{
    return all / w->shares + (w->number < all % w->shares);
}

static bool checks_models(const struct plan *plan)
{
    for (int i = 0; i < plan->workflow.step_count; i++)
        if (plan->workflow.steps[i].model_valid)
            return true;
    return false;
}

/* One at least: 0 would be no limit. */
static int connections(const struct worker *w)
{
    int limit = w->plan->load.connections ? w->plan->load.connections : w->config->connections;
    int own = (int)worker_part(w, limit);
    return limit && !own ? 1 : own;
}

static void pool_init(struct worker *w)
{
    const struct plan_load_model *load = &w->plan->load;
    struct http_pool_config pool = {.loop = w->loop,
                                    .place = &w->config->target.place,
                                    .connections = connections(w),
                                    .connect_timeout = load->connect_timeout,
                                    .first_byte_timeout = load->first_byte_timeout,
                                    .idle_timeout = load->idle_timeout};
    http_pool_init(&w->pool, &pool);
}

bool worker_init(struct worker *w, struct engine *e, int number, struct loop *loop)
{
    w->engine = e;
    w->plan = w->config->plan;
    w->number = number;
    w->phase = -1;
    w->progress = &w->config->progress->shares[number];
    w->loop = loop ? loop : loop_epoll_create();
    if (!w->loop)
        return false;
    if (checks_models(w->plan) && !(w->checker = checker_create(w->loop, !loop))) {
        if (!loop)
            loop_destroy(w->loop);
        return false;
    }
    struct record_shape shape = engine_record_shape(w->plan);
    record_init(&w->record, &shape);
    pool_init(w);
    arena_init(&w->scratch, "answer", 1 << 20);
    job_init_all(w);
    asks_init(&w->asks, w);
    listens_init(&w->listens, w);
    w->max_in_flight = worker_part(w, w->plan->load.max_in_flight);
    w->phase_end.fire = on_phase_end;
    w->heartbeat.fire = on_heartbeat;
    if (w->plan->load.users == USERS_OPEN)
        arrive_init(w);
    else
        users_init(w);
    loop_on_wake(w->loop, on_wake, w);
    return true;
}

void worker_finish(struct worker *w)
{
    loop_on_wake(w->loop, NULL, NULL);
    job_free_all(w);
    asks_finish(&w->asks);
    listens_finish(&w->listens);
    checker_destroy(w->checker);
    http_pool_finish(&w->pool);
    deadlines_finish(&w->timeouts);
    arena_finish(&w->scratch);
    users_finish(w);
    arrive_finish(w);
    record_finish(&w->record);
    if (!w->config->loop)
        loop_destroy(w->loop);
}

nsec worker_time(const struct worker *w, nsec loop_time)
{
    return loop_time - w->zero;
}

const struct plan_phase *worker_phase(const struct worker *w)
{
    return &w->plan->load.phases[w->phase];
}

/* ---- starts ---- */

void worker_count_in_flight(struct worker *w, int64_t change)
{
    w->in_flight += change;
    progress_add(&w->progress->in_flight, change);
}

/* Rows are kept in memory, all of them. */
static bool is_full(const struct worker *w)
{
    return w->record.shape.keeping == RECORD_ROWS && w->record.job_count >= RECORD_JOBS_MAX / w->shares;
}

bool worker_admit(struct worker *w)
{
    if (is_full(w)) {
        w->record.interrupted = true;
        worker_end_load(w);
        return false;
    }
    w->record.generator.scheduled++;
    if (w->in_flight < w->max_in_flight) {
        worker_count_in_flight(w, 1);
        return true;
    }
    w->record.generator.skipped++;
    return false;
}

/* ---- the end ---- */

static void finish_when_idle(struct worker *w, nsec now)
{
    if (!w->load_over || w->in_flight)
        return;
    w->record.ended = worker_time(w, now);
    loop_stop(w->loop);
}

void worker_end_load(struct worker *w)
{
    if (w->load_over)
        return;
    w->load_over = true;
    nsec now = loop_now(w->loop);
    w->record.load_ended = worker_time(w, now);
    if (w->phase >= 0 && w->record.phases[w->phase].end < 0)
        w->record.phases[w->phase].end = worker_time(w, now);
    timer_cancel(w->loop, &w->phase_end);
    users_leave_all(w);
    arrive_stop(w);
    atomic_store(&w->progress->draining, true);
    finish_when_idle(w, now);
}

/* ---- phases ---- */

static void begin_phase(struct worker *w, int number, nsec start)
{
    w->phase = number;
    const struct plan_phase *phase = worker_phase(w);
    atomic_store(&w->progress->phase, number);
    w->record.phases[number].start = worker_time(w, start);
    if (phase->duration != NSEC_NEVER)
        timer_set(w->loop, &w->phase_end, start + phase->duration);
    if (w->plan->load.users != USERS_OPEN)
        users_begin_phase(w, start);
}

static void on_phase_end(struct timer *timer)
{
    struct worker *w = CONTAINER(struct worker, phase_end, timer);
    w->record.phases[w->phase].end = worker_time(w, timer->node.due);
    if (w->phase + 1 < w->plan->load.phase_count)
        begin_phase(w, w->phase + 1, timer->node.due);
    else
        worker_end_load(w);
}

static void begin_load(struct worker *w, nsec at)
{
    w->load_start = at;
    atomic_store(&w->progress->load_began, at);
    begin_phase(w, 0, at);
    if (w->plan->load.users == USERS_OPEN)
        arrive_begin(w);
}

/* ---- warm-up ---- */

static void warm_up(struct worker *w)
{
    nsec now = loop_now(w->loop);
    struct job_start start = {.phase = -1, .due = now, .ready = now, .stream = (uint64_t)w->warmups_left};
    worker_count_in_flight(w, 1);
    job_start(w, &start);
}

static void warmed_up(struct worker *w, nsec now)
{
    if (--w->warmups_left > 0)
        warm_up(w);
    else
        engine_warmed_up(w->engine, now);
}

void worker_begin_load(struct worker *w, nsec at)
{
    atomic_store(&w->begin_load, at);
    loop_wake(w->loop);
}

void worker_job_ended(struct worker *w, struct user *user, const struct record_job *job, nsec now)
{
    worker_count_in_flight(w, -1);
    if (job->phase >= 0 && w->plan->load.users == USERS_OPEN)
        arrive_job_ended(w, now); /* those whose turn has not come do start, also when the load is over */
    if (w->load_over)
        finish_when_idle(w, now);
    else if (job->phase < 0)
        warmed_up(w, now);
    else if (user)
        users_job_ended(user, now);
}

/* ---- running ---- */

static void on_heartbeat(struct timer *timer)
{
    struct worker *w = CONTAINER(struct worker, heartbeat, timer);
    nsec now = loop_now(w->loop);
    record_loop_lag(&w->record, now - timer->node.due);
    timer_set(w->loop, timer, now + HEARTBEAT_EVERY);
}

static void record_traffic(struct worker *w)
{
    const struct http_traffic *from = &w->pool.traffic;
    struct record_traffic *to = &w->record.traffic;
    to->requests = from->requests;
    to->resent = from->resent;
    to->connects = from->connects;
    to->bytes_sent = from->bytes_sent;
    to->bytes_received = from->bytes_received;
    w->record.generator.fd_most = w->pool.most_open;
}

void worker_run(struct worker *w, nsec zero)
{
    w->zero = zero;
    if (!w->config->loop)
        timer_set(w->loop, &w->heartbeat, loop_now(w->loop) + HEARTBEAT_EVERY);
    w->warmups_left = w->plan->load.warmup_jobs;
    if (!w->warmups_left)
        begin_load(w, zero);
    else if (w->number == 0)
        warm_up(w);
    loop_run(w->loop);
    timer_cancel(w->loop, &w->heartbeat);
    record_traffic(w);
}

/* ---- words from other threads ---- */

static void obey(struct worker *w, int command)
{
    if (command == 0)
        return;
    if (w->backlog_count || !w->load_over) {
        w->record.interrupted = true;
        arrive_drop_backlog(w);
        worker_end_load(w);
    }
    if (command >= 2 && w->running) {
        w->record.interrupted = true;
        job_stop_all(w);
    }
}

static void on_wake(void *context)
{
    struct worker *w = context;
    if (w->checker)
        checker_collect(w->checker);
    nsec at = atomic_exchange(&w->begin_load, 0);
    if (at && !w->load_over)
        begin_load(w, at);
    obey(w, atomic_load(&w->command));
}

void worker_command(struct worker *w, int command)
{
    atomic_store(&w->command, command);
    loop_wake(w->loop);
}
