#include "job_table.h"

#include "container.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const struct job_limits job_default_limits = {2000, (int64_t)1 << 30, 3600 * NSEC_PER_SEC};

static struct job **bucket_of(struct job_table *t, const struct uuid *id)
{
    unsigned hash;
    memcpy(&hash, id->bytes, sizeof hash); /* random bits already */
    return &t->buckets[hash % JOB_BUCKETS];
}

static void on_expiry(struct timer *timer);

struct job_table *job_table_create(struct loop *loop, const struct store *store,
                                   const struct job_limits *limits)
{
    struct job_table *t = calloc(1, sizeof *t);
    assert(t);
    t->loop = loop;
    t->store = store;
    t->expiry.fire = on_expiry;
    t->limits = *limits;
    return t;
}

void job_table_destroy(struct job_table *t)
{
    if (!t)
        return;
    timer_cancel(t->loop, &t->expiry);
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

void job_table_drop(struct job_table *t, struct job *job)
{
    unlink_job(t, job);
    *(job->table_prev ? &job->table_prev->table_next : &t->first) = job->table_next;
    if (job->table_next)
        job->table_next->table_prev = job->table_prev;
    struct job **at = bucket_of(t, &job->id);
    while (*at != job)
        at = &(*at)->bucket_next;
    *at = job->bucket_next;
    store_remove(t->store, &job->id);
    job_destroy(job);
    t->count--;
}

/* One timer for all: it may fire for a job that is gone by then, and looks for the next. */
static void set_expiry(struct job_table *t)
{
    if (t->limits.keep && t->oldest && !timer_armed(&t->expiry))
        timer_set(t->loop, &t->expiry, t->oldest->rested + t->limits.keep);
}

static void on_expiry(struct timer *timer)
{
    struct job_table *t = CONTAINER(struct job_table, expiry, timer);
    nsec now = loop_now(t->loop);
    while (t->oldest && t->oldest->rested + t->limits.keep <= now) {
        job_table_drop(t, t->oldest);
        t->expired++;
    }
    set_expiry(t);
}

/* The newest stays whatever its size: its caller still looks at it. */
static void trim(struct job_table *t)
{
    while (t->oldest != t->newest && (t->lying > t->limits.jobs || t->bytes > t->limits.bytes)) {
        job_table_drop(t, t->oldest);
        t->evicted++;
    }
}

void job_table_rest_since(struct job_table *t, struct job *job, nsec since)
{
    job->rested = since;
    job->prev = t->newest;
    job->next = NULL;
    *(t->newest ? &t->newest->next : &t->oldest) = job;
    t->newest = job;
    t->lying++;
    t->bytes += size_of(job);
    trim(t);
    set_expiry(t);
}

void job_table_enter(struct job_table *t, struct job *job)
{
    struct job **bucket = bucket_of(t, &job->id);
    job->bucket_next = *bucket;
    *bucket = job;
    job->table_next = t->first;
    if (t->first)
        t->first->table_prev = job;
    t->first = job;
    t->count++;
}

void job_table_wake(struct job_table *t, struct job *job)
{
    unlink_job(t, job);
}

void job_table_rest(struct job_table *t, struct job *job)
{
    job_table_rest_since(t, job, loop_now(t->loop));
}

void job_table_add(struct job_table *t, struct job *job)
{
    job_table_enter(t, job);
    job_table_rest(t, job);
}
