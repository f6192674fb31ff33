/*
 * job - one picture on its way to a model, and what is known about it.
 *
 * uploaded -> queued -> processing -> completed | failed, and from the last two to queued again, for another
 * model of the same picture. It takes a slot when processing begins. Everything
 * here runs on the main thread; only `work` is shared with a worker while processing.
 */
#pragma once

#include "loop.h"
#include "picture.h"
#include "profile.h"
#include "uuid.h"
#include "workers.h"

enum job_state { JOB_UPLOADED, JOB_QUEUED, JOB_PROCESSING, JOB_COMPLETED, JOB_FAILED, JOB_STATES };

const char *job_state_name(enum job_state state); /* "uploaded" ... */

struct exchange;

struct job {
    struct uuid id;
    char id_text[UUID_TEXT];
    enum job_state state;
    struct job *bucket_next; /* job_table's */
    struct job *next, *prev; /* in the queue, or among those that may be evicted */
    struct picture_info picture;
    int64_t input_bytes, model_bytes;
    /* "" until then; created with the upload, queued with the request to generate */
    char created_at[TIMESTAMP_TEXT], queued_at[TIMESTAMP_TEXT], started_at[TIMESTAMP_TEXT],
        finished_at[TIMESTAMP_TEXT];
    nsec submitted, started, finished; /* monotonic */
    uint64_t number;                   /* in the order of taking a slot: its stream of random numbers */
    uint64_t place;                    /* in the order of queueing */
    struct work work;
    bool work_done;
    struct timer timer; /* the profile's last deadline */
    void *owner;        /* whom the timer calls: the schedule */
    nsec ends[PROFILE_STAGES_MAX];
    const char *error_kind; /* "" while there is none */
    char error[200];
    struct exchange *held; /* requests that wait for its end */
    bool listened;         /* somebody wants its events */
};

struct job *job_create(const struct uuid *id); /* NULL: no memory */
void job_destroy(struct job *job);
/* Forgets the last generation, for the next one: only the picture stays. The job has not been queued or has
 * ended. */
void job_renew(struct job *job);

/* It failed because no model can be made of this picture. */
bool job_picture_failed(const struct job *job);

enum { JOB_STAGES_MAX = PROFILE_STAGES_MAX };

struct job_stages {
    int count; /* stages that have ended */
    struct job_stage {
        const char *name;
        nsec lasted;
    } ended[JOB_STAGES_MAX];
    const char *current; /* NULL when none runs */
    int percent;         /* of the whole job */
    int stage_percent;   /* of the current stage */
};

/* How far it is at `now`; `profile` may be NULL. */
void job_stages(const struct job *job, const struct profile *profile, nsec now, struct job_stages *ret);
/* For people: "Generating 3D mesh..." for the state and stage. */
const char *job_step(const struct job *job, const char *stage);
