/*
 * world - a plan, a backend in virtual time, and the engine that plays the one against the other.
 *
 * The shipped scenarios are played with a workflow that is theirs but for the polls' jitter, so that numbers are exact.
 */
#pragma once

#include "engine.h"
#include "sim_target.h"

struct world {
    struct sim_target *target;
    struct plan *plan;
    struct payload payload;
    struct record record;
    struct progress progress;
    struct engine *engine;
};

/* `scenario`: a shipped one's name, or NULL with a workflow: an ad-hoc run. `workflow`: a shipped one's name or a file
 * beside this one ("x.yaml"); NULL: exact polls. Fails the test when the plan has mistakes. */
void world_init_with(struct world *w, const char *scenario, const char *workflow, const struct sim_target *target,
                     uint64_t seed, const struct plan_setting *settings, int count);
void world_init(struct world *w, const char *scenario, const struct sim_target *target, uint64_t seed,
                const struct plan_setting *settings, int count);
/* Plays it to the end, which it has to reach, and checks the laws. */
void world_run(struct world *w);
void world_finish(struct world *w);

/* Of the rows. */
int count_outcome(const struct record *r, enum job_outcome outcome);
int count_fail(const struct record *r, enum fail_kind fail);
struct progress_view progress_of(const struct world *w);
