#include "measure.h"

#include "growth.h"
#include "selection.h"

#include <inttypes.h>
#include <math.h>

struct taking {
    const struct measure *m;
    const struct plan *plan;
    const struct record *record;
    struct selection selection;
    struct arena *arena;
};

static struct measured nothing(enum measured_state state, const char *why)
{
    return (struct measured){
        .state = state, .value = NAN, .interval = interval_none(), .confidence = NAN, .why = why};
}

static struct measured exactly(double value, int64_t count)
{
    return (struct measured){
        .value = value, .interval = interval_none(), .confidence = NAN, .count = count, .why = ""};
}

static struct measured estimated(double value, int64_t count, struct interval interval)
{
    struct measured out = exactly(value, count);
    out.interval = interval;
    out.confidence = interval_exists(interval) ? MEASURE_CONFIDENCE : NAN;
    return out;
}

static struct measured take_count(const struct taking *t)
{
    struct job_counts counts;
    selection_count(t->selection, t->record, &counts);
    int64_t value = t->m->kind == MEASURE_ATTEMPTED  ? counts.attempted
                    : t->m->kind == MEASURE_ACCEPTED ? counts.accepted
                                                     : counts.ok;
    return exactly((double)value, counts.attempted);
}

static struct measured share(int64_t hits, int64_t of)
{
    struct interval i = interval_proportion(hits, of, MEASURE_CONFIDENCE);
    struct measured out =
        estimated(100.0 * (double)hits / (double)of, of, (struct interval){100 * i.low, 100 * i.high});
    out.hits = hits;
    return out;
}

static struct measured take_rate(const struct taking *t)
{
    struct job_counts counts;
    selection_count(t->selection, t->record, &counts);
    int64_t ended = counts.ok + counts.failed;
    if (ended == 0)
        return nothing(MEASURED_NOTHING, counts.attempted ? "no job has ended" : "no job was started");
    return share(t->m->kind == MEASURE_ERROR_RATE ? counts.failed : counts.ok, ended);
}

static struct durations durations_of(const struct taking *t)
{
    return selection_durations(t->selection, t->plan, t->record, t->m->step, t->arena);
}

/* `unknown`: why they cannot be known; NULL: there are none. */
static struct measured no_durations(const struct taking *t, const char *unknown)
{
    if (unknown)
        return nothing(MEASURED_NOTHING, unknown);
    struct job_counts counts;
    selection_count(t->selection, t->record, &counts);
    const char *why =
        counts.attempted == 0 ? "no job was started"
        : t->m->step == SUBJECT_GENERATION
            ? arena_printf(t->arena, "none of %" PRId64 " jobs succeeded", counts.attempted)
        : t->m->step < 0
            ? arena_printf(t->arena, "the %s is known of none of %" PRId64 " jobs",
                           subject_name(&t->plan->workflow, t->m->step), counts.attempted)
            : arena_printf(t->arena, "the step succeeded in none of %" PRId64 " jobs", counts.attempted);
    return nothing(MEASURED_NOTHING, why);
}

static struct measured take_average(const struct taking *t)
{
    struct durations d = durations_of(t);
    if (d.seconds.count == 0)
        return no_durations(t, d.why);
    struct measured out =
        estimated(d.seconds.mean, d.seconds.count, interval_mean(&d.seconds, MEASURE_CONFIDENCE));
    out.censored = d.censored;
    return out;
}

static struct measured take_percentile(const struct taking *t)
{
    struct durations d = durations_of(t);
    bool is_max = t->m->kind == MEASURE_MAX;
    double percent = is_max ? 100 : t->m->percentile;
    if (d.seconds.count + d.censored == 0)
        return no_durations(t, d.why);
    struct interval i =
        is_max ? interval_none() : interval_percentile(&d.seconds, d.censored, percent, MEASURE_CONFIDENCE);
    struct measured out =
        estimated(sample_percentile_censored(&d.seconds, d.censored, percent), d.seconds.count, i);
    out.censored = d.censored;
    return out;
}

static struct measured from_growth(const struct taking *t, const struct record_point *points, int count)
{
    struct growth g;
    if (!growth_measure(t->record, points, count, MEASURE_CONFIDENCE, t->arena, &g))
        return nothing(MEASURED_NOTHING, g.why);
    return estimated(g.percent, g.points, g.percent_interval);
}

static struct measured take_growth(const struct taking *t)
{
    const struct record_series *s = record_find_series(t->record, t->m->series);
    if (!s)
        return nothing(MEASURED_NOTHING, arena_printf(t->arena, "%s was not watched", t->m->series));
    if (s->state == SERIES_ABSENT)
        return nothing(MEASURED_ABSENT, s->why && *s->why ? s->why : "the target has no such thing");
    if (s->state == SERIES_UNREADABLE)
        return nothing(MEASURED_NOTHING, s->why && *s->why ? s->why : "it could not be read");
    return from_growth(t, s->points, s->count);
}

static struct measured take_degradation(const struct taking *t)
{
    int count;
    const struct record_point *points =
        selection_points(t->selection, t->plan, t->record, t->m->step, t->arena, &count);
    if (count)
        return from_growth(t, points, count);
    bool untold = t->record->shape.keeping == RECORD_TALLIES && t->m->step != SUBJECT_GENERATION;
    return no_durations(t, untold ? "of tallied jobs only the generation is known over time" : NULL);
}

/* Of the whole run, drain included; with a phase or a last part, of that time alone. */
static struct record_span uptime_span(const struct taking *t)
{
    struct record_span load = selection_load(t->record);
    struct record_span span = {load.start, t->record->ended > load.end ? t->record->ended : load.end};
    if (t->m->phase >= 0)
        span = t->record->phases[t->m->phase];
    if (span.end < 0)
        span.end = load.end;
    if (t->m->last > 0)
        span = (struct record_span){load.end - t->m->last, load.end};
    return span;
}

static struct measured take_uptime(const struct taking *t)
{
    if (!*t->plan->workflow.health_path)
        return nothing(MEASURED_ABSENT, "the workflow names no health path to probe");
    struct record_span span = uptime_span(t);
    int probes = 0, good = 0;
    for (int i = 0; i < t->record->probe_count; i++) {
        const struct record_probe *probe = &t->record->probes[i];
        if (probe->at < span.start || probe->at > span.end)
            continue;
        probes++;
        good += probe->ok;
    }
    return probes ? share(good, probes)
                  : nothing(MEASURED_NOTHING, "the target's health was not probed in that time");
}

static struct measured (*const takers[])(const struct taking *) = {
    [MEASURE_ATTEMPTED] = take_count,   [MEASURE_ACCEPTED] = take_count,
    [MEASURE_COMPLETED] = take_count,   [MEASURE_ERROR_RATE] = take_rate,
    [MEASURE_SUCCESS_RATE] = take_rate, [MEASURE_AVG] = take_average,
    [MEASURE_MAX] = take_percentile,    [MEASURE_PERCENTILE] = take_percentile,
    [MEASURE_GROWTH] = take_growth,     [MEASURE_DEGRADATION] = take_degradation,
    [MEASURE_UPTIME] = take_uptime,
};

struct measured measure_take(const struct measure *m, const struct plan *p, const struct record *r,
                             struct arena *arena)
{
    struct taking t = {m, p, r, selection_of(m, r), arena};
    if (m->phase >= 0 && (m->phase >= r->shape.phases || r->phases[m->phase].start < 0))
        return nothing(MEASURED_NOTHING, "that phase was not played");
    return takers[m->kind](&t);
}
