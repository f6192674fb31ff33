/*
 * world - a plan, a backend in virtual time, and the engine that plays the one against the other.
 *
 * The shipped scenarios are played with a workflow that is theirs but for the polls' jitter, so that numbers
 * are exact.
 */
#pragma once

#include "engine.h"
#include "sim_plain.h"
#include "sim_target.h"

struct world {
    struct sim_target *target; /* one of the two, or neither; the other is NULL */
    struct sim_plain *plain;
    struct loop *loop; /* its */
    struct plan *plan;
    struct payload payload;
    struct record record;
    struct progress progress;
    struct engine *engine;
    struct timer command_timer;
    void (*command)(struct engine *e);
};

/* `scenario`: a shipped one's name; or the text of one, which has line feeds; or NULL with a workflow: an
 * ad-hoc run. `workflow`: a shipped one's name, a file beside this one ("x.yaml"), or the text of one; NULL:
 * exact polls. Fails the test when the plan has mistakes. */
void world_init_with(struct world *w, const char *scenario, const char *workflow,
                     const struct sim_target *target, uint64_t seed, const struct plan_setting *settings,
                     int count);
void world_init(struct world *w, const char *scenario, const struct sim_target *target, uint64_t seed,
                const struct plan_setting *settings, int count);
/* The workflow is the shipped `get`, unless `workflow` is another one. */
void world_init_plain(struct world *w, const char *scenario, const char *workflow,
                      const struct sim_plain *plain, uint64_t seed);
/* The same against a server of the test's own, whose loop this is; world_finish() leaves it alone. */
void world_init_served(struct world *w, const char *scenario, const char *workflow, struct loop *loop);
/* Plays it to the end, which it has to reach, and checks the laws. */
void world_run(struct world *w);
/* The same, with engine_drain() or engine_stop() at a time from the record's zero. */
void world_run_with(struct world *w, nsec at, void (*command)(struct engine *e));
void world_finish(struct world *w);

/* Of the rows. */
int count_outcome(const struct record *r, enum job_outcome outcome);
int count_fail(const struct record *r, enum fail_kind fail);
struct progress_view progress_of(const struct world *w);
