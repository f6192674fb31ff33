#include "scrapes.h"

#include "container.h"
#include "tick.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SCRAPE_TIMEOUT (5 * NSEC_PER_SEC)

enum { METRICS_MAX = 32 << 20 };

static void fetch(struct scrapes *s)
{
    if (s->under_way)
        return;
    s->under_way = true;
    fetch_start(&s->exposition, s->config.pool, s->config.target, s->config.path, SCRAPE_TIMEOUT);
}

/* One that was under way may have been answered before the last job ended. */
static void fetch_last(struct scrapes *s)
{
    s->last = !s->under_way;
    fetch(s);
}

static void take_figures(struct scrapes *s, nsec at)
{
    const struct figures *f = &s->scrape.figures;
    struct record *log = s->config.log;
    for (int i = 0; i < FIGURES; i++) {
        if (!f->present[i])
            continue;
        record_add_point(log, &log->series[i], at, f->value[i]);
        log->series[i].simulated |= f->simulated[i];
        atomic_store(&s->latest[i], f->value[i]);
    }
}

/* What came is read; false: it is no exposition. */
static bool take_exposition(struct scrapes *s)
{
    const struct fetch *f = &s->exposition;
    nsec at = f->exchange.started;
    if (!scrape_read(&s->scrape, f->names.content_type, buf_text(&f->body), f->body.len, at, s->config.log))
        return false;
    take_figures(s, at);
    s->first_good = s->first_good < 0 ? f->exchange.ended : s->first_good;
    s->last_good = at;
    return true;
}

static void explain_failure(struct scrapes *s)
{
    const struct fetch *f = &s->exposition;
    const char *path = s->config.path;
    if (f->exchange.fail != FAIL_NONE)
        snprintf(s->why, sizeof s->why, "%s: %.100s", path, f->error);
    else if (!fetch_ok(f))
        snprintf(s->why, sizeof s->why, "%s answered with status %d", path, f->exchange.status);
    else if (s->scrape.parser.cut && s->scrape.parser.samples)
        snprintf(s->why, sizeof s->why, "%s was cut; %s", path, s->scrape.mistake);
    else if (s->scrape.mistake[0])
        snprintf(s->why, sizeof s->why, "%s holds no metrics; %s", path, s->scrape.mistake);
    else
        snprintf(s->why, sizeof s->why, "%s holds no metrics", path);
}

static void on_scraped(struct fetch *f)
{
    struct scrapes *s = CONTAINER(struct scrapes, exposition, f);
    s->under_way = false;
    if (!fetch_ok(f) || !take_exposition(s)) {
        s->failed++;
        explain_failure(s);
    }
    if (s->count++ == 0)
        s->config.first_over(s->config.context);
    if (s->last)
        s->config.last_over(s->config.context);
    else if (s->ending)
        fetch_last(s);
}

static void on_timer(struct timer *timer)
{
    struct scrapes *s = CONTAINER(struct scrapes, timer, timer);
    tick_next(s->config.loop, timer, s->config.every);
    fetch(s);
}

void scrapes_init(struct scrapes *s, const struct scrapes_config *config)
{
    *s = (struct scrapes){.config = *config, .timer.fire = on_timer, .first_good = -1, .last_good = -1};
    fetch_init(&s->exposition, on_scraped, METRICS_MAX);
    s->exposition.accept = PROMTEXT_ACCEPT;
    for (int i = 0; i < FIGURES; i++) {
        record_add_series(config->log, figure_kinds[i].series, figure_kinds[i].unit);
        atomic_init(&s->latest[i], NAN);
    }
    scrape_init(&s->scrape, config->metrics, config->metric_count, config->log);
}

void scrapes_finish(struct scrapes *s)
{
    fetch_finish(&s->exposition);
    scrape_finish(&s->scrape);
}

void scrapes_start(struct scrapes *s)
{
    if (s->config.path[0])
        timer_set(s->config.loop, &s->timer, loop_now(s->config.loop));
}

void scrapes_end(struct scrapes *s)
{
    timer_cancel(s->config.loop, &s->timer);
    s->ending = true;
    if (s->config.path[0])
        fetch_last(s);
    else
        s->config.last_over(s->config.context);
}

/* ---- what was seen ---- */

bool scrapes_readable(const struct scrapes *s)
{
    return s->count > s->failed;
}

void scrapes_collect(const struct scrapes *s, struct record *record, nsec zero)
{
    const struct scrape *read = &s->scrape;
    struct record_metrics *m = &record->metrics;
    *m = (struct record_metrics){
        .readable = scrapes_readable(s),
        .why = arena_copy(&record->arena, s->why, strlen(s->why)),
        .families = read->families,
        .scrapes = s->count,
        .failed_scrapes = s->failed,
        .first = s->first_good < 0 ? NSEC_NEVER : s->first_good - zero,
        .last = s->last_good < 0 ? -NSEC_NEVER : s->last_good - zero,
        .restarts = read->restarts,
        .restart = read->restarts ? (struct record_span){read->restart.start - zero, read->restart.end - zero}
                                  : (struct record_span){-1, -1},
        .mistakes = read->mistakes,
        .mistake = arena_copy(&record->arena, read->mistake, strlen(read->mistake)),
        .unread = read->unread,
        .unkept = read->track.unkept,
        .items = arena_new(&record->arena, struct record_metric, read->track.count + 1),
        .count = read->track.count,
    };
    for (int i = 0; i < m->count; i++)
        track_collect(&read->track, i, &record->arena, &m->items[i]);
}

double scrapes_latest(const struct scrapes *s, enum figure figure)
{
    return atomic_load(&s->latest[figure]);
}
