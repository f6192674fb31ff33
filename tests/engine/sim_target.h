/*
 * sim_target - an ORFEAS backend in virtual time: upload, submit, status, download over real HTTP bytes.
 *
 * Jobs go first come, first served through `slots` and take exactly `service` each; what goes wrong goes wrong for
 * jobs counted from 1: every n-th of a kind.
 */
#pragma once

#include "buf.h"
#include "loop_sim.h"

enum { SIM_SLOTS_MAX = 1024, SIM_JOBS_MAX = 20000, SIM_SOCKETS_MAX = 4096 };

struct sim_target {
    /* set before the run: */
    int slots; /* 0: any number */
    nsec service;
    nsec latency; /* of every answer */
    int fail_every;     /* the job fails */
    int reject_every;   /* its submission is refused: a refused one is not counted as a job's */
    int reject_status;  /* with this; 0: 503 */
    int reject_poll_every; /* of all polls: refused with 429 */
    const char *refusal_headers, *poll_headers; /* of refusals; of polls' "not yet"; each line ended by CR LF */
    const char *told;   /* members of the answer that a job has ended, besides; NULL: none */
    int stuck_every;    /* it never ends */
    int corrupt_every;  /* its model is broken */
    int half_every;     /* of its model one half comes, and the other never */
    int reset_every;    /* its submission's connection is reset */
    int refuse_after;   /* connections are refused after so many submissions; 0: never */
    /* what it saw: */
    int uploads, submits, polls, downloads;
    struct loop *loop;
    nsec slot_free[SIM_SLOTS_MAX];
    struct sim_job {
        nsec created, started, finished;
        bool failed, corrupt, half;
        int polls;
        nsec last_poll, last_gap; /* gaps are between polls, the first one from the submission */
        nsec first_gap, shortest_gap, longest_gap;
    } jobs[SIM_JOBS_MAX];
    struct buf inbox[SIM_SOCKETS_MAX];
    uint64_t upload_hashes[SIM_JOBS_MAX];
};

/* On zeroed memory with the settings made; makes the loop. */
void sim_target_init(struct sim_target *t);
void sim_target_finish(struct sim_target *t);
