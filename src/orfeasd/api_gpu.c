#include "api.h"

#include "backend.h"
#include "json_out.h"

static const double MB_PER_GB = 1024;

/* Only what a profile simulates, and labelled so. Without one there is nothing to tell of: 503, as the
 * original on a machine without a GPU. */
static bool has_gpu(struct exchange *x)
{
    if (backend_simulates_gpu(x->backend))
        return true;
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_text(b, "error", "No GPU: models are made on the CPU");
    json_text(b, "status", "unavailable");
    json_close(b, '}');
    exchange_send_json(x, 503);
    return false;
}

static void write_now(struct buf *out)
{
    char now[TIMESTAMP_TEXT];
    json_text(out, "timestamp", timestamp_text(clock_wall(), now));
}

static void stats(struct exchange *x)
{
    if (!has_gpu(x))
        return;
    const struct backend *backend = x->backend;
    const struct gpu_sim *gpu = &backend->gpu;
    double allocated = gpu_sim_allocated_mb(gpu, backend->schedule.running);
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    write_now(b);
    json_open(b, "gpu", '{');
    json_text(b, "name", gpu->card.name);
    json_fraction(b, "total_vram_gb", gpu->card.total_mb / MB_PER_GB);
    json_fraction(b, "allocated_gb", allocated / MB_PER_GB);
    json_fraction(b, "reserved_gb", gpu->cached_mb / MB_PER_GB);
    json_fraction(b, "available_gb", (gpu->card.total_mb - allocated) / MB_PER_GB);
    json_fraction(b, "usage_percent", 100 * allocated / gpu->card.total_mb);
    json_bool(b, "simulated", true);
    json_close(b, '}');
    json_int(b, "queue_depth", backend->schedule.waiting);
    json_text(b, "status", "operational");
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const struct handler api_gpu_stats = {.finish = stats};

static void status(struct exchange *x)
{
    if (!has_gpu(x))
        return;
    const struct gpu_sim *gpu = &x->backend->gpu;
    double used = gpu_sim_allocated_mb(gpu, x->backend->schedule.running);
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    json_open(b, "memory", '{');
    json_fraction(b, "total_mb", gpu->card.total_mb);
    json_fraction(b, "used_mb", used);
    json_fraction(b, "free_mb", gpu->card.total_mb - used);
    json_fraction(b, "cached_mb", gpu->cached_mb);
    json_fraction(b, "utilization_percent", 100 * used / gpu->card.total_mb);
    json_fraction(b, "budget_mb", gpu->budget_mb);
    json_fraction(b, "job_mb", gpu->job_mb);
    json_bool(b, "simulated", true);
    json_close(b, '}');
    write_now(b);
    json_close(b, '}');
    exchange_send_json(x, 200);
}

const struct handler api_gpu_status = {.finish = status};
