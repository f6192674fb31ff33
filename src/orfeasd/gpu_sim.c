#include "gpu_sim.h"

void gpu_sim_init(struct gpu_sim *g, const struct profile_gpu *card, int slots, double limit_mb, bool refuse)
{
    *g = (struct gpu_sim){.card = *card, .slots = slots};
    g->budget_mb = limit_mb > 0 ? limit_mb : card->share * card->total_mb;
    if (g->budget_mb > card->total_mb)
        g->budget_mb = card->total_mb;
    double fits = (g->budget_mb - card->base_mb) / slots;
    g->job_mb = refuse || card->job_mb < fits ? card->job_mb : fits;
    g->cached_mb = card->base_mb;
}

/* Sums that were divided by the number of slots before may miss the budget by a rounding error. */
static const double TOLERANCE_MB = 1e-6;

bool gpu_sim_fits(const struct gpu_sim *g, int running)
{
    return gpu_sim_allocated_mb(g, running) <= g->budget_mb + TOLERANCE_MB;
}

double gpu_sim_allocated_mb(const struct gpu_sim *g, int running)
{
    return g->card.base_mb + g->job_mb * running;
}

double gpu_sim_usage_percent(const struct gpu_sim *g, int running)
{
    return 100.0 * running / g->slots;
}

void gpu_sim_running(struct gpu_sim *g, int running)
{
    double allocated = gpu_sim_allocated_mb(g, running);
    if (allocated > g->cached_mb)
        g->cached_mb = allocated;
}
