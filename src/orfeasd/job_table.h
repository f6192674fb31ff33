/*
 * job_table - all jobs by id, and which of them may be forgotten.
 *
 * A job that waits or runs is never dropped. Those that only lie there (uploaded, completed, failed) are kept
 * up to a number and a size of their files; beyond it the one that lay longest goes, with its files. Owns its
 * jobs. One thread.
 */
#pragma once

#include "job.h"
#include "store.h"

struct job_limits {
    int jobs;      /* lying jobs */
    int64_t bytes; /* of their files */
};
extern const struct job_limits job_default_limits; /* 2000 and 1 GiB */

enum { JOB_BUCKETS = 1 << 14 };

struct job_table {
    const struct store *store;
    struct job_limits limits;
    struct job *buckets[JOB_BUCKETS];
    struct job *oldest, *newest; /* the lying ones */
    int count, lying;
    int64_t bytes;
    int64_t evicted;
};

struct job_table *job_table_create(const struct store *store, const struct job_limits *limits);
void job_table_destroy(struct job_table *t);

struct job *job_table_find(const struct job_table *t, const struct uuid *id);
/* Takes the job over, as a lying one. */
void job_table_add(struct job_table *t, struct job *job);
/* It is about to be queued: not to be dropped. */
void job_table_wake(struct job_table *t, struct job *job);
/* It has ended (or was not queued after all). May drop the oldest, never itself. */
void job_table_rest(struct job_table *t, struct job *job);
