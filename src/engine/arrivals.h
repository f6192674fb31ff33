/*
 * arrivals - when the jobs of an open load are due.
 *
 * Let L(t) be the integral of the rate from the load's start to t: over all phases, in steps or along ramps.
 *   constant  arrival i, from 0, is due when L passes i: at 1,000 a second one is due each millisecond, and
 *             ten seconds hold exactly 10,000.
 *   poisson   arrival i is due when L passes S(i) = E(0) + ... + E(i), E unit exponentials: by time rescaling
 *             a Poisson process whose rate is the planned one at every point, on ramps too (Brown, Barbieri,
 *             Ventura, Kass, Frank 2002).
 *   replay    arrival i is due at the list's i-th time.
 *
 * Times are rounded to the nearest nanosecond, and each is computed from the start of its phase, so that
 * nothing drifts. One that falls upon the end of a phase belongs to the next phase, or to none: at the load's
 * end it does not happen. While the rate is 0 nothing is due.
 *
 * Threads share a load: each of `shares` takes those arrivals whose index i has i % shares == share. What all
 * of them take together depends on the load and the seed alone.
 *
 * No I/O, no allocation; a thing of one thread. The load has to outlive it.
 */
#pragma once

#include "plan.h"
#include "rng.h"

struct arrivals {
    const struct plan_load_model *load;
    int share, shares;
    int64_t index;   /* of the arrival that comes next, of all shares */
    struct rng rng;  /* of the exponentials, all shares draw them all */
    long double sum; /* poisson: of those drawn */
    /* The phase that is reached. */
    int phase;
    nsec start;         /* from the load's start */
    long double before; /* L at its start */
    double from_rate;   /* at its start */
};

/* `load` is open; 0 <= share < shares. */
void arrivals_init(struct arrivals *a, const struct plan_load_model *load, uint64_t seed, int share,
                   int shares);
/* The share's next arrival: when it is due, from the load's start, its index among all, its phase. False:
 * there are no more; so it stays. */
bool arrivals_next(struct arrivals *a, nsec *ret_due, int64_t *ret_index, int *ret_phase);
