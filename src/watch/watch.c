#include "watch.h"

#include "container.h"
#include "fetch.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
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
    struct fetch scrape;
    bool scraping;
    bool last_scrape;       /* the loop ends with the scrape that is under way */
    struct record log;      /* series and probes in loop time */
    struct figures figures; /* of the last scrape */
    int scrapes, failed_scrapes;
    char why[HTTP_ERROR_TEXT]; /* the last scrape failed */
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
    fetch_init(&w->scrape, on_scraped, METRICS_MAX);
    record_init(&w->log, &(struct record_shape){0});
    for (int i = 0; i < FIGURES; i++) {
        record_add_series(&w->log, figure_kinds[i].series, figure_kinds[i].unit);
        atomic_store(&w->latest[i], NAN);
    }
    return w;
}

void watch_destroy(struct watch *w)
{
    if (!w)
        return;
    for (int i = 0; i < PROBES; i++)
        fetch_finish(&w->probes[i].fetch);
    fetch_finish(&w->scrape);
    http_pool_finish(&w->pool);
    record_finish(&w->log);
    loop_destroy(w->loop);
    free(w);
}

/* ---- probes ---- */

static void log_probe(struct watch *w, nsec at, nsec took, bool ok)
{
    record_add_probe(&w->log, (struct record_probe){.at = at, .took = took, .ok = ok});
}

static void on_probed(struct fetch *f)
{
    struct probe *p = CONTAINER(struct probe, fetch, f);
    p->busy = false;
    log_probe(p->watch, p->at, f->exchange.ended - p->at, fetch_ok(f));
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
        log_probe(w, loop_now(w->loop), 0, false);
        return;
    }
    p->busy = true;
    p->at = loop_now(w->loop);
    fetch_start(&p->fetch, &w->pool, &w->config.target, w->config.health_path, PROBE_TIMEOUT);
}

/* ---- scrapes ---- */

static void take_figures(struct watch *w, nsec at)
{
    figures_read(buf_text(&w->scrape.body), w->scrape.body.len, &w->figures);
    for (int i = 0; i < FIGURES; i++) {
        if (!w->figures.present[i])
            continue;
        record_add_point(&w->log, &w->log.series[i], at, w->figures.value[i]);
        w->log.series[i].simulated |= w->figures.simulated[i];
        atomic_store(&w->latest[i], w->figures.value[i]);
    }
}

static void on_scraped(struct fetch *f)
{
    struct watch *w = CONTAINER(struct watch, scrape, f);
    w->scraping = false;
    w->scrapes++;
    if (fetch_ok(f)) {
        take_figures(w, f->exchange.started);
    } else {
        w->failed_scrapes++;
        if (f->exchange.fail == FAIL_NONE)
            snprintf(w->why, sizeof w->why, "%s answered with status %d", w->config.metrics_path,
                     f->exchange.status);
        else
            snprintf(w->why, sizeof w->why, "%s: %.100s", w->config.metrics_path, f->error);
    }
    if (w->last_scrape)
        loop_stop(w->loop);
}

static void scrape(struct watch *w)
{
    if (w->scraping)
        return;
    w->scraping = true;
    fetch_start(&w->scrape, &w->pool, &w->config.target, w->config.metrics_path, SCRAPE_TIMEOUT);
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
    if (!atomic_load(&w->stopping) || w->last_scrape)
        return;
    w->last_scrape = true;
    timer_cancel(w->loop, &w->probe_timer);
    timer_cancel(w->loop, &w->scrape_timer);
    if (w->config.metrics_path[0])
        scrape(w);
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

static void collect_series(const struct watch *w, struct record *record, nsec zero, int i)
{
    const struct figure_kind *kind = &figure_kinds[i];
    const struct record_series *from = &w->log.series[i];
    struct record_series *to = record_add_series(record, kind->series, kind->unit);
    for (int k = 0; k < from->count; k++)
        record_add_point(record, to, from->points[k].at - zero, from->points[k].value);
    to->simulated = from->simulated;
    if (from->count)
        return;
    bool read = w->scrapes > w->failed_scrapes;
    to->state = read && kind->optional ? SERIES_ABSENT : SERIES_UNREADABLE;
    const char *why = read                        ? kind->absence
                      : w->config.metrics_path[0] ? w->why
                                                  : "the workflow names no metrics";
    to->why = arena_copy(&record->arena, why, strlen(why));
}

static bool moved(const struct record_series *s)
{
    for (int i = 1; i < s->count; i++)
        if (s->points[i].value != s->points[0].value)
            return true;
    return false;
}

/* What is wrong with a figure that every target has; NULL when nothing is. */
static const char *wrong_with(const struct record_series *s, const struct figure_kind *kind)
{
    if (s->count == 0)
        return "missing";
    return kind->moves && !moved(s) ? "stood still" : NULL;
}

static void collect_metrics(const struct watch *w, struct record *record)
{
    struct record_metrics *m = &record->metrics;
    *m = (struct record_metrics){
        .readable = w->scrapes > w->failed_scrapes,
        .why = arena_copy(&record->arena, w->why, strlen(w->why)),
        .families = w->figures.families,
        .scrapes = w->scrapes,
        .failed_scrapes = w->failed_scrapes,
        .wrong = arena_new(&record->arena, const char *, FIGURES),
    };
    for (int i = 0; i < FIGURES && m->readable; i++) {
        const struct record_series *s = &w->log.series[i];
        const char *wrong = wrong_with(s, &figure_kinds[i]);
        if (figure_kinds[i].optional)
            continue;
        m->expected++;
        m->present += s->count > 0;
        m->moving += moved(s);
        if (wrong)
            m->wrong[m->wrong_count++] =
                arena_printf(&record->arena, "%s: %s", figure_kinds[i].metric, wrong);
    }
}

void watch_collect(const struct watch *w, struct record *record, nsec zero)
{
    for (int i = 0; i < FIGURES; i++)
        collect_series(w, record, zero, i);
    collect_metrics(w, record);
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
