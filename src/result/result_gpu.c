#include "result_gpu.h"

#include "gpu_energy.h"
#include "json_value.h"
#include "result_series.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct { /* what the target's own metrics show */
    const char *series, *key;
} METRICS[] = {{"gpu.memory", "memory"}, {"gpu.usage", "usage"}};
enum { METRICS_COUNT = sizeof METRICS / sizeof METRICS[0] };

/* ---- of the target's metrics ---- */

/* NULL when it is not there, or is of this machine's GPUs. */
static const struct record_series *told_series(const struct record *r, int which)
{
    bool ours = which == 0 ? r->gpus.memory : r->gpus.usage;
    const struct record_series *s = ours ? NULL : record_find_series(r, METRICS[which].series);
    return s && s->state == SERIES_PRESENT ? s : NULL;
}

static bool is_told(const struct record *r)
{
    return told_series(r, 0) || told_series(r, 1);
}

static json_t *told_gpu(const struct record *r)
{
    bool simulated = false;
    json_t *out =
        json_pack("{s:n, s:n, s:n, s:n, s:s}", "index", "name", "uuid", "vendor", "source", "metrics");
    for (int i = 0; i < METRICS_COUNT; i++) {
        const struct record_series *s = told_series(r, i);
        if (!s)
            continue;
        json_object_set_new(out, METRICS[i].key, result_series(s));
        simulated |= s->simulated;
    }
    json_object_set_new(out, "simulated", json_boolean(simulated));
    return out;
}

/* ---- of this machine ---- */

static json_t *text_or_null(const char *text)
{
    return json_value_text(*text ? text : NULL);
}

/* Shares of the readings; null when the card does not tell. */
static json_t *throttled_json(const struct record_gpu *g)
{
    if (!g->throttle_readings)
        return json_null();
    json_t *out = json_object();
    for (int i = 0; i < g->throttle_count; i++)
        json_object_set_new(
            out, g->throttles[i].reason,
            json_value_number((double)g->throttles[i].readings / (double)g->throttle_readings));
    return out;
}

static json_t *parts_json(const struct record_gpu *g)
{
    json_t *out = json_array();
    for (int i = 0; i < g->part_count; i++)
        json_array_append_new(out, json_pack("{s:o, s:o, s:o}", "uuid", text_or_null(g->parts[i].uuid),
                                             "memory_total", json_value_number(g->parts[i].memory_total),
                                             "memory_used_max", json_value_number(g->parts[i].memory_used)));
    return out;
}

static void add_energy(json_t *out, const struct record *r, int index)
{
    struct gpu_energy e;
    gpu_energy_measure(r, index, &e);
    json_object_set_new(out, "energy_joules", json_value_number(e.joules));
    json_object_set_new(out, "energy_seconds", json_value_number(e.seconds));
    json_object_set_new(out, "energy_method", json_value_text(e.method));
    json_object_set_new(out, "energy_per_job", json_value_number(e.per_job));
}

static void add_figures(json_t *out, const struct record *r, int index)
{
    char prefix[32];
    size_t len = (size_t)snprintf(prefix, sizeof prefix, "gpu.%d.", index);
    for (int i = 0; i < r->series_count; i++) {
        const struct record_series *s = &r->series[i];
        if (strncmp(s->name, prefix, len) == 0 && result_shows_series(s))
            json_object_set_new(out, s->name + len, result_series(s));
    }
}

static json_t *seen_gpu(const struct record *r, int item)
{
    const struct record_gpu *g = &r->gpus.items[item];
    json_t *out =
        json_pack("{s:i, s:o, s:o, s:s, s:s, s:b, s:i, s:o, s:o, s:o, s:o, s:o}", "index", g->index, "name",
                  text_or_null(g->name), "uuid", text_or_null(g->uuid), "vendor", g->vendor, "source",
                  g->source, "simulated", 0, "readings", g->readings, "lost_at",
                  json_value_number(g->lost < 0 ? NAN : nsec_to_sec(g->lost)), "memory_total",
                  json_value_number(g->memory_total), "power_limit", json_value_number(g->power_limit),
                  "throttled", throttled_json(g), "mig", parts_json(g));
    add_energy(out, r, g->index);
    add_figures(out, r, g->index);
    return out;
}

json_t *result_gpus(const struct record *r)
{
    json_t *gpus = json_array();
    if (is_told(r))
        json_array_append_new(gpus, told_gpu(r));
    for (int i = 0; i < r->gpus.count; i++)
        json_array_append_new(gpus, seen_gpu(r, i));
    return gpus;
}

/* Both reasons, where this machine and the target's metrics have one each. */
static json_t *no_gpu_json(const struct record *r)
{
    const struct record_series *s = record_find_series(r, "gpu.memory");
    const char *told = s && s->state != SERIES_PRESENT ? s->why : NULL, *ours = r->gpus.why;
    char text[600];
    if (!told || !ours || strcmp(told, ours) == 0)
        return json_value_text(ours ? ours : told);
    snprintf(text, sizeof text, "%s; %s", ours, told);
    return json_value_text(text);
}

json_t *result_gpu_why(const struct record *r)
{
    if (r->gpus.count)
        return json_value_text(r->gpus.why);
    return is_told(r) ? json_null() : no_gpu_json(r);
}

/* ---- a line for people ---- */

static const struct record_series *figure(const struct record *r, int index, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "gpu.%d.%s", index, name);
    return record_find_series(r, full);
}

static double mean_of(const struct record_series *s)
{
    double sum = 0;
    for (int i = 0; i < s->count; i++)
        sum += s->points[i].value;
    return sum / s->count;
}

static double most_of(const struct record_series *s)
{
    double most = s->points[0].value;
    for (int i = 1; i < s->count; i++)
        most = fmax(most, s->points[i].value);
    return most;
}

static const char *figures_text(const struct record *r, int index, struct arena *arena)
{
    static const struct {
        const char *name;
        double (*of)(const struct record_series *s);
        double scale;
        const char *format;
    } SHOWN[] = {{"usage", mean_of, 1, "%.0f %% busy"},
                 {"memory_used", most_of, 1e-9, "memory up to %.1f GB"},
                 {"process_memory", most_of, 1e-9, "of these the target's up to %.1f GB"},
                 {"temperature", most_of, 1, "up to %.0f °C"},
                 {"power", mean_of, 1, "%.0f W"},
                 {"clock_sm", mean_of, 1, "%.0f MHz"}};
    const char *text = "";
    for (size_t i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
        const struct record_series *s = figure(r, index, SHOWN[i].name);
        if (!s || !s->count)
            continue;
        char one[80];
        snprintf(one, sizeof one, SHOWN[i].format, SHOWN[i].of(s) * SHOWN[i].scale);
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", one);
    }
    return text;
}

static const char *throttled_text(const struct record_gpu *g, struct arena *arena)
{
    const char *text = "";
    for (int i = 0; i < g->throttle_count; i++)
        if (g->throttles[i].slows)
            text = arena_printf(arena, "%s%s%s %.0f %%", text,
                                *text ? ", " : " · slowed down: ", g->throttles[i].reason,
                                100. * g->throttles[i].readings / g->throttle_readings);
    return text;
}

static const char *energy_text(const struct record *r, int index, struct arena *arena)
{
    struct gpu_energy e;
    gpu_energy_measure(r, index, &e);
    if (!isfinite(e.joules))
        return "";
    const char *text = arena_printf(arena, " · %.4g kJ", e.joules / 1e3);
    return isfinite(e.per_job) ? arena_printf(arena, "%s, %.4g kJ a job", text, e.per_job / 1e3) : text;
}

const char *result_gpu_line(const struct record *r, int index, struct arena *arena)
{
    const struct record_gpu *g = &r->gpus.items[index];
    const char *figures = figures_text(r, g->index, arena);
    const char *text = arena_printf(arena, "%d %s: %s%s%s", g->index, *g->name ? g->name : g->vendor,
                                    *figures ? figures : "tells no figures", throttled_text(g, arena),
                                    energy_text(r, g->index, arena));
    return g->lost < 0 ? text : arena_printf(arena, "%s · LOST after %.1f s", text, nsec_to_sec(g->lost));
}
