#include "doctor.h"

#include "engine.h"
#include "gpu.h"
#include "interrupt.h"
#include "machine.h"
#include "metric_check.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAMES_TEXT = 1000, NAMES_MAX = 8, CLOCK_QUESTIONS = 4 };

#define CLOCK_TOLERANCE 2.0 /* seconds; beyond it the target's own times have to be mapped */

/* ---- health and models ---- */

static struct preflight_visit *visit(struct doctor *d)
{
    const struct workflow *w = &doctor_plan(d)->workflow;
    if (d->visit)
        return d->visit;
    struct preflight_config config = target_preflight(&d->target, w, d->options, interrupt_flag());
    return d->visit = preflight_begin(&config, &d->preflight);
}

static void tell_preflight(const struct doctor *d, struct doctor_result *r)
{
    doctor_tell_unreachable(r, d->preflight.hint, "%s", d->preflight.message);
}

void doctor_health(struct doctor *d, struct doctor_result *r)
{
    struct preflight_visit *v = visit(d);
    const char *path = doctor_plan(d)->workflow.health_path;
    if (!v)
        doctor_tell(r, DOCTOR_FAILED, "Raise the limit of descriptors (ulimit -n).",
                    "no event loop for a question");
    else if (!preflight_listens(v) || !preflight_health(v))
        tell_preflight(d, r);
    else if (!*path)
        doctor_tell(r, DOCTOR_OK, NULL, "it answers; the workflow names no health path");
    else
        doctor_tell(r, DOCTOR_OK, NULL, "GET %s: %s%s%s", path, d->preflight.health,
                    d->preflight.server[0] ? ", " : "", d->preflight.server);
}

void doctor_models(struct doctor *d, struct doctor_result *r)
{
    const char *path = doctor_plan(d)->workflow.ready_path;
    if (!*path) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the workflow names no path that says it (ready)");
        return;
    }
    if (!preflight_ready(d->visit)) {
        tell_preflight(d, r);
        return;
    }
    int status = preflight_answer(d->visit)->exchange.status;
    if (status / 100 == 2)
        doctor_tell(r, DOCTOR_OK, NULL, "GET %s: loaded", path);
    else
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "GET %s answers with status %d: the target does not say it",
                    path, status);
}

/* ---- metrics ---- */

/* Asks for them once more; false: there are none, and `r` says why. */
static bool scrape_now(struct doctor *d, struct doctor_result *r)
{
    const struct plan *p = doctor_plan(d);
    const char *path = p->workflow.metrics_path;
    struct preflight_visit *v = visit(d);
    const char *next =
        "Whoever looks after the backend watches these; a workflow's `metrics:` names another path, or "
        "none (\"\").";
    if (!v || !preflight_get(v, path)) {
        tell_preflight(d, r);
        return false;
    }
    const struct fetch *f = preflight_answer(v);
    if (!fetch_ok(f)) {
        doctor_tell(r, DOCTOR_FAILED, next, "GET %s answers with status %d", path, f->exchange.status);
        return false;
    }
    d->rescraped_at = f->exchange.started;
    d->scraped_at = d->scraped_at ? d->scraped_at : f->exchange.ended;
    if (scrape_read(&d->scrape, f->names.content_type, buf_text(&f->body), f->body.len, f->exchange.started,
                    &d->log))
        return true;
    doctor_tell(r, DOCTOR_FAILED, next, "GET %s holds no metrics%s%s", path, d->scrape.mistake[0] ? "; " : "",
                d->scrape.mistake);
    return false;
}

static void collect(const struct doctor *d, struct record *into)
{
    const struct scrape *s = &d->scrape;
    into->metrics =
        (struct record_metrics){.readable = true,
                                .families = s->families,
                                .scrapes = s->track.scrapes,
                                .first = d->scraped_at - d->zero,
                                .last = d->rescraped_at - d->zero,
                                .restarts = s->restarts,
                                .items = arena_new(&into->arena, struct record_metric, s->track.count + 1),
                                .count = s->track.count};
    for (int i = 0; i < s->track.count; i++)
        track_collect(&s->track, i, &into->arena, &into->metrics.items[i]);
}

/* What is wrong with metrics, one after the other, and what to do about the first of them. */
struct complaints {
    char list[NAMES_TEXT];
    int count;
    size_t more_at;
    const char *next;
};

static void complain(struct complaints *c, const struct metric_check *m)
{
    size_t len = strlen(c->list);
    if (c->count < NAMES_MAX)
        snprintf(c->list + len, sizeof c->list - len, "%s%s %s", len ? "; " : "", m->expected->selector->text,
                 m->wrong);
    else
        snprintf(c->list + c->more_at, sizeof c->list - c->more_at, "; and %d more",
                 c->count + 1 - NAMES_MAX);
    c->more_at = c->count < NAMES_MAX ? strlen(c->list) : c->more_at;
    c->next = c->next ? c->next : m->next;
    c->count++;
}

static void tell_metrics(const struct doctor *d, struct doctor_result *r, const struct metric_checks *all)
{
    const struct scrape *s = &d->scrape;
    struct complaints c = {0};
    char families[80] = "";
    for (int i = 0; i < all->count; i++)
        if (all->items[i].wrong)
            complain(&c, &all->items[i]);
    if (all->few_families)
        snprintf(families, sizeof families, ", fewer than the %d that the workflow expects",
                 doctor_plan(d)->workflow.families);
    const char *next = s->mistakes ? "correct what writes that line: Prometheus may refuse all of them"
                       : c.next    ? c.next
                       : all->few_families
                           ? "look whether the target's version exports them, or lower expect_families"
                           : NULL;
    doctor_tell(r, next ? DOCTOR_FAILED : DOCTOR_OK, next,
                "%d families%s, %d of %d expected metrics present%s%s%s%s", s->families, families,
                all->present, all->expected, c.count ? ": " : "", c.list, s->mistakes ? "; " : "",
                s->mistake);
}

void doctor_metrics(struct doctor *d, struct doctor_result *r)
{
    const struct plan *p = doctor_plan(d);
    if (!p->workflow.metrics_path[0]) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the workflow names no metrics");
        return;
    }
    record_init(&d->log, &(struct record_shape){0});
    scrape_init(&d->scrape, p->watched, p->watched_count, &d->log);
    d->scraping = true;
    if (!scrape_now(d, r))
        return;
    struct record_shape shape = engine_record_shape(p);
    struct record none; /* no job was played yet */
    struct metric_checks all;
    record_init(&none, &shape);
    collect(d, &none);
    metric_check_all(p, &none, &none.arena, &all);
    tell_metrics(d, r, &all);
    record_finish(&none);
}

/* The job is over: have they counted it? */
void doctor_counts(struct doctor *d, struct doctor_result *r)
{
    struct metric_checks all;
    struct complaints c = {0};
    if (!d->scraping) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the workflow names no metrics");
        return;
    }
    if (!scrape_now(d, r))
        return;
    collect(d, &d->record);
    metric_check_all(doctor_plan(d), &d->record, &d->record.arena, &all);
    for (int i = 0; i < all.count; i++)
        if (all.items[i].moved == METRIC_NO || all.items[i].agrees == METRIC_NO)
            complain(&c, &all.items[i]);
    doctor_tell(r, c.count ? DOCTOR_FAILED : DOCTOR_OK, c.next,
                "%d metrics moved with the job, %d of %d that count jobs have counted it%s%s%s", all.moving,
                all.agree + all.more, all.compared, all.more ? " (and others)" : "", c.count ? ": " : "",
                c.list);
}

/* ---- GPU ---- */

/* The driver of this machine, where the target is on it. */
static void tell_driver(struct doctor *d, struct doctor_result *r)
{
    char why[GPU_WHY];
    const char *read = d->results[CHECK_METRICS].state >= DOCTOR_OK ? "show none" : "were not read";
    if (!addr_is_local(&d->target.http.place.addrs[0])) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the target's metrics %s, and it is on another machine",
                    read);
        return;
    }
    struct gpu_set *gpus = gpu_open(NULL, why);
    if (!gpus) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the target's metrics %s, and there is none here: %s", read,
                    why);
        return;
    }
    struct gpu_reading first;
    gpu_read(gpus, 0, NULL, &first);
    const char *driver = gpu_driver(gpus, 0);
    doctor_tell(r, DOCTOR_OK, NULL, "%d here (%s, by %s%s%s), read during a run", gpu_count(gpus),
                first.name[0] ? first.name : first.vendor, first.source, *driver ? " " : "", driver);
    gpu_close(gpus);
}

void doctor_gpu(struct doctor *d, struct doctor_result *r)
{
    const struct figures *f = &d->scrape.figures;
    bool memory = d->scraping && f->present[FIGURE_GPU_MEMORY],
         usage = d->scraping && f->present[FIGURE_GPU_USAGE];
    char text[100] = "";
    if (!memory && !usage) {
        tell_driver(d, r);
        return;
    }
    if (memory)
        snprintf(text, sizeof text, "%.6g MB allocated", f->value[FIGURE_GPU_MEMORY]);
    if (usage)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.3g %% used", memory ? ", " : "",
                 f->value[FIGURE_GPU_USAGE]);
    bool simulated = f->simulated[memory ? FIGURE_GPU_MEMORY : FIGURE_GPU_USAGE];
    doctor_tell(r, DOCTOR_OK, NULL, "the target's metrics show it: %s%s", text,
                simulated ? " (simulated)" : "");
}

/* ---- clock ---- */

/* How far the target's clock is ahead of ours, in seconds: a Date is cut to seconds, and was written between
 * question and answer. */
struct date_bounds {
    double low, high;
    int answers;
};

/* False: it has no such header, or nobody can read it. */
static bool take_date(struct date_bounds *c, const struct fetch *f, double sent, double came)
{
    double date = (double)http1_date(f->names.date);
    if (date < 0)
        return false;
    c->low = fmax(c->low, date - came);
    c->high = fmin(c->high, date + 2 - sent); /* cut to its second, and kept for one */
    c->answers++;
    return true;
}

static bool ask_for_dates(struct doctor *d, struct date_bounds *c)
{
    const struct workflow *w = &doctor_plan(d)->workflow;
    struct preflight_visit *v = visit(d);
    const char *path = w->health_path[0] ? w->health_path : "/";
    int64_t before = v ? preflight_connects(v) : 0;
    for (int i = 0; v && i < CLOCK_QUESTIONS; i++) {
        if (i)
            poll(NULL, 0, 110); /* other parts of a second tell more */
        double sent = (double)clock_wall() / NSEC_PER_SEC;
        if (!preflight_get(v, path))
            return false;
        take_date(c, preflight_answer(v), sent, (double)clock_wall() / NSEC_PER_SEC);
    }
    d->closes = v && preflight_connects(v) - before >= CLOCK_QUESTIONS - 1;
    return v;
}

void doctor_clock(struct doctor *d, struct doctor_result *r)
{
    struct date_bounds c = {.low = -INFINITY, .high = INFINITY};
    const char *ours = machine_clock_state();
    if (!ask_for_dates(d, &c)) {
        tell_preflight(d, r);
        return;
    }
    if (!c.answers) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the target's answers have no Date; %s", ours);
        return;
    }
    bool off = c.low > CLOCK_TOLERANCE || c.high < -CLOCK_TOLERANCE;
    if (c.low > c.high) /* it was set meanwhile, or its answers come from several machines */
        doctor_tell(r, DOCTOR_WARNING, "Do several machines answer for the target? Let all of them use NTP.",
                    "the target's times contradict each other by %.3g s; %s", c.low - c.high, ours);
    else
        doctor_tell(r, off ? DOCTOR_WARNING : DOCTOR_OK,
                    off ? "Let both machines use NTP; until then the target's own times are off by so much."
                        : NULL,
                    "the target's differs from ours by %+.2f to %+.2f s; %s", c.low, c.high, ours);
}
