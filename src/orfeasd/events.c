#include "events.h"

#include "api.h"
#include "backend.h"
#include "container.h"
#include "json_out.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const nsec PROGRESS_EVERY = NSEC_PER_SEC / 4;
static const nsec REMOVED_EVERY = 5 * NSEC_PER_SEC; /* is a job that lies there still there? */

enum { TOPIC_BUCKETS = 1 << 10, EVENT_TEXT_MAX = 64 << 10 };

struct topic { /* a job that somebody listens to */
    struct events *events;
    struct uuid job;
    struct topic *bucket_next;
    struct subscription *first;
    struct timer timer;
    int entered; /* stages that were told of */
    int percent, place;
};

struct events {
    struct backend *backend;
    struct topic *buckets[TOPIC_BUCKETS];
    struct buf text;
};

static const char *const NAMES[EVENT_KINDS] = {"job_update", "stage_change", "generation_progress",
                                               "generation_complete", "generation_error"};

const char *event_name(enum event event)
{
    return NAMES[event];
}

bool event_is_last(enum event event)
{
    return event == EVENT_COMPLETE || event == EVENT_ERROR;
}

/* ---- payloads ---- */

struct look { /* a job as it stands */
    struct backend *backend;
    const struct job *job;
    struct job_stages stages;
    const char *stage; /* the one to tell of */
    int stage_percent;
};

static struct look look_at(struct events *e, const struct job *job)
{
    struct look look = {.backend = e->backend, .job = job};
    job_stages(job, e->backend->profile, loop_now(e->backend->loop), &look.stages);
    look.stage = look.stages.current;
    look.stage_percent = look.stages.stage_percent;
    return look;
}

static void write_update(const struct look *look, struct buf *out)
{
    api_write_job(look->backend, look->job, out);
}

static void write_stage(const struct look *look, struct buf *out)
{
    json_text(out, "job_id", look->job->id_text);
    json_text(out, "stage", look->stage);
    json_int(out, "stage_progress", look->stage_percent);
}

static void write_eta(const struct look *look, struct buf *out)
{
    const struct backend *b = look->backend;
    nsec eta = schedule_eta(&b->schedule, look->job, loop_now(b->loop));
    if (eta >= 0)
        json_seconds(out, "eta_seconds", eta);
}

static void write_progress(const struct look *look, struct buf *out)
{
    json_text(out, "job_id", look->job->id_text);
    json_int(out, "progress", look->stages.percent);
    json_text(out, "stage", look->stage ? look->stage : "");
    json_int(out, "stage_progress", look->stage_percent);
    write_eta(look, out);
}

static void write_complete(const struct look *look, struct buf *out)
{
    const struct job *job = look->job;
    json_text(out, "job_id", job->id_text);
    json_bool(out, "success", true);
    api_write_model_place(job, out);
    json_open(out, "result", '{');
    json_seconds(out, "duration", job->finished - job->started);
    json_open(out, "stages", '{');
    for (int i = 0; i < look->stages.count; i++)
        json_seconds(out, look->stages.ended[i].name, look->stages.ended[i].lasted);
    json_close(out, '}');
    json_close(out, '}');
}

static void write_error(const struct look *look, struct buf *out)
{
    json_text(out, "job_id", look->job->id_text);
    json_bool(out, "success", false);
    json_text(out, "status", job_state_name(look->job->state));
    bool cancelled = look->job->state == JOB_CANCELLED;
    json_text(out, "error", cancelled ? "The job was cancelled" : look->job->error);
    json_text(out, "error_kind", cancelled ? "cancelled" : look->job->error_kind);
    json_bool(out, "recoverable", !cancelled && !job_picture_failed(look->job));
}

static void (*const WRITERS[EVENT_KINDS])(const struct look *look, struct buf *out) = {
    write_update, write_stage, write_progress, write_complete, write_error};

/* ---- telling ---- */

static bool write_event(struct events *e, const struct look *look, enum event event)
{
    char now[TIMESTAMP_TEXT];
    buf_clear(&e->text);
    json_open(&e->text, NULL, '{');
    WRITERS[event](look, &e->text);
    json_text(&e->text, "timestamp", timestamp_text(clock_wall(), now));
    json_close(&e->text, '}');
    json_end(&e->text);
    return !e->text.failed;
}

static void tell_all(struct topic *t, const struct look *look, enum event event)
{
    struct events *e = t->events;
    if (!write_event(e, look, event))
        return;
    for (struct subscription *s = t->first; s; s = s->next)
        s->event(s, event, e->text.bytes, e->text.len);
}

static void tell_one(struct events *e, struct subscription *s, const struct look *look, enum event event)
{
    if (write_event(e, look, event))
        s->event(s, event, e->text.bytes, e->text.len);
}

/* Stages pass in milliseconds without a profile: those that nobody saw running are told of all the same. */
static void tell_stages(struct topic *t, struct look *look)
{
    const struct job_stages *stages = &look->stages;
    int entered = stages->count + (stages->current != NULL);
    for (; t->entered < entered; t->entered++) {
        bool ended = t->entered < stages->count;
        look->stage = ended ? stages->ended[t->entered].name : stages->current;
        look->stage_percent = ended ? 100 : stages->stage_percent;
        tell_all(t, look, EVENT_STAGE_CHANGE);
    }
}

static enum event last_event(const struct job *job)
{
    return job->state == JOB_COMPLETED ? EVENT_COMPLETE : EVENT_ERROR;
}

static int place_of(const struct look *look)
{
    return look->job->state == JOB_QUEUED ? schedule_place(&look->backend->schedule, look->job) : 0;
}

static void tell_progress(struct topic *t, struct look *look)
{
    int place = place_of(look);
    tell_stages(t, look);
    bool moved = look->stages.percent != t->percent;
    if (moved && look->job->state == JOB_PROCESSING)
        tell_all(t, look, EVENT_PROGRESS);
    if (moved || place != t->place)
        tell_all(t, look, EVENT_JOB_UPDATE);
    t->percent = look->stages.percent;
    t->place = place;
}

static bool is_under_way(const struct job *job)
{
    return job->state == JOB_QUEUED || job->state == JOB_PROCESSING;
}

static void arm(struct topic *t, const struct job *job)
{
    struct loop *loop = t->events->backend->loop;
    timer_set(loop, &t->timer, loop_now(loop) + (is_under_way(job) ? PROGRESS_EVERY : REMOVED_EVERY));
}

/* ---- topics ---- */

static struct topic **bucket_of(struct events *e, const struct uuid *id)
{
    unsigned hash;
    memcpy(&hash, id->bytes, sizeof hash);
    return &e->buckets[hash % TOPIC_BUCKETS];
}

static struct topic *topic_find(struct events *e, const struct uuid *id)
{
    struct topic *t = *bucket_of(e, id);
    while (t && memcmp(&t->job, id, sizeof *id) != 0)
        t = t->bucket_next;
    return t;
}

static void topic_destroy(struct topic *t)
{
    struct events *e = t->events;
    struct topic **at = bucket_of(e, &t->job);
    while (*at != t)
        at = &(*at)->bucket_next;
    *at = t->bucket_next;
    struct job *job = job_table_find(e->backend->jobs, &t->job);
    if (job)
        job->listened = false;
    timer_cancel(e->backend->loop, &t->timer);
    free(t);
}

static void remove_all(struct topic *t)
{
    for (struct subscription *s = t->first, *next; s; s = next) {
        next = s->next; /* the topic goes with the last one */
        events_unsubscribe(s);
        s->gone(s);
    }
}

static void on_timer(struct timer *timer)
{
    struct topic *t = CONTAINER(struct topic, timer, timer);
    struct job *job = job_table_find(t->events->backend->jobs, &t->job);
    if (!job) {
        remove_all(t);
        return;
    }
    if (is_under_way(job)) {
        struct look look = look_at(t->events, job);
        tell_progress(t, &look);
    }
    arm(t, job);
}

/* What was told of before there was anybody is not told again. */
static struct topic *topic_create(struct events *e, struct job *job)
{
    struct topic *t = calloc(1, sizeof *t), **bucket = bucket_of(e, &job->id);
    if (!t)
        abort();
    t->events = e;
    t->job = job->id;
    t->bucket_next = *bucket;
    t->timer.fire = on_timer;
    *bucket = t;
    struct look look = look_at(e, job);
    t->entered = look.stages.count + (look.stages.current != NULL);
    t->percent = look.stages.percent;
    t->place = place_of(&look);
    job->listened = true;
    arm(t, job);
    return t;
}

/* ---- those who listen ---- */

void events_subscribe(struct events *e, struct job *job, struct subscription *s)
{
    assert(!s->topic);
    struct topic *t = topic_find(e, &job->id);
    if (!t)
        t = topic_create(e, job);
    s->job = job->id;
    s->topic = t;
    s->prev = NULL;
    s->next = t->first;
    if (t->first)
        t->first->prev = s;
    t->first = s;
}

void events_unsubscribe(struct subscription *s)
{
    struct topic *t = s->topic;
    if (!t)
        return;
    *(s->prev ? &s->prev->next : &t->first) = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->topic = NULL;
    s->next = s->prev = NULL;
    if (!t->first)
        topic_destroy(t);
}

void events_present(struct events *e, struct subscription *s)
{
    const struct job *job = job_table_find(e->backend->jobs, &s->job);
    if (!job)
        return;
    struct look look = look_at(e, job);
    if (job->state == JOB_PROCESSING && look.stage)
        tell_one(e, s, &look, EVENT_STAGE_CHANGE);
    if (job->state == JOB_PROCESSING)
        tell_one(e, s, &look, EVENT_PROGRESS);
    tell_one(e, s, &look, EVENT_JOB_UPDATE);
    if (job_has_ended(job))
        tell_one(e, s, &look, last_event(job));
}

void events_tell(struct events *e, const struct job *job)
{
    struct topic *t = topic_find(e, &job->id);
    struct look look = look_at(e, job);
    if (is_under_way(job))
        t->entered = 0; /* another generation */
    tell_stages(t, &look);
    t->percent = look.stages.percent;
    t->place = place_of(&look);
    tell_all(t, &look, EVENT_JOB_UPDATE);
    if (job_has_ended(job))
        tell_all(t, &look, last_event(job));
    arm(t, job);
}

/* ---- life ---- */

struct events *events_create(struct backend *backend)
{
    struct events *e = calloc(1, sizeof *e);
    if (!e)
        abort();
    e->backend = backend;
    buf_init(&e->text, EVENT_TEXT_MAX);
    return e;
}

void events_destroy(struct events *e)
{
    if (!e)
        return;
    buf_finish(&e->text);
    free(e);
}
