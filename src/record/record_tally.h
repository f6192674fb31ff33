/*
 * record_tally - the jobs of one phase as counts and histograms, where rows would be too many.
 *
 * Warm-up jobs are in none. What rows tell of a wait (queue, processing, notice) is not kept: a workflow that
 * waits is kept as rows. The histograms are on the heap, made up front: a job's start and end allocate
 * nothing.
 */
#pragma once

#include "fail.h"
#include "hist.h"

enum { RECORD_MESSAGES_MAX = 100 };

struct record_shape;
struct record_job;

struct record_step_tally {
    struct hist *took; /* wherever the step succeeded, whatever became of the job */
    int64_t failed;    /* jobs that failed in it */
    int64_t censored;  /* jobs whose time was up in it */
};

struct record_tally { /* attempted = ok + failed + unfinished; failed = sum of kinds = sum of errors */
    int64_t attempted, accepted, ok, failed, unfinished;
    int64_t censored; /* of the failed: their time was up */
    int64_t models_checked, models_valid;
    int64_t polls, throttled, retries;
    int64_t kinds[FAIL_KINDS];
    int64_t errors[FAIL_KINDS][RECORD_MESSAGES_MAX + 1]; /* by the message's index; the last: without one */
    nsec first_sent, last_ended;                         /* -1: no job */
    struct hist *generation;                             /* of the jobs that succeeded */
    struct hist *validate;                               /* of the checks of models */
    struct record_step_tally *steps;
    int step_count;
};

/* `steps` has room for the shape's and belongs to the caller; the histograms to the tally. */
void record_tally_init(struct record_tally *t, struct record_step_tally *steps, int step_count);
void record_tally_finish(struct record_tally *t);
void record_tally_started(struct record_tally *t, const struct record_job *job);
/* `generation` of the job, -1: none. */
void record_tally_ended(struct record_tally *t, const struct record_job *job, nsec generation);
/* `message_map` gives, for each index of a message in `from`, the one in `into`. */
void record_tally_merge(struct record_tally *into, const struct record_tally *from, const int *message_map);
/* Checks what can be said of a phase alone. Returns NULL, or which law is broken (static text). */
const char *record_tally_check(const struct record_tally *t);
