#include "watch.h"

#include "container.h"
#include "fetch.h"
#include "scrape.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_TIMEOUT (5 * NSEC_PER_SEC)
#define SCRAPE_TIMEOUT (5 * NSEC_PER_SEC)

enum {
    PROBES = 64, /* under way at once; with all of them hanging, the next is a failure without being sent */
    METRICS_MAX = 32 << 20,
    LOG_MAX = 256 << 20,
};

struct probe {
    struct fetch fetch;
    struct watch *watch;
    bool busy;
    nsec at;
};

struct watch {
    struct watch_config config;
    struct loop *loop;
    pthread_t thread;
    bool started;
    struct http_pool pool;
    struct timer probe_timer, scrape_timer;
    struct probe probes[PROBES];
    struct fetch exposition;
    bool scraping;
    bool ending;        /* one more scrape that begins from now on, then the loop ends */
    bool last_scrape;   /* it is the one under way */
    sem_t first_scrape; /* is over */
    struct record log;  /* in loop time: series, the figures' first and then the metrics', and probes */
    struct scrape scrape;
    int scrapes, failed_scrapes;
    nsec first_good, last_good; /* as in the record */
    char why[SCRAPE_TEXT + 64]; /* the last scrape failed */
    _Atomic double latest[FIGURES];
    atomic_bool stopping;
};

static void on_probe_timer(struct timer *timer);
static void on_probed(struct fetch *f);
static void on_scrape_timer(struct timer *timer);
static void on_scraped(struct fetch *f);

struct watch *watch_create(const struct watch_config *config)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->config = *config;
    w->loop = loop_epoll_create();
    if (!w->loop) {
        free(w);
        return NULL;
    }
    struct http_pool_config pool = {.loop = w->loop, .place = &config->target.place};
    http_pool_init(&w->pool, &pool);
    w->probe_timer.fire = on_probe_timer;
    w->scrape_timer.fire = on_scrape_timer;
    for (int i = 0; i < PROBES; i++) {
        fetch_init(&w->probes[i].fetch, on_probed, 64 << 10);
        w->probes[i].watch = w;
    }
    fetch_init(&w->exposition, on_scraped, METRICS_MAX);
    w->first_good = w->last_good = -1;
    sem_init(&w->first_scrape, 0, 0);
    record_init(&w->log, &(struct record_shape){0});
    for (int i = 0; i < FIGURES; i++) {
        record_add_series(&w->log, figure_kinds[i].series, figure_kinds[i].unit);
        atomic_store(&w->latest[i], NAN);
    }
    scrape_init(&w->scrape, config->metrics, config->metric_count, &w->log);
    return w;
}

void watch_destroy(struct watch *w)
{
    if (!w)
        return;
    for (int i = 0; i < PROBES; i++)
        fetch_finish(&w->probes[i].fetch);
    fetch_finish(&w->exposition);
    http_pool_finish(&w->pool);
    scrape_finish(&w->scrape);
    sem_destroy(&w->first_scrape);
    record_finish(&w->log);
    loop_destroy(w->loop);
    free(w);
}

/* ---- probes ---- */

static void log_probe(struct watch *w, nsec at, nsec took, bool ok, enum fail_kind fail)
{
    record_add_probe(&w->log, (struct record_probe){.at = at, .took = took, .ok = ok, .fail = fail});
}

static void on_probed(struct fetch *f)
{
    struct probe *p = CONTAINER(struct probe, fetch, f);
    p->busy = false;
    log_probe(p->watch, p->at, f->exchange.ended - p->at, fetch_ok(f), f->exchange.fail);
}

static struct probe *free_probe(struct watch *w)
{
    for (int i = 0; i < PROBES; i++)
        if (!w->probes[i].busy)
            return &w->probes[i];
    return NULL;
}

/* The next time on the grid, past what was missed. */
static nsec next_tick(const struct watch *w, nsec due, nsec every)
{
    nsec now = loop_now(w->loop);
    return due + every > now ? due + every : now + every;
}

static void on_probe_timer(struct timer *timer)
{
    struct watch *w = CONTAINER(struct watch, probe_timer, timer);
    timer_set(w->loop, timer, next_tick(w, timer->node.due, w->config.probe_every));
    struct probe *p = free_probe(w);
    if (!p) {
        log_probe(w, loop_now(w->loop), 0, false, FAIL_TIMEOUT);
        return;
    }
    p->busy = true;
    p->at = loop_now(w->loop);
    fetch_start(&p->fetch, &w->pool, &w->config.target, w->config.health_path, PROBE_TIMEOUT);
}

/* ---- scrapes ---- */

static void scrape(struct watch *w)
{
    if (w->scraping)
        return;
    w->scraping = true;
    fetch_start(&w->exposition, &w->pool, &w->config.target, w->config.metrics_path, SCRAPE_TIMEOUT);
}

/* One that was under way may have been answered before the last job ended. */
static void scrape_last(struct watch *w)
{
    w->last_scrape = !w->scraping;
    scrape(w);
}

static void take_figures(struct watch *w, nsec at)
{
    const struct figures *f = &w->scrape.figures;
    for (int i = 0; i < FIGURES; i++) {
        if (!f->present[i])
            continue;
        record_add_point(&w->log, &w->log.series[i], at, f->value[i]);
        w->log.series[i].simulated |= f->simulated[i];
        atomic_store(&w->latest[i], f->value[i]);
    }
}

/* What came is read; false: it is no exposition. */
static bool take_exposition(struct watch *w)
{
    const struct fetch *f = &w->exposition;
    nsec at = f->exchange.started;
    if (!scrape_read(&w->scrape, f->names.content_type, buf_text(&f->body), f->body.len, at, &w->log))
        return false;
    take_figures(w, at);
    w->first_good = w->first_good < 0 ? f->exchange.ended : w->first_good;
    w->last_good = at;
    return true;
}

static void explain_failure(struct watch *w)
{
    const struct fetch *f = &w->exposition;
    const char *path = w->config.metrics_path;
    if (f->exchange.fail != FAIL_NONE)
        snprintf(w->why, sizeof w->why, "%s: %.100s", path, f->error);
    else if (!fetch_ok(f))
        snprintf(w->why, sizeof w->why, "%s answered with status %d", path, f->exchange.status);
    else if (w->scrape.mistake[0])
        snprintf(w->why, sizeof w->why, "%s holds no metrics; %s", path, w->scrape.mistake);
    else
        snprintf(w->why, sizeof w->why, "%s holds no metrics", path);
}

static void on_scraped(struct fetch *f)
{
    struct watch *w = CONTAINER(struct watch, exposition, f);
    w->scraping = false;
    if (!fetch_ok(f) || !take_exposition(w)) {
        w->failed_scrapes++;
        explain_failure(w);
    }
    if (w->scrapes++ == 0)
        sem_post(&w->first_scrape);
    if (w->last_scrape)
        loop_stop(w->loop);
    else if (w->ending)
        scrape_last(w);
}

static void on_scrape_timer(struct timer *timer)
{
    struct watch *w = CONTAINER(struct watch, scrape_timer, timer);
    timer_set(w->loop, timer, next_tick(w, timer->node.due, w->config.scrape_every));
    scrape(w);
}

/* ---- the thread ---- */

static void on_wake(void *context)
{
    struct watch *w = context;
    if (!atomic_load(&w->stopping) || w->ending)
        return;
    w->ending = true;
    timer_cancel(w->loop, &w->probe_timer);
    timer_cancel(w->loop, &w->scrape_timer);
    if (w->config.metrics_path[0])
        scrape_last(w);
    else
        loop_stop(w->loop);
}

static void *run(void *context)
{
    struct watch *w = context;
    nsec now = loop_now(w->loop);
    if (w->config.health_path[0])
        timer_set(w->loop, &w->probe_timer, now);
    if (w->config.metrics_path[0])
        timer_set(w->loop, &w->scrape_timer, now);
    loop_run(w->loop);
    return NULL;
}

/* Without anything to ask there is no thread: a process of one thread pays less for each system call. */
bool watch_start(struct watch *w)
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

void watch_stop(struct watch *w)
{
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

static bool is_readable(const struct watch *w)
{
    return w->scrapes > w->failed_scrapes;
}

static void collect_series(const struct watch *w, struct record *record, nsec zero, int i)
{
    bool is_figure = i < FIGURES, read = is_readable(w);
    struct record_series *to = copy_series(&w->log.series[i], record, zero);
    if (to->count)
        return;
    to->state = read && (!is_figure || figure_kinds[i].optional) ? SERIES_ABSENT : SERIES_UNREADABLE;
    const char *why = read && is_figure           ? figure_kinds[i].absence
                      : read                      ? "the target's metrics have no such series"
                      : w->config.metrics_path[0] ? w->why
                                                  : "the workflow names no metrics";
    to->why = arena_copy(&record->arena, why, strlen(why));
}

static void collect_metrics(const struct watch *w, struct record *record, nsec zero)
{
    const struct scrape *s = &w->scrape;
    struct record_metrics *m = &record->metrics;
    *m = (struct record_metrics){
        .readable = is_readable(w),
        .why = arena_copy(&record->arena, w->why, strlen(w->why)),
        .families = s->families,
        .scrapes = w->scrapes,
        .failed_scrapes = w->failed_scrapes,
        .first = w->first_good < 0 ? NSEC_NEVER : w->first_good - zero,
        .last = w->last_good < 0 ? -NSEC_NEVER : w->last_good - zero,
        .restarts = s->restarts,
        .restart = s->restarts ? (struct record_span){s->restart.start - zero, s->restart.end - zero}
                               : (struct record_span){-1, -1},
        .mistakes = s->mistakes,
        .mistake = arena_copy(&record->arena, s->mistake, strlen(s->mistake)),
        .unread = s->unread,
        .unkept = s->track.unkept,
        .items = arena_new(&record->arena, struct record_metric, s->track.count + 1),
        .count = s->track.count,
    };
    for (int i = 0; i < m->count; i++)
        track_collect(&s->track, i, &record->arena, &m->items[i]);
}

void watch_collect(const struct watch *w, struct record *record, nsec zero)
{
    for (int i = 0; i < w->log.series_count; i++)
        collect_series(w, record, zero, i);
    collect_metrics(w, record, zero);
    for (int i = 0; i < w->log.probe_count; i++) {
        struct record_probe p = w->log.probes[i];
        p.at -= zero;
        record_add_probe(record, p);
    }
}

double watch_latest(const struct watch *w, enum figure figure)
{
    return atomic_load(&w->latest[figure]);
}
