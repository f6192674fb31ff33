/*
 * selection - some of a record's jobs, counted: those that were submitted in a phase, or in the last part of
 * the load.
 *
 * Warm-up jobs are never selected. Pure functions; what they return lives in the caller's arena.
 */
#pragma once

#include "plan.h"
#include "record.h"

enum { PHASE_ALL = -1 };

struct selection {
    int phase;      /* PHASE_ALL, or a phase's number */
    nsec sent_from; /* only jobs sent at or after; 0: all */
};

struct selection selection_of(const struct measure *m, const struct record *r);
bool selection_has(struct selection s, const struct record_job *job);

struct job_counts { /* attempted = ok + failed + unfinished */
    int attempted, accepted, ok, failed, unfinished;
    int censored; /* of the failed: their time was up */
    int models_checked, models_valid;
    int64_t polls;
    int kinds[FAIL_KINDS]; /* the failed, by kind */
};
void selection_count(struct selection s, const struct record *r, struct job_counts *ret);

struct durations {
    double *seconds; /* ascending */
    int count;
    int censored; /* further ones that only are known to be longer than the job's timeout allowed */
};
/*
 * Of the generation (SUBJECT_GENERATION): of the jobs that succeeded; jobs that timed out are censored.
 * Of a step: wherever the step succeeded, whatever became of the job; jobs that timed out in it are censored.
 * Of a part of the wait: wherever the wait succeeded and the server told its times.
 */
struct durations selection_durations(struct selection s, const struct plan *p, const struct record *r,
                                     int subject, struct arena *arena);
/* One job's, in seconds; NAN when it has none by the rule above. */
double selection_duration(const struct plan *p, const struct record *r, const struct record_job *job,
                          int subject);

/* From the first phase's start (the first job's, when it is not known) to the end of the load. */
struct record_span selection_load(const struct record *r);
/* How late jobs were started, ascending, in seconds. */
struct durations selection_start_lags(const struct record *r, struct arena *arena);
