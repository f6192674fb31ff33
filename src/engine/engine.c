#include "worker.h"

#include "load.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct engine {
    struct engine_config config;
    struct worker *workers;
    int count;
    pthread_t threads[ENGINE_WORKERS_MAX];
    nsec zero;
    atomic_int_fast64_t tickets; /* of a number of jobs: not yet handed out */
    pthread_mutex_t gate_mutex;  /* the start: all threads are there, or none begins */
    pthread_cond_t gate_moved;
    enum { GATE_SHUT, GATE_OPEN, GATE_CANCELLED } gate;
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int engine_workers(const struct plan *plan, int wanted)
{
    const struct plan_load_model *load = &plan->load;
    int64_t count = smaller(wanted, ENGINE_WORKERS_MAX);
    count = smaller(count, load->max_in_flight);
    if (load->users != USERS_OPEN)
        count = smaller(count, load_users_most(load));
    if (load->concurrent)
        count = smaller(count, load->concurrent);
    if (load->connections)
        count = smaller(count, load->connections);
    return count > 1 ? (int)count : 1;
}

int engine_workers_usual(const struct plan *plan, int cores)
{
    enum { WORTH_PARTING = 16 };
    const struct plan_load_model *load = &plan->load;
    int64_t limit = load->max_in_flight;
    if (load->concurrent)
        limit = smaller(limit, load->concurrent);
    if (load->connections)
        limit = smaller(limit, load->connections);
    int64_t count = smaller(cores, limit / WORTH_PARTING);
    return count > 1 ? (int)count : 1;
}

struct record_shape engine_record_shape(const struct plan *plan)
{
    const struct workflow *w = &plan->workflow;
    return (struct record_shape){.steps = w->step_count,
                                 .phases = plan->load.phase_count,
                                 .keeping = workflow_wait(w) >= 0 ? RECORD_ROWS : RECORD_TALLIES,
                                 .generation_first = w->generation_first,
                                 .generation_last = w->generation_last,
                                 .from_due = plan->load.users == USERS_OPEN};
}

struct engine *engine_create(const struct engine_config *config)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        abort();
    struct record_shape shape = engine_record_shape(config->plan);
    record_init(config->record, &shape);
    e->config = *config;
    int count = config->loop ? 1 : engine_workers(config->plan, config->workers);
    atomic_init(&e->tickets, config->plan->load.jobs);
    pthread_mutex_init(&e->gate_mutex, NULL);
    pthread_cond_init(&e->gate_moved, NULL);
    e->workers = calloc((size_t)count, sizeof *e->workers);
    if (!e->workers)
        abort();
    for (e->count = 0; e->count < count; e->count++) {
        struct worker *w = &e->workers[e->count];
        w->config = &e->config;
        w->shares = count;
        if (!worker_init(w, e, e->count, config->loop)) {
            int error = errno;
            engine_destroy(e);
            errno = error;
            return NULL;
        }
    }
    return e;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    for (int i = 0; i < e->count; i++)
        worker_finish(&e->workers[i]);
    pthread_cond_destroy(&e->gate_moved);
    pthread_mutex_destroy(&e->gate_mutex);
    free(e->workers);
    free(e);
}

/* ---- running ---- */

static void *run(void *context)
{
    struct worker *w = context;
    struct engine *e = w->engine;
    pthread_mutex_lock(&e->gate_mutex);
    while (e->gate == GATE_SHUT)
        pthread_cond_wait(&e->gate_moved, &e->gate_mutex);
    bool cancelled = e->gate == GATE_CANCELLED;
    pthread_mutex_unlock(&e->gate_mutex);
    if (!cancelled)
        worker_run(w, e->zero);
    return NULL;
}

static void move_gate(struct engine *e, int error)
{
    pthread_mutex_lock(&e->gate_mutex);
    e->zero = loop_now(e->workers[0].loop);
    e->gate = error ? GATE_CANCELLED : GATE_OPEN;
    pthread_cond_broadcast(&e->gate_moved);
    pthread_mutex_unlock(&e->gate_mutex);
}

/* CPU and descriptors are the caller's to tell; what the workers know is theirs. */
static void merge(struct engine *e)
{
    struct record *all = e->config.record;
    for (int i = 0; i < e->count; i++) {
        struct worker *w = &e->workers[i];
        record_merge(all, &w->record);
    }
    all->generator.workers = e->count;
    record_sort(all);
}

bool engine_run(struct engine *e)
{
    int error = 0, started = 1;
    for (; started < e->count && !error; started += !error)
        error = pthread_create(&e->threads[started], NULL, run, &e->workers[started]);
    e->config.record->started_wall = clock_wall();
    move_gate(e, error);
    if (!error)
        worker_run(&e->workers[0], e->zero);
    for (int i = 1; i < started; i++)
        pthread_join(e->threads[i], NULL);
    if (!error)
        merge(e);
    errno = error;
    return !error;
}

nsec engine_zero(const struct engine *e)
{
    return e->zero;
}

/* ---- what the workers agree on ---- */

/* A portion while there are many for each user, so that it is asked for rarely; then one, so that no worker
 * sits on what a user of another could start. */
int64_t engine_take_tickets(struct engine *e)
{
    enum { PORTION = 64 };
    int64_t many = PORTION * (int64_t)load_users_most(&e->config.plan->load);
    int64_t left = atomic_load(&e->tickets), portion;
    do {
        portion = left > many ? PORTION : smaller(left, 1);
    } while (portion && !atomic_compare_exchange_weak(&e->tickets, &left, left - portion));
    return portion;
}

void engine_warmed_up(struct engine *e, nsec at)
{
    for (int i = 0; i < e->count; i++)
        worker_begin_load(&e->workers[i], at);
}

static void give_command(struct engine *e, int command)
{
    for (int i = 0; i < e->count; i++)
        worker_command(&e->workers[i], command);
}

void engine_drain(struct engine *e)
{
    give_command(e, 1);
}

void engine_stop(struct engine *e)
{
    give_command(e, 2);
}
