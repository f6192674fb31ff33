/*
 * gpu_sim - what the imitated card would show. Every figure leaves the program labelled as simulated.
 */
#pragma once

#include "profile.h"

struct gpu_sim {
    struct profile_gpu card;
    int slots;
    double job_mb;    /* capped so that all slots fit into the card's share for jobs */
    double cached_mb; /* the most that was allocated: an allocator keeps what it once had */
};

void gpu_sim_init(struct gpu_sim *g, const struct profile_gpu *card, int slots);
/* Jobs have started or ended. */
void gpu_sim_running(struct gpu_sim *g, int running);
double gpu_sim_allocated_mb(const struct gpu_sim *g, int running);
double gpu_sim_usage_percent(const struct gpu_sim *g, int running);
