#include "watch.h"

#include "container.h"
#include "gpus.h"
#include "probes.h"
#include "scrapes.h"
#include "tick.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct watch {
    struct watch_config config;
    struct loop *loop;
    pthread_t thread;
    bool started;
    struct http_pool pool;
    struct record log; /* in loop time: series, as scrapes_init() says, and probes */
    struct probes probes;
    struct scrapes scrapes;
    struct process_watch *process;
    struct gpus *gpus;
    struct timer pid_timer; /* after a restart the cards hold another process' memory */
    sem_t first_scrape;     /* is over */
    atomic_bool stopping;
    bool ending;
};

static void on_first_scrape(void *context)
{
    struct watch *w = context;
    sem_post(&w->first_scrape);
}

static void on_last_scrape(void *context)
{
    struct watch *w = context;
    loop_stop(w->loop);
}

static void init_parts(struct watch *w)
{
    const struct watch_config *c = &w->config;
    http_pool_init(&w->pool, &(struct http_pool_config){.loop = w->loop, .place = &c->target.place});
    probes_init(&w->probes, &(struct probes_config){.loop = w->loop,
                                                    .pool = &w->pool,
                                                    .target = &c->target,
                                                    .path = c->health_path,
                                                    .every = c->probe_every,
                                                    .log = &w->log});
    scrapes_init(&w->scrapes, &(struct scrapes_config){.loop = w->loop,
                                                       .pool = &w->pool,
                                                       .target = &c->target,
                                                       .path = c->metrics_path,
                                                       .every = c->scrape_every,
                                                       .metrics = c->metrics,
                                                       .metric_count = c->metric_count,
                                                       .log = &w->log,
                                                       .first_over = on_first_scrape,
                                                       .last_over = on_last_scrape,
                                                       .context = w});
}

static void tell_pid(struct watch *w)
{
    gpus_set_pid(w->gpus, watch_pid(w));
}

static void on_pid_timer(struct timer *timer)
{
    struct watch *w = CONTAINER(struct watch, pid_timer, timer);
    tell_pid(w);
    tick_next(w->loop, timer, w->config.process.every);
}

static struct gpus *create_gpus(struct watch *w)
{
    struct gpus_config config = {.here = watch_is_here(w), .every = w->config.process.every};
    w->pid_timer.fire = on_pid_timer;
    return gpus_create(&config);
}

struct watch *watch_create(const struct watch_config *config)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->config = *config;
    w->loop = loop_epoll_create();
    w->process = w->loop ? process_watch_create(&config->process) : NULL;
    w->gpus = w->process ? create_gpus(w) : NULL;
    if (!w->gpus) {
        process_watch_destroy(w->process);
        if (w->loop)
            loop_destroy(w->loop);
        free(w);
        return NULL;
    }
    sem_init(&w->first_scrape, 0, 0);
    record_init(&w->log, &(struct record_shape){0});
    init_parts(w);
    return w;
}

void watch_destroy(struct watch *w)
{
    if (!w)
        return;
    probes_finish(&w->probes);
    scrapes_finish(&w->scrapes);
    gpus_destroy(w->gpus);
    process_watch_destroy(w->process);
    http_pool_finish(&w->pool);
    sem_destroy(&w->first_scrape);
    record_finish(&w->log);
    loop_destroy(w->loop);
    free(w);
}

/* ---- the thread ---- */

static void on_wake(void *context)
{
    struct watch *w = context;
    if (!atomic_load(&w->stopping) || w->ending)
        return;
    w->ending = true;
    timer_cancel(w->loop, &w->pid_timer);
    probes_stop(&w->probes);
    scrapes_end(&w->scrapes);
}

static void *run(void *context)
{
    struct watch *w = context;
    probes_start(&w->probes);
    scrapes_start(&w->scrapes);
    timer_set(w->loop, &w->pid_timer, loop_now(w->loop));
    loop_run(w->loop);
    return NULL;
}

/* Without anything to ask there is no thread for it. */
static bool start_asking(struct watch *w)
{
    if (!w->config.health_path[0] && !w->config.metrics_path[0])
        return true;
    loop_on_wake(w->loop, on_wake, w);
    int error = pthread_create(&w->thread, NULL, run, w);
    w->started = error == 0;
    while (w->started && w->config.metrics_path[0] && sem_wait(&w->first_scrape) != 0)
        ; /* a signal came */
    errno = error;
    return w->started;
}

bool watch_start(struct watch *w)
{
    tell_pid(w);
    return process_watch_start(w->process) && gpus_start(w->gpus) && start_asking(w);
}

void watch_stop(struct watch *w)
{
    process_watch_stop(w->process);
    gpus_stop(w->gpus);
    if (!w->started)
        return;
    atomic_store(&w->stopping, true);
    loop_wake(w->loop);
    pthread_join(w->thread, NULL);
    w->started = false;
}

/* ---- what was seen ---- */

static struct record_series *copy_series(const struct record_series *from, struct record *record, nsec zero)
{
    struct record_series *to = record_add_series(record, from->name, from->unit);
    for (int k = 0; k < from->count; k++)
        record_add_point(record, to, from->points[k].at - zero, from->points[k].value);
    to->simulated = from->simulated;
    return to;
}

static const char *absence(const struct watch *w, int i)
{
    if (scrapes_readable(&w->scrapes))
        return i < FIGURES ? figure_kinds[i].absence : "the target's metrics have no such series";
    return w->config.metrics_path[0] ? w->scrapes.why : "the workflow names no metrics";
}

static void collect_series(const struct watch *w, struct record *record, nsec zero, int i)
{
    bool is_figure = i < FIGURES, read = scrapes_readable(&w->scrapes);
    struct record_series *to = copy_series(&w->log.series[i], record, zero);
    if (to->count)
        return;
    to->state = read && (!is_figure || figure_kinds[i].optional) ? SERIES_ABSENT : SERIES_UNREADABLE;
    to->why = arena_printf(&record->arena, "%s", absence(w, i));
}

static const char *const of_process[FIGURES] = {
    [FIGURE_MEMORY] = "process.rss", [FIGURE_CPU] = "process.cpu", [FIGURE_FDS] = "process.fds"};

/* What the target's metrics do not tell its process does, so that criteria hold of any target. */
static void fill_in(struct record *record, struct record_series *to, const char *name)
{
    const struct record_series *from = record_find_series(record, name);
    bool found = from->state == SERIES_PRESENT;
    for (int i = 0; i < from->count; i++)
        record_add_point(record, to, from->points[i].at, from->points[i].value);
    to->why =
        arena_printf(&record->arena, "%s; %s%s%s", to->why, found ? "read from its process" : "its process",
                     *from->why ? ": " : "", from->why);
}

void watch_collect(const struct watch *w, struct record *record, nsec zero)
{
    int first = record->series_count;
    for (int i = 0; i < w->log.series_count; i++)
        collect_series(w, record, zero, i);
    process_watch_collect(w->process, record, zero);
    for (int i = 0; i < FIGURES; i++)
        if (of_process[i] && record->series[first + i].state != SERIES_PRESENT)
            fill_in(record, &record->series[first + i], of_process[i]);
    scrapes_collect(&w->scrapes, record, zero);
    for (int i = 0; i < w->log.probe_count; i++) {
        struct record_probe p = w->log.probes[i];
        p.at -= zero;
        record_add_probe(record, p);
    }
    gpus_collect(w->gpus, record, zero);
}

bool watch_is_here(const struct watch *w)
{
    return process_watch_is_here(w->process);
}

int watch_pid(const struct watch *w)
{
    return process_watch_pid(w->process);
}

double watch_latest(const struct watch *w, enum figure figure)
{
    double told = scrapes_latest(&w->scrapes, figure);
    return isnan(told) && figure == FIGURE_MEMORY ? process_watch_rss(w->process) : told;
}
