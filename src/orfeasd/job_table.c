#include "job_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct job_limits job_default_limits = {2000, (int64_t)1 << 30};

static struct job **bucket_of(struct job_table *t, const struct uuid *id)
{
    unsigned hash;
    memcpy(&hash, id->bytes, sizeof hash); /* random bits already */
    return &t->buckets[hash % JOB_BUCKETS];
}

struct job_table *job_table_create(const struct store *store, const struct job_limits *limits)
{
    struct job_table *t = calloc(1, sizeof *t);
    assert(t);
    t->store = store;
    t->limits = *limits;
    return t;
}

void job_table_destroy(struct job_table *t)
{
    if (!t)
        return;
    for (int i = 0; i < JOB_BUCKETS; i++)
        for (struct job *job = t->buckets[i], *next; job; job = next) {
            next = job->bucket_next;
            job_destroy(job);
        }
    free(t);
}

struct job *job_table_find(const struct job_table *t, const struct uuid *id)
{
    struct job *job = *bucket_of((struct job_table *)t, id);
    while (job && memcmp(&job->id, id, sizeof *id) != 0)
        job = job->bucket_next;
    return job;
}

static int64_t size_of(const struct job *job)
{
    return job->input_bytes + job->model_bytes;
}

static void unlink_job(struct job_table *t, struct job *job)
{
    *(job->prev ? &job->prev->next : &t->oldest) = job->next;
    *(job->next ? &job->next->prev : &t->newest) = job->prev;
    job->next = job->prev = NULL;
    t->lying--;
    t->bytes -= size_of(job);
}

static void evict(struct job_table *t, struct job *job)
{
    unlink_job(t, job);
    struct job **at = bucket_of(t, &job->id);
    while (*at != job)
        at = &(*at)->bucket_next;
    *at = job->bucket_next;
    store_remove(t->store, &job->id);
    job_destroy(job);
    t->count--;
    t->evicted++;
}

/* The newest stays whatever its size: its caller still looks at it. */
static void trim(struct job_table *t)
{
    while (t->oldest != t->newest && (t->lying > t->limits.jobs || t->bytes > t->limits.bytes))
        evict(t, t->oldest);
}

void job_table_add(struct job_table *t, struct job *job)
{
    struct job **bucket = bucket_of(t, &job->id);
    job->bucket_next = *bucket;
    *bucket = job;
    t->count++;
    job_table_rest(t, job);
}

void job_table_wake(struct job_table *t, struct job *job)
{
    unlink_job(t, job);
}

void job_table_rest(struct job_table *t, struct job *job)
{
    job->prev = t->newest;
    job->next = NULL;
    *(t->newest ? &t->newest->next : &t->oldest) = job;
    t->newest = job;
    t->lying++;
    t->bytes += size_of(job);
    trim(t);
}
