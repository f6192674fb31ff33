#include "worker.h"

#include "container.h"

#include <stdlib.h>

static void on_arrive(struct timer *timer);

void arrive_init(struct worker *w)
{
    arrivals_init(&w->arrivals, &w->plan->load, w->config->seed, w->number, w->shares);
    w->concurrent = worker_part(w, w->plan->load.concurrent);
    w->arrive.fire = on_arrive;
}

void arrive_finish(struct worker *w)
{
    free(w->backlog);
}

static void start_job(struct worker *w, const struct arrival *a, nsec ready)
{
    struct job_start start = {.phase = a->phase, .due = a->due, .ready = ready};
    start.stream = 1ULL << 32 | (uint64_t)a->index;
    w->under_way++;
    job_start(w, &start);
}

/* ---- those who wait for their turn ---- */

static void backlog_add(struct worker *w, const struct arrival *a)
{
    if (w->backlog_count == w->backlog_capacity) {
        int64_t capacity = w->backlog_capacity ? 2 * w->backlog_capacity : 1024;
        struct arrival *more = malloc((size_t)capacity * sizeof *more);
        if (!more)
            abort();
        for (int64_t i = 0; i < w->backlog_count; i++)
            more[i] = w->backlog[(w->backlog_first + i) % w->backlog_capacity];
        free(w->backlog);
        w->backlog = more;
        w->backlog_capacity = capacity;
        w->backlog_first = 0;
    }
    w->backlog[(w->backlog_first + w->backlog_count++) % w->backlog_capacity] = *a;
}

static struct arrival backlog_take(struct worker *w)
{
    struct arrival a = w->backlog[w->backlog_first];
    w->backlog_first = (w->backlog_first + 1) % w->backlog_capacity;
    w->backlog_count--;
    return a;
}

void arrive_job_ended(struct worker *w, nsec now)
{
    w->under_way--;
    if (!w->backlog_count)
        return;
    struct arrival a = backlog_take(w);
    start_job(w, &a, now);
}

void arrive_drop_backlog(struct worker *w)
{
    w->record.generator.abandoned += w->backlog_count;
    worker_count_in_flight(w, -w->backlog_count);
    w->backlog_count = 0;
}

/* ---- arriving ---- */

/* With a number of jobs, or a list of them, the load ends with the last; else when its time is over. */
static void arrivals_over(struct worker *w)
{
    const struct plan_load_model *load = &w->plan->load;
    bool all_came = load->jobs && w->arrivals.index >= load->jobs;
    if (all_came || load->phases[load->phase_count - 1].duration == NSEC_NEVER)
        worker_end_load(w);
}

static void arm(struct worker *w)
{
    struct arrival *a = &w->next_arrival;
    w->expects = arrivals_next(&w->arrivals, &a->due, &a->index, &a->phase);
    a->due += w->load_start;
}

static void on_arrive(struct timer *timer)
{
    struct worker *w = CONTAINER(struct worker, arrive, timer);
    nsec now = loop_now(w->loop);
    while (w->expects && !w->load_over && w->next_arrival.due <= now) {
        struct arrival a = w->next_arrival;
        arm(w);
        if (!worker_admit(w))
            continue;
        if (w->concurrent && w->under_way >= w->concurrent)
            backlog_add(w, &a);
        else
            start_job(w, &a, a.due);
    }
    if (!w->expects)
        arrivals_over(w);
    else if (!w->load_over)
        timer_set(w->loop, &w->arrive, w->next_arrival.due);
}

void arrive_begin(struct worker *w)
{
    arm(w);
    timer_set(w->loop, &w->arrive, w->expects ? w->next_arrival.due : w->load_start);
}

void arrive_stop(struct worker *w)
{
    timer_cancel(w->loop, &w->arrive);
}
