#include "record.h"

#include "utf8.h"

#include <assert.h>
#include <string.h>

#define RECORD_MAX_BYTES ((size_t)2 << 30) /* as many rows as there may be, of 32 steps and 32 stages */

static void init_tallies(struct record *r)
{
    const struct record_shape *shape = &r->shape;
    r->tallies = arena_new(&r->arena, struct record_tally, shape->phases);
    for (int i = 0; i < shape->phases; i++)
        record_tally_init(&r->tallies[i], arena_new(&r->arena, struct record_step_tally, shape->steps),
                          shape->steps);
    record_intervals_init(&r->intervals, arena_new(&r->arena, struct record_interval, RECORD_INTERVALS_MAX));
}

void record_init(struct record *r, const struct record_shape *shape)
{
    *r = (struct record){.shape = *shape, .load_ended = -1, .ended = -1, .process.gone = -1};
    arena_init(&r->arena, "record", RECORD_MAX_BYTES);
    record_contact_init(&r->contact);
    r->metrics.restart = (struct record_span){-1, -1};
    r->phases = arena_new(&r->arena, struct record_span, shape->phases > 0 ? shape->phases : 1);
    for (int i = 0; i < shape->phases; i++)
        r->phases[i] = (struct record_span){-1, -1};
    r->messages = arena_new(&r->arena, const char *, RECORD_MESSAGES_MAX);
    r->stages = arena_new(&r->arena, const char *, RECORD_STAGES_MAX);
    r->generator.start_lag = hist_create();
    r->generator.loop_lag = hist_create();
    if (shape->keeping == RECORD_TALLIES)
        init_tallies(r);
}

void record_finish(struct record *r)
{
    for (int i = 0; r->tallies && i < r->shape.phases; i++)
        record_tally_finish(&r->tallies[i]);
    record_intervals_finish(&r->intervals);
    hist_destroy(r->generator.start_lag);
    hist_destroy(r->generator.loop_lag);
    arena_finish(&r->arena);
    *r = (struct record){0};
}

/* Room for one more in an array of the arena's; the old array stays behind until the record ends, at most as
 * much again as is used. */
static void *grown(struct record *r, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 64;
    void *more = arena_alloc(&r->arena, (size_t)*capacity, size);
    if (count)
        memcpy(more, items, (size_t)count * size);
    return more;
}

/* ---- jobs ---- */

void record_blank_job(struct record *r, struct record_job *job)
{
    *job = (struct record_job){
        .number = -1,
        .user = -1,
        .phase = -1,
        .failed_step = -1,
        .error = -1,
        .due = -1,
        .sent = -1,
        .ended = -1,
        .queue = -1,
        .processing = -1,
        .unseen = -1,
        .validate = -1,
        .late = -1,
        .waited = -1,
        .told = {-1, -1, -1, 0},
        .steps = job->steps,
    };
    for (int i = 0; i < r->shape.steps; i++)
        job->steps[i] = (struct record_span){-1, -1};
}

struct record_job *record_new_job(struct record *r)
{
    struct record_job *job = arena_new(&r->arena, struct record_job, 1);
    job->steps = arena_new(&r->arena, struct record_span, r->shape.steps);
    record_blank_job(r, job);
    return job;
}

void record_job_started(struct record *r, struct record_job *job)
{
    if (r->shape.keeping == RECORD_ROWS) {
        assert(r->job_count < RECORD_JOBS_MAX);
        r->jobs = grown(r, r->jobs, r->job_count, &r->job_capacity, sizeof(struct record_job *));
        r->jobs[r->job_count++] = job;
    } else if (job->phase >= 0) {
        record_tally_started(&r->tallies[job->phase], job);
        record_intervals_started(&r->intervals, job);
    }
}

void record_job_ended(struct record *r, const struct record_job *job)
{
    if (job->phase >= 0 && job->outcome == JOB_FAILED)
        record_contact_failed(&r->contact, job->fail, job->ended);
    if (r->shape.keeping == RECORD_ROWS)
        return;
    if (!r->broken)
        r->broken = record_check_job(r, job);
    if (job->phase < 0)
        return;
    nsec generation = record_generation(r, job);
    record_tally_ended(&r->tallies[job->phase], job, generation);
    record_intervals_ended(&r->intervals, job, generation);
}

nsec record_generation(const struct record *r, const struct record_job *job)
{
    if (r->shape.steps == 0)
        return -1;
    nsec start = job->steps[r->shape.generation_first].start, end = job->steps[r->shape.generation_last].end;
    if (start < 0 || end < 0)
        return -1;
    return end - (r->shape.from_due && r->shape.generation_first == 0 ? job->due : start);
}

nsec record_step_took(const struct record_job *job, int step)
{
    if (job->failed_step == step || job->steps[step].start < 0 || job->steps[step].end < 0)
        return -1;
    return job->steps[step].end - job->steps[step].start;
}

bool record_timed_out_in(const struct record_job *job, int step)
{
    if (job->fail != FAIL_TIMEOUT)
        return false;
    if (job->failed_step >= 0)
        return job->failed_step == step;
    return job->steps[step].start >= 0 && job->steps[step].end < 0;
}

void record_start_lag(struct record *r, nsec lag)
{
    hist_add(r->generator.start_lag, lag > 0 ? lag : 0);
}

void record_loop_lag(struct record *r, nsec lag)
{
    hist_add(r->generator.loop_lag, lag > 0 ? lag : 0);
}

/* ---- messages ---- */

enum { MESSAGE_TEXT = 301 };

/* The index in a list that has room for `most`; what finds none is the last, `others`. */
static int listed(struct record *r, const char **list, int *count, int most, const char *text,
                  const char *others)
{
    char cleaned[MESSAGE_TEXT];
    utf8_clean(text, cleaned, sizeof cleaned);
    for (int i = 0; i < *count; i++)
        if (strcmp(list[i], cleaned) == 0)
            return i;
    if (*count == most)
        return most - 1;
    list[*count] = *count == most - 1 ? others : arena_copy(&r->arena, cleaned, strlen(cleaned));
    return (*count)++;
}

int record_message(struct record *r, const char *text)
{
    return listed(r, r->messages, &r->message_count, RECORD_MESSAGES_MAX, text, "other errors");
}

int record_stage_name(struct record *r, const char *text)
{
    return listed(r, r->stages, &r->stage_count, RECORD_STAGES_MAX, text, "other stages");
}

/* ---- the target's clock ---- */

/* The date was written after the request was sent and before the answer came, and is cut to its second; a
 * server that keeps its text renews it each second. Dates of so short a time are kept as one: no clock drifts
 * by much in it. */
void record_clock_saw(struct record *r, nsec sent, nsec received, int64_t date)
{
    const nsec together = 10 * NSEC_PER_SEC;
    struct record_clock now = {sent, received, date * NSEC_PER_SEC - received,
                               (date + 2) * NSEC_PER_SEC - sent};
    struct record_clock *last = r->clock_count ? &r->clock[r->clock_count - 1] : NULL;
    if (last && received - last->first < together && now.low <= last->high && last->low <= now.high) {
        last->last = received;
        last->low = now.low > last->low ? now.low : last->low;
        last->high = now.high < last->high ? now.high : last->high;
    } else if (r->clock_count < RECORD_CLOCK_MAX) {
        r->clock = grown(r, r->clock, r->clock_count, &r->clock_capacity, sizeof *r->clock);
        r->clock[r->clock_count++] = now;
    }
}

/* ---- the rest ---- */

void record_add_users(struct record *r, nsec at, int users)
{
    r->users = grown(r, r->users, r->user_changes, &r->user_capacity, sizeof *r->users);
    r->users[r->user_changes++] = (struct record_point){at, users};
}

struct record_series *record_add_series(struct record *r, const char *name, const char *unit)
{
    r->series = grown(r, r->series, r->series_count, &r->series_capacity, sizeof *r->series);
    struct record_series *s = &r->series[r->series_count++];
    *s = (struct record_series){.name = arena_copy(&r->arena, name, strlen(name)),
                                .unit = arena_copy(&r->arena, unit, strlen(unit)),
                                .state = SERIES_ABSENT,
                                .why = ""};
    return s;
}

void record_add_point(struct record *r, struct record_series *s, nsec at, double value)
{
    s->points = grown(r, s->points, s->count, &s->capacity, sizeof *s->points);
    s->points[s->count++] = (struct record_point){at, value};
    s->state = SERIES_PRESENT;
}

static const char *cleaned(struct record *r, const char *text)
{
    char out[MESSAGE_TEXT];
    utf8_clean(text ? text : "", out, sizeof out);
    return arena_copy(&r->arena, out, strlen(out));
}

void record_set_peer(struct record *r, const char *server, const char *via, bool local)
{
    r->peer = (struct record_peer){cleaned(r, server), cleaned(r, via), local};
}

void record_add_probe(struct record *r, struct record_probe probe)
{
    r->probes = grown(r, r->probes, r->probe_count, &r->probe_capacity, sizeof *r->probes);
    r->probes[r->probe_count++] = probe;
}

const struct record_series *record_find_series(const struct record *r, const char *name)
{
    for (int i = 0; i < r->series_count; i++)
        if (strcmp(r->series[i].name, name) == 0)
            return &r->series[i];
    return NULL;
}
