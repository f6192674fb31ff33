/*
 * events - what happens to jobs, told to those who listen.
 *
 * The hub: whoever changes a job calls events_changed(), which costs one comparison while nobody listens.
 * Progress is looked at by the hub itself, at most four times a second and job. A payload is written once,
 * whoever many listen. One thread.
 */
#pragma once

#include "job.h"

struct backend;
struct events;
struct topic;

enum event { EVENT_JOB_UPDATE, EVENT_STAGE_CHANGE, EVENT_PROGRESS, EVENT_COMPLETE, EVENT_ERROR, EVENT_KINDS };

const char *event_name(enum event event); /* "job_update" ... */
bool event_is_last(enum event event);     /* of a generation */

/* The subscriber's memory; zero it before the first use. */
struct subscription {
    /* `json` is an object. May not subscribe or unsubscribe anybody. */
    void (*event)(struct subscription *s, enum event event, const char *json, size_t len);
    /* The job was removed; the subscription is over already. */
    void (*gone)(struct subscription *s);
    struct uuid job;
    struct topic *topic; /* NULL: not subscribed */
    struct subscription *next, *prev;
};

struct events *events_create(struct backend *backend);
/* Nobody listens any more. */
void events_destroy(struct events *e);

void events_subscribe(struct events *e, struct job *job, struct subscription *s);
void events_unsubscribe(struct subscription *s); /* also when it is not subscribed */
/* Tells this one how the job stands, as if it had just come so far. */
void events_present(struct events *e, struct subscription *s);

/* The state of a job that somebody listens to is another. */
void events_tell(struct events *e, const struct job *job);

static inline void events_changed(struct events *e, const struct job *job)
{
    if (job->listened)
        events_tell(e, job);
}
