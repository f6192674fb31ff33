/*
 * job - one picture on its way to a model, and what is known about it.
 *
 * uploaded -> queued -> processing -> completed | failed | cancelled, and from completed and failed to queued
 * again, for another model of the same picture. A job that waits may be cancelled or fail, too. It takes a
 * slot when processing begins. Everything here runs on the main thread; only `work` is shared with a worker
 * while processing.
 */
#pragma once

#include "journal.h"
#include "loop.h"
#include "picture.h"
#include "profile.h"
#include "uuid.h"
#include "workers.h"

enum job_state {
    JOB_UPLOADED,
    JOB_QUEUED,
    JOB_PROCESSING,
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_STATES
};

const char *job_state_name(enum job_state state); /* "uploaded" ... */
/* False when there is none of that name. */
bool job_state_parse(const char *name, enum job_state *ret);

enum { JOB_ERROR_KIND_MAX = 31, JOB_STAGES_MAX = PROFILE_STAGES_MAX };

struct job_stages {
    int count; /* stages that have ended */
    struct job_stage {
        const char *name;
        nsec lasted;
    } ended[JOB_STAGES_MAX];
    const char *current; /* that runs, or in which it failed; NULL: none */
    int percent;         /* of the whole job */
    int stage_percent;   /* of the current stage */
};

/* How a generation went that an earlier process ran: read from its record, with the texts that it owns. */
struct job_past {
    struct job_stages stages;
    char names[JOB_STAGES_MAX + 1][PROFILE_NAME_MAX + 1];
    char error_kind[JOB_ERROR_KIND_MAX + 1];
    char segmentation[16];
};

struct exchange;

struct job {
    struct uuid id;
    char id_text[UUID_TEXT];
    enum job_state state;
    struct job *bucket_next;             /* job_table's */
    struct job *table_next, *table_prev; /* job_table's: older and newer ones */
    struct job *next, *prev; /* in the queue, among the running, or among those that may be evicted */
    struct picture_info picture;
    int64_t input_bytes, model_bytes;
    bool in_batch;
    struct uuid batch; /* that it came with */
    /* 0 and "" until then; created with the upload, queued with the request to generate */
    nsec created_wall, queued_wall, started_wall, finished_wall;
    char created_at[TIMESTAMP_TEXT], queued_at[TIMESTAMP_TEXT], started_at[TIMESTAMP_TEXT],
        finished_at[TIMESTAMP_TEXT];
    nsec submitted, started, finished; /* monotonic; of an earlier process' job from its start, which is 0 */
    nsec rested;                       /* since when it lies in the table, monotonic */
    uint64_t number;                   /* in the order of taking a slot: its stream of random numbers */
    uint64_t place;                    /* in the queue */
    uint64_t order;                    /* of acceptance: what befalls it by chance follows from it */
    struct work work;
    bool work_done;
    bool cancelled;         /* somebody wants it to end */
    bool settling;          /* how it ends is decided, and being written down */
    bool unwanted;          /* to be forgotten when it has ended */
    enum job_state outcome; /* while settling */
    struct journal_entry entry;
    struct timer timer; /* until then the slot is kept: the profile's last deadline */
    void *owner;        /* whom the timer calls: the schedule */
    nsec ends[PROFILE_STAGES_MAX];
    const char *error_kind; /* "" while there is none */
    char error[200];
    struct job_past *past; /* NULL unless the last generation was an earlier process's */
    struct exchange *held; /* requests that wait for its end */
    bool listened;         /* somebody wants its events */
};

struct job *job_create(const struct uuid *id); /* NULL: no memory */
void job_destroy(struct job *job);
/* Forgets the last generation, for the next one: only the picture stays. The job has not been queued or has
 * ended. */
void job_renew(struct job *job);

bool job_has_ended(const struct job *job);
/* It failed because no model can be made of this picture. */
bool job_picture_failed(const struct job *job);
/* It failed because the server stopped. */
bool job_was_interrupted(const struct job *job);
/* `message` for people, cut to what a job keeps; `kind` must outlive it. */
void job_set_error(struct job *job, const char *kind, const char *message);
void job_set_interrupted(struct job *job, bool had_started);
/* One of its times, now: as a number and as a text. */
void job_stamp(nsec *wall, char text[TIMESTAMP_TEXT]);

/* How far it is at `now`; `profile` may be NULL. */
void job_stages(const struct job *job, const struct profile *profile, nsec now, struct job_stages *ret);
/* All stages that a job goes through, by number; NULL behind the last. */
const char *job_stage_name(const struct profile *profile, int i);
/* For people: "Generating 3D mesh..." for the state and stage. */
const char *job_step(const struct job *job, const char *stage);
