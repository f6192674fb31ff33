/*
 * job_private - what the files of job share.
 *
 *   job.c         a job's life, and its walk from step to step
 *   job_answer.c  what an answer means
 *   job_wait.c    whether it has ended: what polls see, and what the target tells
 *   job_times.c   where a wait's time went
 *   job_state.c   which state that is, and whether it agrees with what was said before
 */
#pragma once

#include "worker.h"

enum { JOB_ERROR_TEXT = 300 };

/* Two connections bring the same news in either order: what comes sooner after the other is not late. */
#define JOB_LATE (100 * NSEC_PER_MSEC)

enum job_way { JOB_TOLD, JOB_SEEN, JOB_WAYS }; /* by a message; by a poll */

struct job_news { /* the last state that came this way, and since when it has been this one */
    enum plan_state state;
    nsec since;
};

/*
 * A job's walk through the workflow. At any time it is in exactly one of these places:
 *
 *   asking    - `ask` is under way.
 *   listening - `listen` waits for the target to tell. With a poll beside, `ask` is under way or the timer is
 *               armed, too.
 *   pausing   - before a poll, before a step that the target refused for now is tried again, or before the
 *               job fails because its request cannot be made; the timer is armed.
 *   checking  - the model is downloaded and with the checker; the timeout no longer runs, the target has
 *               done its part.
 *
 * It leaves through job_end(), once.
 */
struct job {
    struct worker *worker;
    struct user *user;
    struct record_job *record;
    struct job *next, **link; /* in the worker's list of running ones */
    int step;
    int tries;  /* of the step, after refusals */
    bool again; /* what is asked next was asked before, and refused */
    bool checking;
    nsec asked;          /* when the last request was sent */
    nsec not_yet;        /* ... that was a poll, and answered by "not yet" */
    const char *unasked; /* why the request cannot be made; NULL */
    uint64_t nonce;
    struct rng rng;
    struct timer pause;
    struct deadline timeout;
    struct ask *ask;       /* NULL: none is under way */
    struct listen *listen; /* NULL: it does not */
    nsec began;            /* when it was first seen to run; -1: it was not */
    nsec seen;             /* when the poll beside saw that it has ended; -1: it has not */
    struct job_news news[JOB_WAYS];
    double progress;     /* the last that was told */
    struct arena arena;  /* of the values */
    const char **values; /* of the plan's variables */
};

static inline const struct plan_step *job_step(const struct job *j)
{
    return &j->worker->plan->workflow.steps[j->step];
}

static inline nsec job_now(const struct job *j)
{
    return loop_now(j->worker->loop);
}

/* ---- job.c ---- */

/* At the loop's time `now`. */
void job_end(struct job *j, enum job_outcome outcome, nsec now);
void job_fail(struct job *j, enum fail_kind kind, const char *why);
/* Nothing is under way any more, nor about to be. */
void job_let_go(struct job *j);
/* Then it asks, or listens, as its step says. */
void job_pause_until(struct job *j, nsec until);
/* Jobs that were submitted together shall not poll together for ever. */
nsec job_poll_interval(struct job *j, const struct plan_step *step);
/* The step is over at the loop's time `now`. */
void job_end_step(struct job *j, nsec now);
void job_count_poll(struct job *j);

/* ---- job_answer.c ---- */

void job_answered(struct ask *a);
void job_model_checked(struct ask *a);
/* By an answer that was not expected: the step is tried again, or the job fails. */
void job_refused(struct job *j, const struct http_exchange *x, const struct buf *body);
/* Returns false when the job has failed over it. */
bool job_take_captures(struct job *j, const json_t *root);
/* How long the target asks us to stay away; -1: it does not. */
nsec job_told_to_wait(const struct http_exchange *x);

/* ---- job_wait.c ---- */

/* A poll was answered as expected, by this text. */
void job_polled(struct job *j, const char *text, size_t len);
/* The poll beside one that listens was answered, in whichever way. */
void job_witnessed(struct job *j);
/* What `listens` calls back. */
bool job_told_to_go_on(struct job *j, const char *text, size_t len);
void job_told(struct job *j, const json_t *root);
void job_messaged(struct job *j);
void job_lost(struct job *j, const struct listen_end *end);

/* ---- job_times.c ---- */

/* The wait has ended, its step too: takes it apart, by the answer that ended it, or by what was seen. */
void job_take_times(struct job *j, const json_t *root);
/* ---- job_state.c ---- */

/* What the target says, this way and at the loop's time `now`; what is odd about it is counted. */
enum plan_state job_hear_state(struct job *j, enum job_way way, const struct plan_states *states,
                               const json_t *root, nsec now);
/* A message whose number is not above that of the one before. Also what `listens` calls back. */
void job_out_of_order(struct job *j);
/* Does the text say no more than that the job goes on, at the loop's time `now`? Then that is noted, and
 * nothing else is to be done. False: it has to be parsed. */
bool job_goes_on(struct job *j, enum job_way way, const struct plan_states *states, const char *text,
                 size_t len, nsec now);
void job_note_progress(struct job *j, double progress);
/* Nothing has come by messages. */
void job_forget_told(struct job *j);
