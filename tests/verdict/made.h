/*
 * made - a plan and a record made by hand, for tests of what judges and shows them.
 *
 * The workflow is upload, submit, wait (a poll), download; its generation is submit..wait. Times are seconds.
 */
#pragma once

#include "plan.h"
#include "record.h"

#include <stdlib.h>

enum { MADE_UPLOAD, MADE_SUBMIT, MADE_WAIT, MADE_DOWNLOAD, MADE_STEPS };
enum { MADE_PHASES_MAX = 4, MADE_CRITERIA_MAX = 16 };

struct made {
    struct plan plan;
    struct record record;
    struct plan_step steps[MADE_STEPS];
    struct plan_phase phases[MADE_PHASES_MAX];
    struct criterion criteria[MADE_CRITERIA_MAX];
};

/* What a test group's functions allocate; cmocka's set-up and tear-down of the group. */
static struct arena made_scratch;

static inline int made_arena(void **state)
{
    (void)state;
    arena_init(&made_scratch, "test", 256 << 20);
    return 0;
}

static inline int made_arena_free(void **state)
{
    (void)state;
    arena_finish(&made_scratch);
    return 0;
}

static inline nsec made_time(double seconds)
{
    return (nsec)(seconds * 1e9 + 0.5);
}

/* Phases of equal length one after the other, until the load ends. */
static inline void made_init(struct made *m, int phases, double load_seconds)
{
    static const char *const steps[] = {"upload", "submit", "wait", "download"};
    static const char *const names[] = {"first", "second", "third", "fourth"};
    *m = (struct made){0};
    for (int i = 0; i < MADE_STEPS; i++)
        m->steps[i] = (struct plan_step){.name = steps[i], .kind = i == MADE_WAIT ? STEP_POLL : STEP_REQUEST};
    record_init(&m->record, &(struct record_shape){.steps = MADE_STEPS,
                                                   .phases = phases,
                                                   .generation_first = MADE_SUBMIT,
                                                   .generation_last = MADE_WAIT});
    for (int i = 0; i < phases; i++) {
        m->phases[i] =
            (struct plan_phase){.name = names[i], .users = 2, .duration = made_time(load_seconds / phases)};
        m->record.phases[i] = (struct record_span){made_time(load_seconds * i / phases),
                                                   made_time(load_seconds * (i + 1) / phases)};
    }
    m->record.load_ended = m->record.ended = made_time(load_seconds);
    m->plan = (struct plan){
        .scenario = "made",
        .about = "A scenario made by hand",
        .file = "",
        .time_scale = 1,
        .workflow = {.name = "orfeas-3d",
                     .about = "",
                     .steps = m->steps,
                     .step_count = MADE_STEPS,
                     .generation_first = MADE_SUBMIT,
                     .generation_last = MADE_WAIT,
                     .accept_step = MADE_SUBMIT,
                     .health_path = "/health",
                     .ready_path = "/ready",
                     .metrics_path = "/metrics"},
        .load = {.users = USERS_PACED, .phases = m->phases, .phase_count = phases, .timeout = made_time(300)},
        .criteria = m->criteria,
    };
}

static inline void made_finish(struct made *m)
{
    record_finish(&m->record);
}

/* A job that succeeds: 0.1 s of upload, its generation, 0.2 s of download. */
static inline struct record_job *made_job(struct made *m, int phase, double sent, double generation)
{
    struct record_job *j = record_new_job(&m->record);
    j->number = m->record.job_count;
    j->user = 0;
    j->phase = phase;
    j->outcome = JOB_OK;
    j->accepted = j->model_checked = j->model_valid = true;
    m->record.generator.scheduled += phase >= 0;
    j->due = j->sent = made_time(sent);
    record_job_started(&m->record, j);
    if (phase >= 0)
        record_start_lag(&m->record, 0);
    double ends[MADE_STEPS] = {sent + 0.1, sent + 0.2, sent + 0.1 + generation, sent + 0.3 + generation};
    for (int i = 0; i < MADE_STEPS; i++)
        j->steps[i] = (struct record_span){i ? j->steps[i - 1].end : j->sent, made_time(ends[i])};
    j->ended = j->steps[MADE_DOWNLOAD].end;
    if (j->ended > m->record.ended)
        m->record.ended = j->ended;
    return j;
}

/* Its wait, taken apart as a server tells. */
static inline void made_parts(struct record_job *j, double queue, double processing)
{
    j->waited = MADE_WAIT;
    j->queue = made_time(queue);
    j->processing = made_time(processing);
}

/* Every measured job was started so late. */
static inline void made_lag(struct made *m, double seconds)
{
    hist_clear(m->record.generator.start_lag);
    for (int i = 0; i < m->record.job_count; i++) {
        struct record_job *j = m->record.jobs[i];
        j->due = j->sent - made_time(seconds);
        if (j->phase >= 0)
            record_start_lag(&m->record, j->sent - j->due);
    }
}

/* The job fails in the step, `after` seconds from its start. */
static inline struct record_job *made_failure(struct made *m, int phase, double sent, enum fail_kind kind,
                                              int step, double after, const char *message)
{
    struct record_job *j = made_job(m, phase, sent, after);
    j->outcome = JOB_FAILED;
    j->fail = kind;
    j->failed_step = step;
    j->error = record_message(&m->record, message);
    j->accepted = step > MADE_SUBMIT;
    j->model_checked = j->model_valid = false;
    j->ended = j->sent + made_time(after);
    if (j->ended < j->steps[step].start)
        j->ended = j->steps[step].start;
    for (int i = step; i < MADE_STEPS; i++)
        j->steps[i] = (struct record_span){i == step ? j->steps[i].start : -1, -1};
    record_contact_failed(&m->record.contact, kind, j->ended);
    return j;
}

struct made_event { /* a job starts or ends */
    nsec at;
    bool ends;
    struct record_job *job;
};

static inline int made_by_time(const void *left, const void *right)
{
    const struct made_event *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (int)a->ends - (int)b->ends;
}

/* Tells a record that tallies of the jobs, as they came and went. */
static inline void made_replay(struct record *into, const struct record *rows)
{
    int count = 2 * rows->job_count;
    struct made_event *events = arena_new(&into->arena, struct made_event, count);
    for (int i = 0; i < count; i++) {
        struct record_job *job = rows->jobs[i / 2];
        events[i] = (struct made_event){i % 2 ? job->ended : job->sent, i % 2, job};
    }
    if (count)
        qsort(events, (size_t)count, sizeof *events, made_by_time);
    for (int i = 0; i < count; i++) {
        if (events[i].ends)
            record_job_ended(into, events[i].job);
        else
            record_job_started(into, events[i].job);
    }
}

/* From here on the record has tallied its jobs, and keeps no rows; everything else stays. */
static inline void made_tally(struct made *m)
{
    struct record rows = m->record, fresh;
    struct record_shape shape = rows.shape;
    shape.keeping = RECORD_TALLIES;
    record_init(&fresh, &shape);
    made_replay(&fresh, &rows);
    m->record.shape = shape;
    m->record.tallies = fresh.tallies;
    m->record.intervals = fresh.intervals;
    m->record.broken = fresh.broken;
    m->record.jobs = NULL;
    m->record.job_count = m->record.job_capacity = 0;
    arena_adopt(&m->record.arena, &fresh.arena);
    hist_destroy(fresh.generator.start_lag);
    hist_destroy(fresh.generator.loop_lag);
}

/* The same, of a plan whose criteria are made one by one. */
static inline struct criterion *made_criterion(struct made *m, const char *name, enum measure_kind kind,
                                               enum comparison comparison, double limit)
{
    struct criterion *c = &m->criteria[m->plan.criterion_count++];
    bool seconds = kind == MEASURE_AVG || kind == MEASURE_MAX || kind == MEASURE_PERCENTILE;
    bool count = kind == MEASURE_ATTEMPTED || kind == MEASURE_ACCEPTED || kind == MEASURE_COMPLETED;
    *c = (struct criterion){.name = name,
                            .expression = "made",
                            .left = {.kind = kind, .percentile = 95, .step = SUBJECT_GENERATION, .phase = -1},
                            .comparison = comparison,
                            .unit = seconds ? UNIT_SECONDS
                                    : count ? UNIT_NONE
                                            : UNIT_PERCENT,
                            .limit = limit};
    return c;
}
