/*
 * ask - one request of a job and its answer: what only those jobs need that are talking to the target.
 *
 * Of ten thousand jobs that wait, few talk at a time; those share a stock of asks, so that a waiting job is
 * small. A request that is the same every time (no captured or counted value in it, no picture) is rendered
 * once.
 */
#pragma once

#include "checker.h"
#include "request.h"

struct asks;
struct worker;
struct job;

struct ask {
    struct http_exchange exchange;
    struct asks *asks;
    struct job *job; /* whose it is; NULL: in stock */
    const struct plan_step *step;
    struct request request;   /* unless it is the same every time */
    struct http1_names names; /* of the answer */
    struct buf body;          /* as much of the answer's as somebody may read */
    struct check check;       /* of a model, begun when it is downloaded */
    struct ask *next;         /* in stock */
};

struct asks {
    struct worker *worker;
    void (*done)(struct ask *a); /* the exchange is over; the ask stays the job's until ask_release() */
    void (*checked)(struct ask *a);
    struct ask *stock;
    struct request *fixed; /* one a step; iov_count 0: it differs from job to job */
    bool needs_values;     /* of variables, by some step */
};

void asks_init(struct asks *asks, struct worker *w);
/* Those that are out are released before. */
void asks_finish(struct asks *asks);

/* Sends step number `step`, of one that listens the poll beside it, at the loop's time `now`, see
 * request_render(). NULL with a sentence in `error` when it cannot be rendered. */
struct ask *ask_start(struct asks *asks, struct job *job, int step, const char *const *values,
                      const struct payload *payload, uint64_t nonce, nsec now,
                      char error[REQUEST_ERROR_TEXT]);
/* Also one that is under way: its answer is not waited for. NULL-safe. */
void ask_release(struct ask *a);

/* Is an answer with an expected status read as JSON? */
bool ask_is_read(const struct plan_step *step);
bool ask_is_expected(const struct plan_step *step, int status);
