#include "result_target.h"

#include "growth.h"
#include "json_value.h"
#include "result_gpu.h"
#include "result_metrics.h"
#include "result_process.h"
#include "result_series.h"
#include "sample.h"
#include "selection.h"

#include <math.h>
#include <string.h>

enum { SAMPLE_MAX_BYTES = 1 << 30 };

static json_t *health_json(const char *text)
{
    json_t *health = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return health ? health : json_value_text(text);
}

static json_t *probes_json(const struct record *r)
{
    int good = 0;
    for (int i = 0; i < r->probe_count; i++)
        good += r->probes[i].ok;
    return json_pack("{s:i, s:i, s:o}", "count", r->probe_count, "good", good, "uptime",
                     json_value_number(r->probe_count ? 100.0 * good / r->probe_count : NAN));
}

json_t *result_target(const struct plan *p, const struct record *r, const struct result_context *context)
{
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "url",
                     json_value_text(context->target_url), "server", json_value_text(context->target_server),
                     "health", health_json(context->target_health), "health_path", p->workflow.health_path,
                     "probes", probes_json(r), "metrics", result_metrics(p, r), "process", result_process(r),
                     "machine", result_machine(r), "gpu", result_gpus(r), "gpu_why", result_gpu_why(r));
}

static json_t *trend_json(const char *subject, const char *unit, const struct growth *g)
{
    return json_pack("{s:s, s:o, s:o, s:[o, o], s:o, s:o, s:o, s:i, s:o}", "subject", subject, "unit",
                     json_value_text(unit), "growth_percent", json_value_number(g->percent), "interval",
                     json_value_number(g->percent_interval.low), json_value_number(g->percent_interval.high),
                     "confidence", isnan(g->percent) ? json_null() : json_value_number(MEASURE_CONFIDENCE),
                     "per_hour", json_value_number(g->per_hour), "first", json_value_number(g->first),
                     "points", g->points, "why", json_value_text(*g->why ? g->why : NULL));
}

json_t *result_trends(const struct plan *p, const struct record *r, struct arena *arena)
{
    json_t *trends = json_array();
    struct growth g;
    int count;
    const struct record_point *points =
        selection_points((struct selection){.phase = PHASE_ALL}, p, r, SUBJECT_GENERATION, arena, &count);
    growth_measure(r, points, count, MEASURE_CONFIDENCE, arena, &g);
    json_array_append_new(trends, trend_json("generation", "s", &g));
    for (int i = 0; i < r->series_count; i++) {
        const struct record_series *s = &r->series[i];
        if (!result_shows_series(s) || result_is_one_gpu(s) || s->state != SERIES_PRESENT)
            continue;
        growth_measure(r, s->points, s->count, MEASURE_CONFIDENCE, arena, &g);
        json_array_append_new(trends, trend_json(s->name, s->unit, &g));
    }
    return trends;
}

/* NAN of an empty one. */
static double lag_percentile(const struct hist *h, double percent)
{
    struct arena scratch;
    arena_init(&scratch, "lag", SAMPLE_MAX_BYTES);
    struct sample s = sample_of_hist(h, &scratch);
    double lag = sample_percentile(&s, percent);
    arena_finish(&scratch);
    return lag;
}

json_t *result_generator(const struct record *r, const struct verdict *v, double duration)
{
    const struct record_generator *g = &r->generator;
    double cpu = nsec_to_sec(g->cpu);
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "workers",
                     g->workers, "start_lag_p50", json_value_number(v->generator.start_lag_p50),
                     "start_lag_p99", json_value_number(v->generator.start_lag_p99), "start_lag_max",
                     json_value_number(v->generator.start_lag_max), "start_lag_allowed",
                     json_value_number(v->generator.allowed), "loop_lag_p99",
                     json_value_number(lag_percentile(g->loop_lag, 99)), "loop_lag_max",
                     json_value_number(lag_percentile(g->loop_lag, 100)), "cpu",
                     json_value_number(duration > 0 ? 100 * cpu / duration : NAN), "cpu_seconds",
                     json_value_number(cpu), "steal", json_value_number(g->steal_percent), "skipped",
                     (json_int_t)g->skipped, "abandoned", (json_int_t)g->abandoned, "fd_limit",
                     (json_int_t)g->fd_limit, "fd_most", (json_int_t)g->fd_most, "fit", v->generator.fit);
}

/* Of jobs that are told how they stand. */
static void add_told(json_t *out, const struct record_traffic *t)
{
    json_object_set_new(out, "messages", json_integer(t->messages));
    json_object_set_new(out, "reconnects", json_integer(t->reconnects));
    json_object_set_new(out, "missed", json_integer(t->missed));
    json_object_set_new(out, "late", json_integer(t->late));
    json_object_set_new(out, "late_max", json_value_number(t->late ? nsec_to_sec(t->latest) : NAN));
    json_object_set_new(out, "backwards", json_integer(t->backwards));
    json_object_set_new(out, "out_of_order", json_integer(t->out_of_order));
    json_object_set_new(out, "contradicted", json_integer(t->contradicted));
}

/* How often each was said. */
static json_t *unknown_states(const struct record_words *w)
{
    json_t *out = json_object();
    for (int i = 0; i < w->count; i++)
        json_object_set_new(out, w->items[i].text, json_integer(w->items[i].times));
    if (w->others)
        json_object_set_new(out, "other states", json_integer(w->others));
    return out;
}

json_t *result_traffic(const struct record *r)
{
    const struct record_traffic *t = &r->traffic;
    double share = t->requests ? 100.0 * (double)t->polls / (double)t->requests : NAN;
    json_t *out =
        json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I}", "requests", (json_int_t)t->requests,
                  "resent", (json_int_t)t->resent, "polls", (json_int_t)t->polls, "poll_share",
                  json_value_number(share), "throttled", (json_int_t)t->throttled, "retries",
                  (json_int_t)t->retries, "connects", (json_int_t)t->connects, "bytes_sent",
                  (json_int_t)t->bytes_sent, "bytes_received", (json_int_t)t->bytes_received);
    add_told(out, t);
    json_object_set_new(out, "unknown_states", unknown_states(&r->unknown));
    return out;
}
