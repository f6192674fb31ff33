/*
 * station - what can be told of a server from when jobs came to it, began and ended: how many it holds and
 * does at a time, in which order, and whether they slow each other down.
 *
 * Times are nanoseconds, arrived <= started <= ended. What lasts for no time counts for nothing. Pure
 * functions on the caller's memory, scratch in the caller's arena.
 */
#pragma once

#include "arena.h"
#include "clock.h"

#include <stdint.h>

struct station_job {
    nsec arrived, started, ended;
};

struct station_means { /* over the time from the first arrival to the last end */
    double seconds;    /* so long is that */
    double rate;       /* arrivals a second */
    double
        system; /* jobs in the station; by Little's law (1961) rate * mean stay, since none is left in it */
    double waiting;
    double running;
};
/* NANs without any time between. */
void station_means(const struct station_job *jobs, int count, struct arena *arena, struct station_means *ret);

struct station_load {
    double contended; /* seconds in which a job waited: what runs then is all that can */
    double running;   /* jobs that ran meanwhile, on average; NAN when none ever waited */
    int most;         /* ... and at most; what lasted for less than 1 % of it does not count */
};
void station_load(const struct station_job *jobs, int count, struct arena *arena, struct station_load *ret);

/*
 * Of jobs that waited at the same time: how many pairs there are, and in how many the one that came first
 * began first, or both at once. Sorts by arrival.
 */
int64_t station_order(struct station_job *jobs, int count, struct arena *arena, int64_t *ret_in_order);

/* How many wait and run at each of the times `at`. */
void station_held(const struct station_job *jobs, int count, const nsec *at, int times, struct arena *arena,
                  int64_t *ret_waiting, int64_t *ret_running);

/* For each job, how many ran on average while it did, itself included; 1 for one that took no time. */
void station_beside(const struct station_job *jobs, int count, struct arena *arena, double *ret);
