/*
 * job_table - all jobs by id, and which of them may be forgotten.
 *
 * A job that waits or runs is never dropped. Those that only lie there (uploaded, completed, failed,
 * cancelled) are kept up to a number and a size of their files, and for a time; beyond it the one that lay
 * longest goes, with its files. Owns its jobs. One thread.
 */
#pragma once

#include "job.h"
#include "store.h"

struct job_limits {
    int jobs;      /* lying jobs */
    int64_t bytes; /* of their files */
    nsec keep;     /* how long a job lies; 0: as long as there is room */
};
extern const struct job_limits job_default_limits; /* 2000, 1 GiB and an hour */

enum { JOB_BUCKETS = 1 << 14 };

struct job_table {
    const struct store *store;
    struct loop *loop;
    struct job_limits limits;
    struct job *buckets[JOB_BUCKETS];
    struct job *first;           /* all jobs, the one that came last first */
    struct job *oldest, *newest; /* the lying ones */
    struct timer expiry;         /* the oldest has lain long enough */
    int count, lying;
    int64_t bytes;
    int64_t evicted, expired; /* that went for want of room; that lay long enough */
};

struct job_table *job_table_create(struct loop *loop, const struct store *store,
                                   const struct job_limits *limits);
void job_table_destroy(struct job_table *t);

struct job *job_table_find(const struct job_table *t, const struct uuid *id);
/* Takes the job over, as a lying one. */
void job_table_add(struct job_table *t, struct job *job);
/* The same in two steps, for jobs of an earlier process: first all, in the order in which they came; then
 * each as one that has lain since then, in that order. */
void job_table_enter(struct job_table *t, struct job *job);
void job_table_rest_since(struct job_table *t, struct job *job, nsec since);
/* It is about to be queued: not to be dropped. */
void job_table_wake(struct job_table *t, struct job *job);
/* It has ended (or was not queued after all). May drop the oldest, never itself. */
void job_table_rest(struct job_table *t, struct job *job);
/* Forgets a lying job, with its files. */
void job_table_drop(struct job_table *t, struct job *job);
