/*
 * selection - some of a record's jobs, counted: those that were submitted in a phase, or in the last part of
 * the load. The same is said of jobs that were kept as rows and of jobs that were tallied.
 *
 * The last part of tallied jobs is made of whole intervals (record_intervals.h): all that it touches, so it
 * may begin up to one earlier than was asked for. A job counts as started in the interval in which it was
 * sent, and everything else of it where it ended.
 *
 * Warm-up jobs are never selected. Pure functions; what they return lives in the caller's arena.
 */
#pragma once

#include "plan.h"
#include "record.h"
#include "sample.h"

enum { PHASE_ALL = -1 };

struct selection {
    int phase;      /* PHASE_ALL, or a phase's number */
    nsec sent_from; /* only jobs sent at or after; 0: all */
};

struct selection selection_of(const struct measure *m, const struct record *r);
/* Of rows. */
bool selection_has(struct selection s, const struct record_job *job);

struct job_counts { /* attempted = ok + failed + unfinished */
    int64_t attempted, accepted, ok, failed, unfinished;
    int64_t censored; /* of the failed: their time was up */
    /* What follows is zero of the last part of tallied jobs: not known. */
    int64_t models_checked, models_valid;
    int64_t polls, throttled, retries;
    int64_t kinds[FAIL_KINDS]; /* the failed, by kind */
};
void selection_count(struct selection s, const struct record *r, struct job_counts *ret);

struct durations {
    struct sample seconds;
    int64_t censored; /* further ones that only are known to be longer than the job's timeout allowed */
    const char *why;  /* they are not known of tallied jobs: why; NULL otherwise */
};
/*
 * Of the generation (SUBJECT_GENERATION): of the jobs that succeeded; jobs that timed out are censored.
 * Of a step: wherever the step succeeded, whatever became of the job; jobs that timed out in it are censored.
 * Of a part of the wait: wherever the wait succeeded and the server told its times; tallied jobs have none.
 */
struct durations selection_durations(struct selection s, const struct plan *p, const struct record *r,
                                     int subject, struct arena *arena);
/* One row's, in seconds; NAN when it has none by the rule above. */
double selection_duration(const struct plan *p, const struct record *r, const struct record_job *job,
                          int subject);
/* The same over time, ascending: of rows one a job, at its submission; of tallied jobs the median of each
 * interval's generations, at its middle, and of a phase the intervals within it. */
struct record_point *selection_points(struct selection s, const struct plan *p, const struct record *r,
                                      int subject, struct arena *arena, int *ret_count);

/* Jobs that failed in a step, and how many of these because their time was up. */
void selection_failed_in(struct selection s, const struct record *r, int step, int64_t *ret_failed,
                         int64_t *ret_censored);

struct job_error { /* jobs that failed alike */
    enum fail_kind kind;
    int error; /* index of the message; -1: none */
    int64_t count;
};
/* In the order in which they came up first, of tallied jobs by message; returns how many. */
int selection_errors(struct selection s, const struct record *r, struct arena *arena, struct job_error **ret);

struct model_counts {
    int64_t compared; /* valid models of which a hash is known: of rows only */
    int64_t distinct; /* of these */
};
struct model_counts selection_models(const struct record *r, struct arena *arena);

/* From the first phase's start (the first job's, when it is not known) to the end of the load. */
struct record_span selection_load(const struct record *r);
/* From the first start to the last end of the measured jobs; both -1 without any. */
struct record_span selection_jobs(const struct record *r);
/* When the first measured job succeeded, of tallied jobs when its interval was over; -1: none did. */
nsec selection_first_success(const struct record *r);
