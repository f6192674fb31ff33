#include "result_json.h"

#include "cold_jobs.h"
#include "finding.h"
#include "json_value.h"
#include "result_queueing.h"
#include "result_series.h"
#include "result_target.h"
#include "result_times.h"
#include "sample.h"
#include "selection.h"
#include "steps.h"
#include "timeline.h"

#include <math.h>
#include <string.h>

enum { RESULT_MAX_BYTES = 1 << 30 };

struct writing {
    const struct plan *plan;
    const struct record *record;
    const struct verdict *verdict;
    const struct result_context *context;
    struct arena *arena;
};

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static void set_number(json_t *object, const char *key, double value)
{
    set(object, key, json_value_number(value));
}

static double percent(int64_t part, int64_t of)
{
    return of ? 100.0 * (double)part / (double)of : NAN;
}

/* From the first start to the last end of the measured jobs. */
static double duration_of(const struct record *r)
{
    struct record_span jobs = selection_jobs(r);
    return jobs.end < 0 ? 0 : nsec_to_sec(jobs.end - jobs.start);
}

/* Percentiles above are of the successes; these lie among the jobs that timed out and so were not reached. */
static json_t *not_reached(struct durations d)
{
    static const struct {
        double percent;
        const char *name;
    } rows[] = {{50, "p50"}, {95, "p95"}, {99, "p99"}};
    json_t *out = json_array();
    for (int i = 0; i < 3; i++)
        if (isinf(sample_percentile_censored(&d.seconds, d.censored, rows[i].percent)))
            json_array_append_new(out, json_string(rows[i].name));
    return out;
}

static json_t *errors_json(const struct writing *w, struct selection s)
{
    json_t *errors = json_object();
    struct job_error *rows;
    int count = selection_errors(s, w->record, w->arena, &rows);
    for (int i = 0; i < count; i++)
        json_value_add_count(
            errors, rows[i].error >= 0 ? w->record->messages[rows[i].error] : fail_kind_name(rows[i].kind),
            rows[i].count);
    return errors;
}

static json_t *failures_json(const struct job_counts *counts)
{
    json_t *failures = json_object();
    for (int kind = FAIL_NONE + 1; kind < FAIL_KINDS; kind++)
        if (counts->kinds[kind])
            set(failures, fail_kind_name(kind), json_integer(counts->kinds[kind]));
    return failures;
}

/* The keys that the whole and every phase have in common. */
static void set_statistics(const struct writing *w, json_t *out, struct selection s, double duration)
{
    struct job_counts counts;
    selection_count(s, w->record, &counts);
    struct durations d = selection_durations(s, w->plan, w->record, SUBJECT_GENERATION, w->arena);
    struct sample_summary summary;
    sample_summarise(&d.seconds, &summary);
    int64_t ended = counts.ok + counts.failed;
    set_number(out, "duration_seconds", duration);
    set(out, "total_requests", json_integer(counts.attempted));
    set(out, "successful_requests", json_integer(counts.ok));
    set(out, "failed_requests", json_integer(counts.failed));
    set_number(out, "success_rate", percent(counts.ok, ended));
    set_number(out, "error_rate", percent(counts.failed, ended));
    set_number(out, "avg_duration", summary.mean);
    set_number(out, "min_duration", summary.min);
    set_number(out, "max_duration", summary.max);
    set_number(out, "p50_duration", summary.p50);
    set_number(out, "p95_duration", summary.p95);
    set_number(out, "p99_duration", summary.p99);
    set_number(out, "throughput_per_minute", duration > 0 ? (double)counts.ok / duration * 60 : NAN);
    set(out, "attempted", json_integer(counts.attempted));
    set(out, "accepted", json_integer(counts.accepted));
    set(out, "completed", json_integer(counts.ok));
    if (counts.unfinished)
        set(out, "unfinished", json_integer(counts.unfinished));
    set(out, "censored", json_integer(counts.censored));
    set(out, "not_reached", not_reached(d));
    set(out, "valid_models", json_integer(counts.models_valid));
    set(out, "polls", json_integer(counts.polls));
    set(out, "errors", errors_json(w, s));
    set(out, "failures", failures_json(&counts));
}

/* Null where models were not compared. */
static json_t *distinct_models_json(const struct writing *w)
{
    struct model_counts models = selection_models(w->record, w->arena);
    return models.compared ? json_integer(models.distinct) : json_null();
}

static json_t *validation_json(const struct verdict *v)
{
    json_t *validation = json_object();
    for (int i = 0; i < v->outcome_count; i++)
        if (v->outcomes[i].verdict != VERDICT_NOT_APPLICABLE)
            set(validation, v->outcomes[i].criterion->name,
                json_boolean(v->outcomes[i].verdict == VERDICT_PASS));
    set(validation, "overall", json_boolean(v->kind == VERDICT_PASS));
    return validation;
}

static json_t *limit_json(const struct outcome *o)
{
    switch (o->criterion->comparison) {
    case COMPARE_RANGE:
    case COMPARE_NEAR:
        return json_pack("[o, o]", json_value_number(o->limits.low), json_value_number(o->limits.high));
    case COMPARE_GREATER:
    case COMPARE_AT_LEAST:
        return json_value_number(o->limits.low);
    default:
        return json_value_number(o->limits.high);
    }
}

static json_t *criterion_json(const struct plan *p, const struct outcome *o)
{
    int phase = o->criterion->left.phase;
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:[o, o], s:o, s:b, s:I, s:s, s:o, s:o}", "name",
        json_value_text(o->criterion->name), "expression", json_value_text(o->criterion->expression), "phase",
        json_value_text(phase >= 0 ? p->load.phases[phase].name : NULL), "observed",
        json_value_number(o->measured.value), "limit", limit_json(o), "unit",
        json_value_text(measure_unit_name(o->criterion->unit)), "interval",
        json_value_number(o->measured.interval.low), json_value_number(o->measured.interval.high),
        "confidence", json_value_number(o->measured.confidence), "decided", o->decided, "count",
        (json_int_t)o->measured.count, "verdict", verdict_name(o->verdict), "why", json_value_text(o->why),
        "evidence", json_value_text(o->evidence));
}

static json_t *criteria_json(const struct writing *w)
{
    json_t *criteria = json_array();
    for (int i = 0; i < w->verdict->outcome_count; i++)
        json_array_append_new(criteria, criterion_json(w->plan, &w->verdict->outcomes[i]));
    return criteria;
}

static json_t *findings_json(const struct writing *w)
{
    struct finding found[FINDINGS_MAX];
    int count = finding_find(w->plan, w->record, w->verdict, w->arena, found);
    json_t *findings = json_array();
    for (int i = 0; i < count; i++) {
        const struct finding *f = &found[i];
        json_array_append_new(
            findings, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "name", f->name, "culprit",
                                culprit_name(f->culprit), "severity", severity_name(f->severity), "says",
                                json_value_text(f->says), "evidence", json_value_text(f->evidence), "next",
                                json_value_text(*f->next ? f->next : NULL), "since_seconds",
                                f->since >= 0 ? json_value_seconds(f->since) : json_null(), "jobs",
                                (json_int_t)f->jobs));
    }
    return findings;
}

static json_t *cold_start_json(const struct writing *w)
{
    struct cold_start cold;
    if (!cold_jobs_find(w->plan, w->record, w->arena, &cold))
        return json_null();
    return json_pack("{s:i, s:o, s:o}", "jobs", cold.jobs, "seconds", json_value_number(cold.seconds),
                     "warm_median", json_value_number(cold.warm_median));
}

static json_t *phases_json(const struct writing *w)
{
    json_t *phases = json_array();
    for (int i = 0; i < w->plan->load.phase_count && i < w->record->shape.phases; i++) {
        struct record_span span = w->record->phases[i];
        nsec end = span.end >= 0 ? span.end : w->record->load_ended;
        bool played = span.start >= 0 && end >= span.start;
        json_t *phase =
            json_pack("{s:o, s:i, s:o, s:o}", "name", json_value_text(w->plan->load.phases[i].name), "users",
                      w->plan->load.phases[i].users, "start_seconds", json_value_seconds(span.start),
                      "end_seconds", played ? json_value_seconds(end) : json_null());
        if (w->plan->load.users == USERS_OPEN && w->plan->load.arrivals != ARRIVALS_REPLAY)
            set_number(phase, "rate", w->plan->load.phases[i].rate);
        set_statistics(w, phase, (struct selection){.phase = i}, played ? nsec_to_sec(end - span.start) : 0);
        json_array_append_new(phases, phase);
    }
    return phases;
}

static json_t *step_json(const struct step_row *row)
{
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     json_value_text(row->name), "part_of",
                     json_value_text(*row->part_of ? row->part_of : NULL), "count",
                     (json_int_t)row->seconds.count, "failed", (json_int_t)row->failed, "censored",
                     (json_int_t)row->censored, "avg", json_value_number(row->seconds.mean), "min",
                     json_value_number(row->seconds.min), "p50", json_value_number(row->seconds.p50), "p95",
                     json_value_number(row->seconds.p95), "p99", json_value_number(row->seconds.p99), "max",
                     json_value_number(row->seconds.max));
}

static json_t *steps_json(const struct writing *w)
{
    struct step_row *rows;
    int count = steps_measure(w->plan, w->record, w->arena, &rows);
    json_t *steps = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(steps, step_json(&rows[i]));
    return steps;
}

/* Metrics of the target that moved; of those that did not, their one value says it all. */
static void add_metrics(const struct writing *w, const struct timeline *t, json_t *timeline)
{
    const struct record_metrics *m = &w->record->metrics;
    for (int i = 0; i < t->count; i++)
        set(json_array_get(timeline, (size_t)i), "metrics", json_object());
    for (int n = 0; n < m->count; n++) {
        const struct record_series *s =
            m->items[n].moved ? record_find_series(w->record, m->items[n].name) : NULL;
        const double *means = s ? timeline_of_series(t, s, w->arena) : NULL;
        for (int i = 0; means && i < t->count; i++)
            set_number(json_object_get(json_array_get(timeline, (size_t)i), "metrics"), s->name, means[i]);
    }
}

static json_t *timeline_json(const struct writing *w)
{
    struct timeline t;
    timeline_measure(w->plan, w->record, w->arena, &t);
    json_t *timeline = json_array();
    for (int i = 0; i < t.count; i++) {
        const struct timeline_row *row = &t.rows[i];
        json_array_append_new(
            timeline, json_pack("{s:o, s:o, s:i, s:o, s:I, s:I, s:I, s:o, s:o}", "at",
                                json_value_number(i * t.interval), "seconds", json_value_number(t.interval),
                                "users", row->users, "in_flight", json_value_number(row->in_flight),
                                "started", (json_int_t)row->started, "done", (json_int_t)row->done, "failed",
                                (json_int_t)row->failed, "p50", json_value_number(row->p50), "p95",
                                json_value_number(row->p95)));
    }
    for (int n = 0; n < w->record->series_count; n++) {
        const struct record_series *s = &w->record->series[n];
        if (!result_shows_series(s) || s->state != SERIES_PRESENT)
            continue;
        const double *means = timeline_of_series(&t, s, w->arena);
        for (int i = 0; i < t.count; i++)
            set_number(json_array_get(timeline, (size_t)i), s->name, means[i]);
    }
    add_metrics(w, &t, timeline);
    return timeline;
}

/* Numbers beyond 2^53 do not survive most readers of JSON: as text, then. */
static json_t *seed_json(uint64_t seed)
{
    char text[24];
    if (seed <= (1ULL << 53))
        return json_integer((json_int_t)seed);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return json_string(text);
}

static json_t *wall_json(const struct record *r, nsec at)
{
    char text[TIMESTAMP_TEXT];
    return at < 0 ? json_null() : json_string(timestamp_text(r->started_wall + at, text));
}

static json_t *environment_json(const struct environment *e)
{
    return json_pack("{s:i, s:o, s:o, s:o}", "cpus", e->cpus, "system", json_value_text(e->system), "kernel",
                     json_value_text(e->kernel), "arch", json_value_text(e->arch));
}

static void set_origin(const struct writing *w, json_t *out)
{
    set_number(out, "time_scale", w->plan->time_scale);
    set(out, "seed", seed_json(w->context->seed));
    set(out, "started_at", wall_json(w->record, 0));
    set(out, "ended_at", wall_json(w->record, w->record->ended));
    set(out, "interrupted", json_boolean(w->record->interrupted));
    set(out, "version", json_value_text(w->context->version));
    set(out, "command", json_value_text(w->context->command));
    set(out, "environment", environment_json(&w->context->environment));
}

static void set_all(const struct writing *w, json_t *out)
{
    struct record_span load = selection_load(w->record);
    double duration = duration_of(w->record);
    set(out, "schema", json_string(RESULT_SCHEMA));
    set(out, "scenario", json_value_text(w->plan->scenario));
    set(out, "about", json_value_text(w->plan->about));
    set(out, "workflow", json_value_text(w->plan->workflow.name));
    set(out, "users_model", json_value_text(user_model_name(w->plan->load.users)));
    set(out, "verdict", json_string(verdict_name(w->verdict->kind)));
    set(out, "reason", json_value_text(w->verdict->reason));
    set_statistics(w, out, (struct selection){.phase = PHASE_ALL}, duration);
    set(out, "distinct_models", distinct_models_json(w));
    set_number(out, "load_seconds", nsec_to_sec(load.end - load.start));
    set_number(out, "timeout_seconds", nsec_to_sec(w->plan->load.timeout));
    set(out, "validation", validation_json(w->verdict));
    set(out, "criteria", criteria_json(w));
    set(out, "findings", findings_json(w));
    set(out, "phases", phases_json(w));
    set(out, "steps", steps_json(w));
    set(out, "stages", result_stages(w->record, w->arena));
    set(out, "completion", result_completion(w->plan, w->record));
    set(out, "queueing", result_queueing(w->plan, w->record));
    set(out, "cold_start", cold_start_json(w));
    set(out, "trends", result_trends(w->plan, w->record, w->arena));
    set(out, "target", result_target(w->plan, w->record, w->context));
    set(out, "traffic", result_traffic(w->record));
    set(out, "generator", result_generator(w->record, w->verdict, duration));
    set_origin(w, out);
    set(out, "timeline", timeline_json(w));
    set(out, "jobs", result_jobs(w->plan, w->record));
}

json_t *result_json(const struct plan *p, const struct record *r, const struct verdict *v,
                    const struct result_context *context)
{
    json_t *out = json_object();
    if (!out)
        return NULL;
    struct arena arena;
    arena_init(&arena, "result", RESULT_MAX_BYTES);
    set_all(&(struct writing){p, r, v, context, &arena}, out);
    arena_finish(&arena);
    return out;
}

static int append(const char *bytes, size_t len, void *out)
{
    buf_add(out, bytes, len);
    return ((struct buf *)out)->failed ? -1 : 0;
}

void result_json_write(const json_t *document, struct buf *out)
{
    /* 15 digits print 82.1 as 82.1; 17 would show how it is stored. */
    if (json_dump_callback(document, append, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) != 0)
        out->failed = true;
    buf_add_text(out, "\n");
}
