/*
 * engine_private - what the engine's own files share: engine.c (phases, users), job.c (one job's walk).
 */
#pragma once

#include "checker.h"
#include "engine.h"
#include "rng.h"

/*
 * A virtual user. Waiting for its first start or thinking: the timer is armed. Closed and waiting for its
 * job: it is not. Left: `present` is false; its jobs are followed all the same.
 */
struct user {
    struct engine *engine;
    int number;
    bool present;
    struct timer timer;
    struct rng rng;
};

struct job;

struct engine {
    struct engine_config config;
    struct http_pool pool;
    struct checker *checker;
    struct user *users; /* as many as the largest phase has */
    int user_count;
    int users_present;
    int phase; /* -1: warm-up */
    struct timer phase_end;
    nsec zero;            /* the loop's time at the record's zero */
    int64_t load_started; /* jobs, without the warm-up */
    int warmups_left;
    int in_flight;
    struct arena scratch; /* of one answer's texts */
    struct job *running;  /* all of them */
    struct job *spare;    /* ended ones, to be used again */
    bool load_over;
    atomic_int command; /* 0, 1: drain, 2: stop */
};

/* The time in the record's terms. */
nsec engine_time(const struct engine *e, nsec loop_time);

/* Starts a job that was due at `due` (loop time); `user` is NULL in the warm-up. */
void job_start(struct engine *e, struct user *user, nsec due);
/* Ends every running job as unfinished, but those whose model is being checked: they end by themselves. */
void job_stop_all(struct engine *e);
void job_free_all(struct engine *e);

/* Called by job.c when a job has ended and left the engine's list. */
void engine_job_ended(struct engine *e, struct user *user, const struct record_job *job);
