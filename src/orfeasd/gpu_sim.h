/*
 * gpu_sim - what the imitated card would show. Every figure leaves the program labelled as simulated.
 */
#pragma once

#include "profile.h"

struct gpu_sim {
    struct profile_gpu card;
    int slots;
    double budget_mb; /* that models and jobs may fill together */
    double job_mb;    /* capped, unless jobs are refused, so that all slots fit into the budget */
    double cached_mb; /* the most that was allocated: an allocator keeps what it once had */
};

/* `limit_mb`: the budget, at most all of the card; 0: its share. `refuse`: jobs take what they take, and
 * those that do not fit are not to be started. */
void gpu_sim_init(struct gpu_sim *g, const struct profile_gpu *card, int slots, double limit_mb, bool refuse);
/* Whether so many jobs fit into the budget. */
bool gpu_sim_fits(const struct gpu_sim *g, int running);
/* Jobs have started or ended. */
void gpu_sim_running(struct gpu_sim *g, int running);
double gpu_sim_allocated_mb(const struct gpu_sim *g, int running);
double gpu_sim_usage_percent(const struct gpu_sim *g, int running);
