/*
 * completion - when jobs were done, as far as that can be known. Who polls learns of an end up to an interval
 * late; a target that tells its times says it better, once the distance of its clock from ours is known.
 *
 * The target's clock is bounded by when jobs were created, which lies between a job's sending and the begin
 * of its wait, and by the dates of answers (clock_offset.h). So each job's end lies between two points in
 * time of ours, and of percentiles there are two: that of all lower ends and that of all upper ones. The
 * truth lies between. Of jobs that succeeded, and of rows only. Pure; texts are static.
 */
#pragma once

#include "clock_offset.h"
#include "interval.h"
#include "plan.h"
#include "record.h"

enum { COMPLETION_PERCENTILES = 3 };
extern const double completion_percents[COMPLETION_PERCENTILES]; /* 50, 95, 99 */

/* The clock was set once in a run, perhaps; above that, and one in so many times told, it is no clock. */
enum { COMPLETION_STEPS_MAX = 1, COMPLETION_STEPS_PER = 100 };

enum completion_method {
    COMPLETION_UNKNOWN, /* nothing is waited for, or jobs are tallied */
    COMPLETION_POLLED,  /* between the last "not yet" and the first "done" */
    COMPLETION_TOLD,    /* at once, as far as we know: how late the target told is not */
    COMPLETION_SERVER   /* by the target's times */
};
extern const char *const completion_method_names[]; /* "unknown", "polled", "told", "server" */

struct completion {
    enum completion_method method; /* the best there is for every job */
    const char *why;               /* the target's times are not used: why; NULL otherwise */
    int64_t jobs;
    int64_t told;         /* of these, with times of the target */
    int64_t contradicted; /* its end lies outside of what we saw: what we saw counts */
    int64_t implausible;  /* of all rows: the target's times exceed the job */
    double bound;         /* seconds that an end is uncertain by, at the median */
    double bound_most;
    struct interval seconds[COMPLETION_PERCENTILES]; /* of the generation; NANs without any */
    bool has_clock;
    struct clock_bound clock; /* at the run's end, our wall clock's less: the target's is so far ahead */
    nsec clock_width;         /* at the median */
    int clock_steps;          /* times that it was set, or contradicted itself */
    int clock_evidence;
};

void completion_measure(const struct plan *p, const struct record *r, struct completion *ret);
