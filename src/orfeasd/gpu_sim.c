#include "gpu_sim.h"

void gpu_sim_init(struct gpu_sim *g, const struct profile_gpu *card, int slots)
{
    *g = (struct gpu_sim){.card = *card, .slots = slots};
    double fits = (card->share * card->total_mb - card->base_mb) / slots;
    g->job_mb = card->job_mb < fits ? card->job_mb : fits;
    g->cached_mb = card->base_mb;
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
