#include "gpu_log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double BYTES_PER_MB = 1 << 20;

/* Figures that are series; others change rarely or say nothing new. */
static const struct {
    const char *name; /* behind "gpu.INDEX." */
    const char *unit;
    double scale;
} KINDS[GPU_FIGURES] = {
    [GPU_USAGE] = {"usage", "%", 100},
    [GPU_MEMORY_TRAFFIC] = {"memory_traffic", "%", 100},
    [GPU_MEMORY_USED] = {"memory_used", "bytes", 1},
    [GPU_PROCESS_MEMORY] = {"process_memory", "bytes", 1},
    [GPU_TEMPERATURE] = {"temperature", "°C", 1},
    [GPU_POWER] = {"power", "W", 1},
    [GPU_ENERGY] = {"energy", "J", 1},
    [GPU_CLOCK_SM] = {"clock_sm", "MHz", 1e-6},
    [GPU_CLOCK_MEMORY] = {"clock_memory", "MHz", 1e-6},
};

static const struct {
    const char *series, *unit;
    enum gpu_figure figure;
    double scale;
} SUMS[GPU_SUMS] = {
    [GPU_SUM_PROCESS] = {"gpu.memory", "MB", GPU_PROCESS_MEMORY, 1 / BYTES_PER_MB},
    [GPU_SUM_USED] = {"gpu.memory", "MB", GPU_MEMORY_USED, 1 / BYTES_PER_MB},
    [GPU_SUM_USAGE] = {"gpu.usage", "%", GPU_USAGE, 100},
};

static void init_gpu(struct gpu_seen *g)
{
    *g = (struct gpu_seen){.memory_total = NAN, .power_limit = NAN, .lost = -1, .vendor = "", .source = ""};
    for (int i = 0; i < GPU_FIGURES; i++)
        g->series[i] = -1;
}

void gpu_log_init(struct gpu_log *l)
{
    l->count = l->there = 0;
    record_init(&l->log, &(struct record_shape){0});
    for (int i = 0; i < GPU_SUMS; i++)
        record_add_series(&l->log, SUMS[i].series, SUMS[i].unit);
    for (int i = 0; i < GPUS_KEPT; i++)
        init_gpu(&l->gpus[i]);
}

void gpu_log_finish(struct gpu_log *l)
{
    record_finish(&l->log);
}

/* ---- readings ---- */

static void add_figure(struct gpu_log *l, int index, enum gpu_figure figure, nsec at, double value)
{
    int *series = &l->gpus[index].series[figure];
    if (*series < 0) {
        char name[64];
        snprintf(name, sizeof name, "gpu.%d.%s", index, KINDS[figure].name);
        *series = l->log.series_count;
        record_add_series(&l->log, name, KINDS[figure].unit);
    }
    record_add_point(&l->log, &l->log.series[*series], at, value * KINDS[figure].scale);
}

static void take_parts(struct gpu_seen *g, const struct gpu_reading *r)
{
    for (int i = 0; i < r->part_count; i++) {
        struct gpu_part part = r->parts[i];
        const struct gpu_part *before = i < g->part_count ? &g->parts[i] : NULL;
        if (before && before->known && strcmp(before->uuid, part.uuid) == 0 &&
            (!part.known || before->memory_used > part.memory_used))
            part = *before;
        g->parts[i] = part;
    }
    g->part_count = r->part_count;
}

static void take_throttle(struct gpu_seen *g, const struct gpu_reading *r)
{
    if (!r->throttle_known)
        return;
    g->throttle_readings++;
    for (int i = 0; i < GPU_THROTTLES; i++)
        g->throttled[i] += r->throttle >> i & 1;
}

static void take_reading(struct gpu_log *l, int index, nsec at, const struct gpu_reading *r)
{
    struct gpu_seen *g = &l->gpus[index];
    g->vendor = r->vendor;
    g->source = r->source;
    g->lost = !r->lost ? -1 : g->lost < 0 ? at : g->lost;
    if (r->lost)
        return;
    g->readings++;
    memcpy(g->name, r->name, sizeof g->name);
    memcpy(g->uuid, r->uuid, sizeof g->uuid);
    if (gpu_has(r, GPU_MEMORY_TOTAL))
        g->memory_total = r->value[GPU_MEMORY_TOTAL];
    if (gpu_has(r, GPU_POWER_LIMIT))
        g->power_limit = r->value[GPU_POWER_LIMIT];
    for (int i = 0; i < GPU_FIGURES; i++)
        if (KINDS[i].name && gpu_has(r, (enum gpu_figure)i))
            add_figure(l, index, (enum gpu_figure)i, at, r->value[i]);
    take_throttle(g, r);
    take_parts(g, r);
}

/* Over all GPUs: usage the largest, memory the sum. */
static void add_sum(struct gpu_log *l, enum gpu_sum which, nsec at, const struct gpu_reading *readings,
                    int count)
{
    double sum = NAN;
    for (int i = 0; i < count; i++) {
        if (!gpu_has(&readings[i], SUMS[which].figure))
            continue;
        double value = readings[i].value[SUMS[which].figure] * SUMS[which].scale;
        sum = isnan(sum) ? value : which == GPU_SUM_USAGE ? fmax(sum, value) : sum + value;
    }
    if (!isnan(sum))
        record_add_point(&l->log, &l->log.series[which], at, sum);
}

void gpu_log_add(struct gpu_log *l, nsec at, const struct gpu_reading *readings, int count, int there)
{
    l->count = count;
    l->there = there;
    for (int i = 0; i < count; i++)
        take_reading(l, i, at, &readings[i]);
    for (int i = 0; i < GPU_SUMS; i++)
        add_sum(l, (enum gpu_sum)i, at, readings, count);
}

/* ---- what was seen ---- */

static void copy_points(const struct record_series *from, struct record *record, struct record_series *to,
                        nsec zero)
{
    for (int i = 0; i < from->count; i++)
        record_add_point(record, to, from->points[i].at - zero, from->points[i].value);
}

static void collect_throttles(const struct gpu_seen *g, struct record *record, struct record_gpu *to)
{
    to->throttle_readings = g->throttle_readings;
    to->throttles = arena_new(&record->arena, struct record_throttle, GPU_THROTTLES);
    for (int i = 0; i < GPU_THROTTLES; i++)
        if (g->throttled[i])
            to->throttles[to->throttle_count++] = (struct record_throttle){
                gpu_throttle_kinds[i].name, gpu_throttle_kinds[i].slows, g->throttled[i]};
}

static void collect_parts(const struct gpu_seen *g, struct record *record, struct record_gpu *to)
{
    to->parts = arena_new(&record->arena, struct record_gpu_part, GPU_PARTS_MAX);
    to->part_count = g->part_count;
    for (int i = 0; i < g->part_count; i++) {
        const struct gpu_part *p = &g->parts[i];
        to->parts[i] =
            (struct record_gpu_part){arena_copy(&record->arena, p->uuid, strlen(p->uuid)),
                                     p->known ? p->memory_total : NAN, p->known ? p->memory_used : NAN};
    }
}

static void collect_gpu(const struct gpu_log *l, int index, struct record *record, nsec zero)
{
    const struct gpu_seen *g = &l->gpus[index];
    struct record_gpu *to = &record->gpus.items[index];
    *to = (struct record_gpu){.index = index,
                              .name = arena_copy(&record->arena, g->name, strlen(g->name)),
                              .uuid = arena_copy(&record->arena, g->uuid, strlen(g->uuid)),
                              .vendor = g->vendor,
                              .source = g->source,
                              .memory_total = g->memory_total,
                              .power_limit = g->power_limit,
                              .readings = g->readings,
                              .lost = g->lost < 0 ? -1 : g->lost - zero};
    collect_throttles(g, record, to);
    collect_parts(g, record, to);
    for (int i = 0; i < GPU_FIGURES; i++) {
        if (g->series[i] < 0)
            continue;
        const struct record_series *from = &l->log.series[g->series[i]];
        copy_points(from, record, record_add_series(record, from->name, from->unit), zero);
    }
}

/* Whether it was empty, and is not. */
static bool fill_series(const struct gpu_log *l, enum gpu_sum which, struct record *record, nsec zero)
{
    const struct record_series *from = &l->log.series[which];
    for (int i = 0; from->count && i < record->series_count; i++) {
        struct record_series *to = &record->series[i];
        if (to->state == SERIES_PRESENT || strcmp(to->name, from->name) != 0)
            continue;
        to->why = NULL;
        copy_points(from, record, to, zero);
        return true;
    }
    return false;
}

void gpu_log_collect(const struct gpu_log *l, struct record *record, nsec zero)
{
    struct record_gpus *to = &record->gpus;
    to->count = l->count;
    to->items = arena_new(&record->arena, struct record_gpu, GPUS_KEPT);
    to->memory = fill_series(l, GPU_SUM_PROCESS, record, zero) || fill_series(l, GPU_SUM_USED, record, zero);
    to->usage = fill_series(l, GPU_SUM_USAGE, record, zero);
    for (int i = 0; i < l->count; i++)
        collect_gpu(l, i, record, zero);
    if (l->there > l->count)
        to->why = arena_printf(&record->arena, "%d of %d GPUs are watched", l->count, l->there);
}
