#include "gauges.h"

#include "families.h"
#include "process_stats.h"
#include "server.h"

#include <stdio.h>

static const double BYTES_PER_MB = 1 << 20;

static void set(struct backend *b, enum family_id family, const char *const *labels, double value)
{
    metric_set(metrics_series(b->metrics, (int)family, labels), value);
}

void gauges_init(struct backend *b)
{
    const char *info[] = {ORFEAS_VERSION, "inflate-cpu", b->profile ? b->profile->name : "none"};
    set(b, F_APP_INFO, info, 1);
    set(b, F_TIME_SCALE, NULL, b->settings->time_scale);
    for (int family = F_GPU_USAGE; family <= F_GPU_INFO; family++) {
        bool by_profile = family <= F_GPU_BYTES && backend_simulates_gpu(b);
        bool by_card = family != F_GPU_CACHED && b->gpus;
        if (!by_profile && !by_card)
            metrics_hide(b->metrics, family);
    }
    if (!b->settings->faults.count)
        metrics_hide(b->metrics, F_FAULT_INJECTED);
}

/* ---- GPUs ---- */

static void set_gpu_bytes(struct backend *b, const char *id, const char *simulated, const char *type,
                          double bytes)
{
    const char *labels[] = {id, simulated, type};
    set(b, F_GPU_BYTES, labels, bytes);
}

static void update_simulated(struct backend *b)
{
    static const char *const LABELS[] = {"0", "true"};
    int running = b->schedule.running;
    double allocated = gpu_sim_allocated_mb(&b->gpu, running);
    set(b, F_GPU_USAGE, LABELS, gpu_sim_usage_percent(&b->gpu, running));
    set(b, F_GPU_ALLOCATED, LABELS, allocated);
    set(b, F_GPU_CACHED, LABELS, b->gpu.cached_mb);
    set_gpu_bytes(b, LABELS[0], LABELS[1], "total", b->gpu.card.total_mb * BYTES_PER_MB);
    set_gpu_bytes(b, LABELS[0], LABELS[1], "used", allocated * BYTES_PER_MB);
    set_gpu_bytes(b, LABELS[0], LABELS[1], "free", (b->gpu.card.total_mb - allocated) * BYTES_PER_MB);
}

/* A figure that the card does not give has no sample. */
static void update_card(struct backend *b, int index, const char *driver, const struct gpu_reading *gpu)
{
    static const struct {
        enum gpu_figure figure;
        enum family_id family;
        const char *type; /* the label behind the id, NULL: none */
    } ROWS[] = {
        {GPU_TEMPERATURE, F_GPU_TEMPERATURE, NULL}, {GPU_POWER, F_GPU_POWER, NULL},
        {GPU_POWER_LIMIT, F_GPU_POWER_LIMIT, NULL}, {GPU_ENERGY, F_GPU_ENERGY, NULL},
        {GPU_CLOCK_SM, F_GPU_CLOCK, "sm"},          {GPU_CLOCK_MEMORY, F_GPU_CLOCK, "memory"},
    };
    static const struct {
        enum gpu_figure figure;
        const char *type;
    } MEMORY[] = {{GPU_MEMORY_TOTAL, "total"}, {GPU_MEMORY_USED, "used"}, {GPU_MEMORY_FREE, "free"}};
    char id[12];
    snprintf(id, sizeof id, "%d", index);
    const char *real[] = {id, "false"}, *info[] = {id, gpu->name, gpu->uuid, driver};
    set(b, F_GPU_INFO, info, 1);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const char *labels[] = {id, ROWS[i].type};
        if (gpu_has(gpu, ROWS[i].figure))
            set(b, ROWS[i].family, labels, gpu->value[ROWS[i].figure]);
    }
    for (size_t i = 0; i < sizeof MEMORY / sizeof MEMORY[0]; i++)
        if (gpu_has(gpu, MEMORY[i].figure))
            set_gpu_bytes(b, id, real[1], MEMORY[i].type, gpu->value[MEMORY[i].figure]);
    if (gpu_has(gpu, GPU_USAGE))
        set(b, F_GPU_USAGE, real, gpu->value[GPU_USAGE] * 100);
    if (gpu_has(gpu, GPU_MEMORY_USED))
        set(b, F_GPU_ALLOCATED, real, gpu->value[GPU_MEMORY_USED] / BYTES_PER_MB);
}

static void update_gpus(struct backend *b)
{
    struct gpu_reading gpus[GPU_MAX];
    for (int family = F_GPU_USAGE; family <= F_GPU_INFO; family++)
        metrics_clear(b->metrics, family);
    if (backend_simulates_gpu(b))
        update_simulated(b);
    int count = b->gpus ? gpu_watch_read(b->gpus, gpus) : 0;
    for (int i = 0; i < count; i++)
        if (!gpus[i].lost)
            update_card(b, i, gpu_watch_driver(b->gpus, i), &gpus[i]);
}

/* ---- process and machine ---- */

static void update_decoders(struct backend *b)
{
    struct decoders *all = &b->decoders;
    set(b, F_DECODERS, NULL, decoders_running(all));
    set(b, F_DECODER_MEMORY, NULL, (double)decoders_resident_bytes(all));
    set(b, F_DECODER_CPU, NULL, nsec_to_sec(all->cpu));
    for (int i = 0; i < DECODER_REASONS; i++) {
        const char *reason = decoder_reason_name((enum decoder_reason)i);
        set(b, F_DECODER_RESTARTS, &reason, (double)all->restarts[i]);
    }
}

static void update_process(struct backend *b)
{
    static const char *const MINOR[] = {"minor"}, *const MAJOR[] = {"major"},
                             *const VOLUNTARY[] = {"voluntary"}, *const INVOLUNTARY[] = {"involuntary"};
    struct process_stats stats;
    process_stats_read(&stats);
    set(b, F_PROCESS_RESIDENT, NULL, stats.resident_bytes);
    set(b, F_PROCESS_VIRTUAL, NULL, stats.virtual_bytes);
    set(b, F_PROCESS_CPU, NULL, stats.cpu_seconds + nsec_to_sec(b->decoders.cpu));
    set(b, F_PROCESS_OPEN_FDS, NULL, stats.open_fds);
    set(b, F_PROCESS_MAX_FDS, NULL, stats.max_fds);
    set(b, F_PROCESS_THREADS, NULL, stats.threads);
    set(b, F_PROCESS_START, NULL, nsec_to_sec(b->started_wall));
    set(b, F_PROCESS_PAGE_FAULTS, MINOR, stats.minor_faults);
    set(b, F_PROCESS_PAGE_FAULTS, MAJOR, stats.major_faults);
    set(b, F_PROCESS_SWITCHES, VOLUNTARY, stats.voluntary_switches);
    set(b, F_PROCESS_SWITCHES, INVOLUNTARY, stats.involuntary_switches);
}

static void update_cores(struct backend *b)
{
    char core[12];
    const char *label = core;
    for (int i = 0; i < b->machine.cores; i++) {
        snprintf(core, sizeof core, "%d", b->machine.core[i].number);
        set(b, F_CPU_USAGE, &label, b->machine.core[i].usage * 100);
    }
}

static void update_machine(struct backend *b)
{
    static const char *const MINUTES[] = {"1", "5", "15"};
    struct machine_stats *m = &b->machine;
    machine_stats_read(m, "/proc", b->store.dir);
    const struct {
        const char *type;
        double bytes;
    } memory[] = {{"total", m->memory_total},
                  {"available", m->memory_available},
                  {"used", m->memory_used},
                  {"cached", m->memory_cached}},
      disk[] = {{"total", m->disk_total}, {"used", m->disk_used}, {"free", m->disk_free}};
    update_cores(b);
    for (int i = 0; i < 3; i++)
        set(b, F_LOAD, &MINUTES[i], m->load[i]);
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        set(b, F_MEMORY_BYTES, &memory[i].type, memory[i].bytes);
    for (size_t i = 0; i < sizeof disk / sizeof disk[0]; i++) {
        const char *labels[] = {b->settings->data ? b->settings->data : "temporary", disk[i].type};
        set(b, F_DISK_BYTES, labels, disk[i].bytes);
    }
}

void gauges_update(struct backend *b)
{
    const struct {
        enum family_id family;
        double value;
    } gauges[] = {
        {F_HTTP_CONNECTIONS, server_connections(b->server)},
        {F_HTTP_CONNECTIONS_OPENED, (double)server_opened(b->server)},
        {F_HTTP_HELD, server_held(b->server)},
        {F_ACTIVE_JOBS, b->schedule.running},
        {F_QUEUE_SIZE, b->schedule.waiting},
        {F_QUEUE_LIMIT, b->schedule.queue_max},
        {F_JOB_SLOTS, b->schedule.slots},
        {F_JOBS_KEPT, b->jobs->count},
        {F_KEPT_BYTES, (double)b->jobs->bytes},
        {F_KEPT_BYTES_MAX, (double)b->jobs->limits.bytes},
        {F_JOBS_EVICTED, (double)b->jobs->evicted},
        {F_JOBS_EXPIRED, (double)b->jobs->expired},
        {F_RECORD_ERRORS, (double)b->ledger.errors},
        {F_WORKERS, workers_count(b->workers)},
        {F_LOG_LOST, b->log ? (double)request_log_lost(b->log) : 0},
        {F_APP_READY, b->readiness == BACKEND_READY},
        {F_APP_UPTIME, nsec_to_sec(loop_now(b->loop) - b->started)},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++)
        set(b, gauges[i].family, NULL, gauges[i].value);
    update_decoders(b);
    update_process(b);
    update_machine(b);
    if (b->gpus || backend_simulates_gpu(b))
        update_gpus(b);
}
