#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATES[JOB_STATES] = {"uploaded",  "queued", "processing",
                                               "completed", "failed", "cancelled"};

/* Share of the work, in per cent, that is done when the stage begins, and what people read. Shares were
 * measured at quality 7; they only have to be about right. */
static const struct {
    int from;
    const char *step;
} STAGES[GENERATOR_STAGES + 1] = {
    [STAGE_IMAGE_LOADING] = {0, "Loading image..."},
    [STAGE_IMAGE_PREPROCESSING] = {5, "Processing image..."},
    [STAGE_SHAPE_GENERATION] = {20, "Generating 3D mesh..."},
    [STAGE_TEXTURE_SYNTHESIS] = {80, "Painting..."},
    [STAGE_MESH_EXPORT] = {90, "Writing model..."},
    [GENERATOR_STAGES] = {100, ""},
};

const char *job_state_name(enum job_state state)
{
    return STATES[state];
}

bool job_state_parse(const char *name, enum job_state *ret)
{
    for (int i = 0; i < JOB_STATES; i++)
        if (strcmp(name, STATES[i]) == 0) {
            *ret = (enum job_state)i;
            return true;
        }
    return false;
}

struct job *job_create(const struct uuid *id)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->id = *id;
    uuid_text(id, job->id_text);
    job->work.id = *id;
    job->error_kind = "";
    job_stamp(&job->created_wall, job->created_at);
    return job;
}

void job_renew(struct job *job)
{
    job->queued_at[0] = job->started_at[0] = job->finished_at[0] = '\0';
    job->queued_wall = job->started_wall = job->finished_wall = 0;
    job->submitted = job->started = job->finished = 0;
    job->cancelled = job->settling = job->unwanted = false;
    free(job->past);
    job->past = NULL;
    job->model_bytes = 0;
    job->work_done = false;
    job->error_kind = "";
    job->error[0] = '\0';
    memset(&job->work, 0, sizeof job->work);
    job->work.id = job->id;
}

void job_destroy(struct job *job)
{
    if (!job)
        return;
    buf_finish(&job->entry.text);
    free(job->past);
    free(job);
}

bool job_has_ended(const struct job *job)
{
    return job->state >= JOB_COMPLETED;
}

bool job_picture_failed(const struct job *job)
{
    static const enum generator_error ITS_FAULT[] = {GENERATOR_BAD_IMAGE, GENERATOR_NO_FOREGROUND,
                                                     GENERATOR_TOO_LARGE};
    for (size_t i = 0; job->state == JOB_FAILED && i < sizeof ITS_FAULT / sizeof ITS_FAULT[0]; i++)
        if (strcmp(job->error_kind, generator_error_name(ITS_FAULT[i])) == 0)
            return true;
    return false;
}

static const char INTERRUPTED[] = "interrupted";

bool job_was_interrupted(const struct job *job)
{
    return job->state == JOB_FAILED && strcmp(job->error_kind, INTERRUPTED) == 0;
}

void job_set_error(struct job *job, const char *kind, const char *message)
{
    job->error_kind = kind;
    snprintf(job->error, sizeof job->error, "%s", message);
}

void job_set_interrupted(struct job *job, bool had_started)
{
    job_set_error(job, INTERRUPTED,
                  had_started ? "Interrupted: the server stopped while the job ran"
                              : "Interrupted: the server stopped while the job waited for a slot");
}

void job_stamp(nsec *wall, char text[TIMESTAMP_TEXT])
{
    *wall = clock_wall();
    timestamp_text(*wall, text);
}

static void add_stage(struct job_stages *ret, const char *name, nsec *at, nsec end)
{
    if (end < *at)
        end = *at;
    ret->ended[ret->count++] = (struct job_stage){name, end - *at};
    *at = end;
}

/* Without a profile the stages are those of the generator. `really` of them have ended. */
static void plain_stages(const struct job *job, int really, unsigned permille, struct job_stages *ret)
{
    nsec at = job->started;
    for (int i = 0; i < really; i++)
        add_stage(ret, generator_stage_name((enum generator_stage)i), &at, job->work.stage_end[i]);
    if (really == GENERATOR_STAGES) {
        ret->percent = 100;
        return;
    }
    ret->current = generator_stage_name((enum generator_stage)really);
    ret->stage_percent = (int)permille / 10;
    ret->percent =
        STAGES[really].from + (int)permille * (STAGES[really + 1].from - STAGES[really].from) / 1000;
}

/* A stage has ended when its deadline is past and the work that it covers is done. */
static void paced_stages(const struct job *job, const struct profile *profile, int really, nsec now,
                         struct job_stages *ret)
{
    nsec at = job->started;
    int last = profile->stage_count - 1;
    for (int i = 0; i <= last; i++) {
        nsec end = job->started + job->ends[i];
        int covers = profile->stages[i].covers;
        bool done = covers < really;
        if (done && covers >= 0 && job->work.stage_end[covers] > end)
            end = job->work.stage_end[covers];
        if (!done || end > now) {
            ret->current = profile->stages[i].name;
            ret->stage_percent =
                end > at && now < end ? (int)((double)(now - at) * 100 / (double)(end - at)) : 99;
            break;
        }
        add_stage(ret, profile->stages[i].name, &at, end);
    }
    if (!ret->current)
        ret->percent = 100; /* all but being written down */
    else if (job->ends[last] > 0)
        ret->percent = (int)((double)(now - job->started) * 100 / (double)job->ends[last]);
}

void job_stages(const struct job *job, const struct profile *profile, nsec now, struct job_stages *ret)
{
    ret->count = ret->stage_percent = 0;
    ret->current = NULL;
    ret->percent = job->state == JOB_COMPLETED ? 100 : 0;
    if (job->past) {
        *ret = job->past->stages;
        if (ret->percent > 99 && job->state != JOB_COMPLETED)
            ret->percent = 99;
        return;
    }
    if (job->state < JOB_PROCESSING || !job->started)
        return;
    unsigned progress = atomic_load_explicit(&job->work.progress, memory_order_acquire);
    bool complete = job->work_done && job->work.error == WORK_OK;
    int really = complete ? GENERATOR_STAGES : (int)(progress >> 16);
    nsec until = job->state == JOB_PROCESSING ? now : job->finished;
    if (profile)
        paced_stages(job, profile, really, until, ret);
    else
        plain_stages(job, really, progress & 0xffff, ret);
    if (job->state == JOB_COMPLETED)
        ret->percent = 100;
    else if (ret->percent > 99)
        ret->percent = 99;
}

const char *job_stage_name(const struct profile *profile, int i)
{
    if (profile)
        return i < profile->stage_count ? profile->stages[i].name : NULL;
    return i < GENERATOR_STAGES ? generator_stage_name((enum generator_stage)i) : NULL;
}

const char *job_step(const struct job *job, const char *stage)
{
    static const char *const BY_STATE[JOB_STATES] = {"Waiting to be submitted",
                                                     "Waiting for a free slot",
                                                     "Generating 3D mesh...",
                                                     "Completed",
                                                     "Failed",
                                                     "Cancelled"};
    for (int i = 0; job->state == JOB_PROCESSING && stage && i < GENERATOR_STAGES; i++)
        if (strcmp(stage, generator_stage_name((enum generator_stage)i)) == 0)
            return STAGES[i].step;
    return BY_STATE[job->state];
}
