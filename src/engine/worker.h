/*
 * worker - one thread's part of a load: its loop, its users or arrivals, its jobs, its record. Private to the
 * engine, all of it on the worker's own thread but worker_command() and worker_begin_load().
 *
 *   engine.c     shares out, starts the threads, merges the records
 *   worker.c     a part's life: warm-up, phases, the load's end
 *   users.c      paced and closed users; arrive.c: open arrivals
 *   job.c        one job's walk through the workflow; job_answer.c, job_wait.c, job_times.c: what it is
 *                told on it
 *   ask.c        one request of it, and its answer
 *   listen.c     how it is told that the target has done its work
 */
#pragma once

#include "arrivals.h"
#include "ask.h"
#include "checker.h"
#include "engine.h"
#include "listen.h"
#include "rng.h"

struct worker;
struct job;

/*
 * A virtual user. Waiting for its first start or thinking: the timer is armed. Closed and waiting for its
 * job: it is not. Left: `present` is false; its jobs are followed all the same. One that comes back finds its
 * job under way, and waits for it.
 */
struct user {
    struct worker *worker;
    int number; /* among the users of all workers */
    bool present;
    bool waits;    /* closed: its job is under way */
    uint32_t jobs; /* so far: its place in the streams of random numbers */
    struct timer timer;
    struct rng rng;
};

/* An open arrival that is due and waits for its turn. */
struct arrival {
    nsec due; /* loop time */
    int64_t index;
    int phase;
};

struct worker {
    struct engine *engine;
    const struct engine_config *config;
    const struct plan *plan;
    int number, shares;
    struct loop *loop;
    struct record record;
    struct progress_share *progress;
    struct http_pool pool;
    struct checker *checker;   /* NULL: nothing is to be checked */
    struct deadlines timeouts; /* of jobs */
    struct asks asks;
    struct listens listens;
    nsec zero; /* the loop's time at the record's zero */

    /* the load */
    int phase; /* -1: warm-up */
    nsec load_start;
    struct timer phase_end;
    bool load_over;
    int warmups_left;
    int64_t tickets; /* closed, of a number of jobs: taken from the engine and not yet used */
    int64_t max_in_flight;
    int64_t in_flight; /* due and not ended */

    /* paced and closed */
    struct user *users;
    int user_count;
    int users_present;
    struct timer leave; /* of a ramp downwards: the next user's time to go */
    int leave_next;     /* own index */

    /* open */
    struct arrivals arrivals;
    struct arrival next_arrival;
    bool expects; /* there is a next one */
    struct timer arrive;
    struct arrival *backlog; /* a ring */
    int64_t backlog_first, backlog_count, backlog_capacity;
    int64_t concurrent; /* at most; 0: no limit */
    int64_t under_way;

    struct arena scratch; /* of one answer's texts */
    uint32_t jobs_begun;
    struct job *running; /* all of them */
    struct job *spare;   /* ended ones, to be used again */
    struct timer heartbeat;
    atomic_int command;      /* 0, 1: drain, 2: stop */
    _Atomic nsec begin_load; /* loop time; 0: not yet */
};

/* ---- engine.c ---- */

/* A portion of the plan's number of jobs; 0: all of them were handed out. */
int64_t engine_take_tickets(struct engine *e);
/* The load begins, for all workers, at the loops' time `at`. */
void engine_warmed_up(struct engine *e, nsec at);

/* ---- worker.c ---- */

/* False with errno. `loop` is the simulation's, or NULL. */
bool worker_init(struct worker *w, struct engine *e, int number, struct loop *loop);
void worker_finish(struct worker *w);
/* Plays this part of the load from `zero` on; returns when its last job has ended. */
void worker_run(struct worker *w, nsec zero);
void worker_command(struct worker *w, int command);
/* The warm-up, which is the first worker's, is over. */
void worker_begin_load(struct worker *w, nsec at);

/* How many of `all` users or places are this worker's; 0 of none. */
int64_t worker_part(const struct worker *w, int64_t all);
/* The time in the record's terms. */
nsec worker_time(const struct worker *w, nsec loop_time);
const struct plan_phase *worker_phase(const struct worker *w);
/* No more starts; running jobs are followed. */
void worker_end_load(struct worker *w);
void worker_count_in_flight(struct worker *w, int64_t change);
/* Counts a start that is due. False: the target holds too many jobs already and it is skipped, or no more can
 * be kept and the load is over. */
bool worker_admit(struct worker *w);
/* Called by job.c when a job has ended, at `now`, and left the list. */
void worker_job_ended(struct worker *w, struct user *user, const struct record_job *job, nsec now);

/* ---- users.c ---- */

void users_init(struct worker *w);
void users_finish(struct worker *w);
void users_begin_phase(struct worker *w, nsec start);
void users_leave_all(struct worker *w);
void users_job_ended(struct user *user, nsec now);

/* ---- arrive.c ---- */

void arrive_init(struct worker *w);
void arrive_finish(struct worker *w);
void arrive_begin(struct worker *w);
void arrive_stop(struct worker *w);
void arrive_job_ended(struct worker *w, nsec now);
/* Those who wait for their turn do not start: the run is interrupted. */
void arrive_drop_backlog(struct worker *w);

/* ---- job.c ---- */

struct job_start {
    struct user *user; /* NULL: of an arrival, or of the warm-up */
    int phase;         /* -1: warm-up */
    nsec due;          /* loop time */
    nsec ready;        /* since when nobody but ourselves kept it from starting */
    uint64_t stream;   /* of its random numbers */
};
void job_start(struct worker *w, const struct job_start *start);
void job_init_all(struct worker *w);
/* Ends every running job as unfinished, but those whose model is being checked: they end by themselves. */
void job_stop_all(struct worker *w);
void job_free_all(struct worker *w);
