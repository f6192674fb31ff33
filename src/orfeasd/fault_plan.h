/*
 * fault_plan - which faults orfeasd is asked to have: the grammar of --fault, and whom they hit.
 *
 * A fault with a share makes one decision for each accepted job, from a stream of random numbers of its own
 * that follows from the seed and the job's number in the order of acceptance: the same seed hits the same
 * jobs, whatever else is asked for. Times count from the first accepted job. Pure; immutable once read, so
 * any thread.
 */
#pragma once

#include "clock.h"
#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

enum fault {
    FAULT_ERROR,   /* error=2%: the job fails at its end */
    FAULT_LEAK,    /* leak=256KiB/job: so much touched memory is lost with each job */
    FAULT_SLOW,    /* slow=+1%/min: service time grows by so much of itself each minute */
    FAULT_FREEZE,  /* freeze=2s@60s: nothing is answered for 2 s */
    FAULT_CRASH,   /* crash@90s: the process is killed */
    FAULT_RESET,   /* reset=1%: the connection that submitted the job is reset, the job runs on */
    FAULT_CORRUPT, /* corrupt=1%: the model is broken */
    FAULT_STUCK,   /* stuck=1%: the job never ends and keeps its slot */
    FAULT_LIE,     /* lie=1%: the job is missing in model_3d_generations_total */
    FAULT_REFUSE,  /* refuse@30s: no new connections; open ones live on */
    FAULTS
};

enum {
    FAULT_TEXT_MAX = 47,
    FAULT_LEAK_MAX = 64 << 20, /* bytes a job */
};

struct fault_spec {
    char text[FAULT_TEXT_MAX + 1]; /* as it was written; "": not asked for */
    double share;                  /* of the jobs, above 0 to 1 */
    int64_t bytes;                 /* a job */
    double growth;                 /* a minute; 0.01 is +1% */
    nsec lasts, at;                /* before the time scale */
};

struct fault_plan { /* zero: none */
    int count;
    struct fault_spec specs[FAULTS];
};

const char *fault_name(enum fault fault);
/* Reads specs with commas between them. `where` is for the messages, "--fault". Every mistake is told; a
 * fault that stands there twice is one. */
void fault_plan_add(struct fault_plan *plan, const char *text, const char *where, struct diag_list *diags);

static inline bool fault_asked(const struct fault_plan *plan, enum fault fault)
{
    return plan->specs[fault].text[0];
}

/* Whether a fault with a share hits the job of this number. False for one that was not asked for. */
bool fault_hits(const struct fault_plan *plan, enum fault fault, uint64_t seed, uint64_t job);
/* By how much FAULT_SLOW multiplies service times so long after the first job: 1 or more. `time_scale`
 * divides its minute. */
double fault_slowdown(const struct fault_plan *plan, nsec since_first, double time_scale);
