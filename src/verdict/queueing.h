/*
 * queueing - what a target does with many jobs at once: how long they wait in it, how many it works on at a
 * time, in which order it takes them, and whether they slow each other down.
 *
 * From jobs of which it is known when they came, began and ended: by the target's clock where it tells its
 * times, else as they were seen. Others, those that timed out above all, were there as well: then less is
 * said of the target's load than is true, and their number stands beside. Nothing is known of tallied jobs.
 * Pure; texts are static.
 */
#pragma once

#include "interval.h"
#include "plan.h"
#include "record.h"
#include "station.h"

enum {
    QUEUEING_JOBS_MIN = 10,         /* fewer say nothing of how many run at once, or slow each other down */
    QUEUEING_CONTENDED_PERCENT = 5, /* of the time a job has to wait: else nobody knows how many could run */
    QUEUEING_PAIRS_MIN = 20,        /* that waited at the same time */
    QUEUEING_FIFO_PERCENT = 95,     /* of the pairs: first come, first served */
    QUEUEING_POINTS_MIN = 5,        /* of a gauge */
    QUEUEING_GAUGES = 2
};

/* Of two things that grow together: by so many per cent the one where the other grows by one. Processing
 * times that grow with the jobs at once by more than half of that are shared; they would by 1 where jobs
 * share all that there is. */
#define QUEUEING_SHARING 0.5
/* One can only tell where the number of jobs at once differs: from the tenth in the hundred to the ninetieth
 * by this factor. A target that is full all the time shows nothing but its own noise. */
#define QUEUEING_SPREAD 1.5

enum queueing_order { ORDER_UNKNOWN, ORDER_FIFO, ORDER_OTHER };
enum queueing_service { SERVICE_UNKNOWN, SERVICE_INDEPENDENT, SERVICE_SHARING };
enum queueing_answer { GAUGE_UNKNOWN, GAUGE_AGREES, GAUGE_MORE, GAUGE_FEWER };

struct queueing_gauge {  /* the target's own count, against ours at the same moments */
    const char *name;    /* NULL: it has none */
    bool waiting;        /* of jobs that wait; else of those that run */
    double theirs, ours; /* means */
    int points;
    enum queueing_answer answer;
};

struct queueing {
    const char *why;   /* nothing is known; NULL otherwise */
    int jobs;          /* that are known */
    int unknown;       /* further ones that the target was given */
    bool seen;         /* by us: the target tells no times */
    double share;      /* of the generations, that jobs waited in the target, in per cent */
    double wait, stay; /* mean seconds: in the queue, and with the processing */
    struct station_means means;
    struct station_load load;
    const char *load_why; /* how many run at once is not known; NULL: it is */
    int64_t pairs, in_order;
    enum queueing_order order;
    struct interval
        beside; /* jobs at once while one ran: so many for the tenth in the hundred and the ninetieth */
    double elasticity; /* NAN: not known */
    struct interval elasticity_interval;
    enum queueing_service service;
    struct queueing_gauge gauges[QUEUEING_GAUGES];
};

void queueing_measure(const struct plan *p, const struct record *r, struct queueing *ret);
/* A sentence or two for people, in the arena; "" where there is nothing to say. */
const char *queueing_text(const struct queueing *q, struct arena *arena);
