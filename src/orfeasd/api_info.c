#include "api.h"

#include "backend.h"
#include "gauges.h"
#include "json_out.h"

#include <stdio.h>

static const double BYTES_PER_MB = 1 << 20;

static const char *const READINESS[] = {"loading", "ready", "stopping"};

static void health(struct exchange *x)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "status", "healthy");
    json_text(b, "service", "orfeas-backend");
    json_text(b, "version", ORFEAS_VERSION);
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const struct handler api_health = {.finish = health};

/* A GPU is claimed only where a profile simulates one, and then labelled. */
static void write_card(const struct backend *b, struct buf *out)
{
    bool simulated = backend_simulates_gpu(b);
    json_bool(out, "gpu", simulated);
    if (!simulated)
        return;
    char total[32];
    snprintf(total, sizeof total, "%.2f GB", b->gpu.card.total_mb * BYTES_PER_MB / 1e9);
    json_text(out, "gpu_name", b->gpu.card.name);
    json_text(out, "gpu_memory_total", total);
    json_bool(out, "simulated", true);
}

static void ready(struct exchange *x)
{
    bool is_ready = x->backend->readiness == BACKEND_READY;
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "status", is_ready ? "ready" : "not_ready");
    json_open(b, "checks", '{');
    json_bool(b, "application", x->backend->readiness != BACKEND_STOPPING);
    json_bool(b, "models", is_ready);
    write_card(x->backend, b);
    json_close(b, '}');
    json_close(b, '}');
    exchange_send_json(x, is_ready ? 200 : 503);
}

const struct handler api_ready = {.finish = ready};

static void write_memory(struct buf *out, const char *in_bytes, const char *in_mb, double megabytes)
{
    json_int(out, in_bytes, (int64_t)(megabytes * BYTES_PER_MB));
    json_int(out, in_mb, (int64_t)megabytes);
}

/* All figures of a card that does not exist are 0, as the original's on a machine without one; a profile's
 * are labelled as simulated. */
static void write_gpu(struct backend *b, const char *key, struct buf *out)
{
    bool simulated = backend_simulates_gpu(b);
    double total = simulated ? b->gpu.card.total_mb : 0;
    double allocated = simulated ? gpu_sim_allocated_mb(&b->gpu, b->schedule.running) : 0;
    double reserved = simulated ? b->gpu.cached_mb : 0;
    json_open(out, key, '{');
    write_memory(out, "allocated", "allocated_mb", allocated);
    write_memory(out, "reserved", "reserved_mb", reserved);
    write_memory(out, "total", "total_mb", total);
    write_memory(out, "free", "free_mb", total - reserved);
    json_bool(out, "simulated", simulated);
    json_close(out, '}');
}

static void write_processor(struct backend *b, struct buf *out)
{
    json_open(out, "processor", '{');
    json_text(out, "status", READINESS[b->readiness]);
    json_text(out, "device", "cpu");
    json_text(out, "model_type", "inflate-cpu");
    json_text(out, "profile", b->profile ? b->profile->name : "none");
    json_open(out, "formats", '[');
    for (int i = 0; i < MODEL_FORMATS; i++)
        json_text(out, NULL, model_format_name((enum model_format)i));
    json_close(out, ']');
    json_close(out, '}');
}

static void write_faults(const struct fault_plan *plan, struct buf *out)
{
    json_open(out, "injected", '[');
    for (int i = 0; i < FAULTS; i++)
        if (fault_asked(plan, (enum fault)i))
            json_text(out, NULL, plan->specs[i].text);
    json_close(out, ']');
}

static void write_sandbox(const struct backend *b, struct buf *out)
{
    json_open(out, "sandbox", '{');
    json_int(out, "processes", decoders_running(&b->decoders));
    json_open(out, "layers", '[');
    for (int i = 0; i < SANDBOX_LAYERS; i++)
        if (b->decoders.layers >> i & 1)
            json_text(out, NULL, sandbox_layer_name((enum sandbox_layer)i));
    json_close(out, ']');
    json_int(out, "landlock_abi", b->decoders.landlock_abi);
    json_close(out, '}');
}

static void health_details(struct exchange *x)
{
    struct backend *backend = x->backend;
    char now[TIMESTAMP_TEXT];
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "status", "healthy");
    json_text(b, "timestamp", timestamp_text(clock_wall(), now));
    json_text(b, "mode", "full_ai");
    json_text(b, "version", ORFEAS_VERSION);
    write_gpu(backend, "gpu_info", b);
    json_int(b, "active_jobs", backend->schedule.running);
    json_int(b, "queued_jobs", backend->schedule.waiting);
    json_int(b, "slots", backend->schedule.slots);
    json_text(b, "models_status", READINESS[backend->readiness]);
    json_seconds(b, "uptime_seconds", loop_now(backend->loop) - backend->started);
    write_processor(backend, b);
    write_faults(&backend->settings->faults, b);
    write_sandbox(backend, b);
    json_open(b, "capabilities", '[');
    json_text(b, NULL, "image_to_3d");
    json_close(b, ']');
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const struct handler api_health_details = {.finish = health_details};

static void models_info(struct exchange *x)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "mode", "full_ai");
    json_text(b, "device", "cpu");
    write_gpu(x->backend, "gpu_stats", b);
    write_processor(x->backend, b);
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const struct handler api_models_info = {.finish = models_info};

static void metrics(struct exchange *x)
{
    gauges_update(x->backend);
    metrics_write(x->backend->metrics, exchange_text(x));
    exchange_send(x, 200, "text/plain; version=0.0.4; charset=utf-8");
}

const struct handler api_metrics = {.finish = metrics};
