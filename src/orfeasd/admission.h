/*
 * admission - whether a generation is taken now, and how it gets into the queue.
 */
#pragma once

#include "backend.h"

enum admission {
    ADMISSION_OK,
    ADMISSION_LOADING,
    ADMISSION_STOPPING,
    ADMISSION_QUEUE_FULL,
    ADMISSION_GPU_FULL
};

struct refusal {
    int status;        /* of HTTP */
    const char *error; /* for people */
    const char *kind;  /* "queue_full" ... */
    int retry_seconds; /* when it may be worth another try, from the jobs that run */
};

/* Whether one more generation is taken; else `ret` says why not. */
enum admission admission_check(const struct backend *b, struct refusal *ret);
/* Somebody who wanted one is told. */
void admission_count(struct backend *b, enum admission why);
/* There is room. Queues the job, so that nothing drops it any more. What it made before is gone from here on.
 */
void admission_submit(struct backend *b, struct job *job, const struct generator_options *options);
