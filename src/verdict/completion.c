#include "completion.h"

#include "sample.h"

#include <math.h>

#define COMPLETION_MAX_BYTES ((size_t)4 << 30) /* some hundred a job */

const double completion_percents[COMPLETION_PERCENTILES] = {50, 95, 99};
const char *const completion_method_names[] = {[COMPLETION_UNKNOWN] = "unknown",
                                               [COMPLETION_POLLED] = "polled",
                                               [COMPLETION_TOLD] = "told",
                                               [COMPLETION_SERVER] = "server"};

/* ---- the clock ---- */

static bool tells_clock(const struct record_job *job)
{
    return job->waited >= 0 && !job->seen && !job->implausible;
}

static struct clock_evidence of_job(const struct record_job *job)
{
    nsec created = job->told.created, grain = job->told.grain, until = job->steps[job->waited].start;
    return (struct clock_evidence){job->sent + (until - job->sent) / 2,
                                   {created - grain - until, created + grain - job->sent}};
}

/* Dates of some seconds, that the clock may have drifted in. */
static struct clock_evidence of_dates(const struct record_clock *c)
{
    nsec middle = c->first + (c->last - c->first) / 2, drift = (c->last - middle) / 1000000 * CLOCK_DRIFT_PPM;
    return (struct clock_evidence){middle, {c->low - drift, c->high + drift}};
}

static void fit_clock(const struct record *r, struct arena *arena, struct clock_offset *ret)
{
    struct clock_evidence *evidence =
        arena_new(arena, struct clock_evidence, (size_t)r->job_count + (size_t)r->clock_count);
    int count = 0;
    for (int i = 0; i < r->job_count; i++)
        if (tells_clock(r->jobs[i]))
            evidence[count++] = of_job(r->jobs[i]);
    for (int i = 0; i < r->clock_count; i++)
        evidence[count++] = of_dates(&r->clock[i]);
    clock_offset_fit(evidence, count, arena, ret);
}

/* The target's times are no times of one clock. */
static bool is_no_clock(const struct clock_offset *clock)
{
    return clock->steps > COMPLETION_STEPS_MAX && clock->steps > clock->count / COMPLETION_STEPS_PER;
}

/* ---- ends ---- */

static struct record_span observed(const struct record_job *job, int wait)
{
    nsec end = job->steps[wait].end;
    return (struct record_span){job->unseen >= 0 ? end - job->unseen : end, end};
}

/* When a row's wait was over on our axis: between the two, as far as is known. */
static struct record_span end_of(const struct record_job *job, int wait, const struct clock_offset *clock,
                                 bool *ret_contradicted)
{
    struct record_span saw = observed(job, wait), out;
    struct clock_bound offset;
    *ret_contradicted = false;
    if (!tells_clock(job) || !clock_offset_at(clock, saw.end, &offset))
        return saw;
    nsec earliest = job->unseen >= 0 ? saw.start : job->steps[wait].start;
    out.start = job->told.finished - job->told.grain - offset.high;
    out.end = job->told.finished + job->told.grain - offset.low;
    out.start = out.start > earliest ? out.start : earliest;
    out.end = out.end < saw.end ? out.end : saw.end;
    *ret_contradicted = out.start > out.end;
    return *ret_contradicted ? saw : out;
}

struct ends {
    double *low, *high, *bounds; /* of generations, seconds */
    int64_t count;
};

static void add_job(const struct record *r, const struct record_job *job, int wait,
                    const struct clock_offset *clock, struct ends *ends, struct completion *out)
{
    nsec generation = record_generation(r, job), begun = job->steps[wait].end - generation;
    bool contradicted;
    struct record_span end = end_of(job, wait, clock, &contradicted);
    out->contradicted += contradicted;
    out->told += tells_clock(job);
    ends->low[ends->count] = nsec_to_sec(end.start - begun);
    ends->high[ends->count] = nsec_to_sec(end.end - begun);
    ends->bounds[ends->count++] = nsec_to_sec(end.end - end.start);
}

static void summarise(struct ends *ends, struct completion *out)
{
    struct sample low = sample_of(ends->low, ends->count), high = sample_of(ends->high, ends->count);
    struct sample bounds = sample_of(ends->bounds, ends->count);
    out->jobs = ends->count;
    out->bound = sample_percentile(&bounds, 50);
    out->bound_most = sample_percentile(&bounds, 100);
    for (int i = 0; i < COMPLETION_PERCENTILES; i++)
        out->seconds[i] = (struct interval){sample_percentile(&low, completion_percents[i]),
                                            sample_percentile(&high, completion_percents[i])};
}

static void describe_clock(const struct record *r, const struct clock_offset *clock, struct arena *arena,
                           struct completion *out)
{
    out->has_clock = clock_offset_at(clock, r->ended >= 0 ? r->ended : 0, &out->clock);
    out->clock.low -= r->started_wall;
    out->clock.high -= r->started_wall;
    out->clock_width = clock_offset_width(clock, arena);
    out->clock_steps = clock->steps;
    out->clock_evidence = clock->count;
}

static const char *doubt(const struct completion *c, const struct clock_offset *clock)
{
    if (!c->told)
        return "the target tells no times";
    if (is_no_clock(clock))
        return "the target's times contradict each other";
    return c->told < c->jobs ? "the target tells its times of some jobs only" : NULL;
}

static int64_t count_implausible(const struct record *r)
{
    int64_t count = 0;
    for (int i = 0; i < r->job_count; i++)
        count += r->jobs[i]->phase >= 0 && r->jobs[i]->implausible > 0;
    return count;
}

static void measure(const struct record *r, int wait, struct arena *arena, struct completion *ret)
{
    struct clock_offset clock, none = {0};
    struct ends ends = {arena_new(arena, double, r->job_count), arena_new(arena, double, r->job_count),
                        arena_new(arena, double, r->job_count), 0};
    fit_clock(r, arena, &clock);
    for (int i = 0; i < r->job_count; i++)
        if (r->jobs[i]->phase >= 0 && r->jobs[i]->outcome == JOB_OK && record_generation(r, r->jobs[i]) >= 0)
            add_job(r, r->jobs[i], wait, is_no_clock(&clock) ? &none : &clock, &ends, ret);
    summarise(&ends, ret);
    describe_clock(r, &clock, arena, ret);
    ret->implausible = count_implausible(r);
    ret->why = doubt(ret, &clock);
}

void completion_measure(const struct plan *p, const struct record *r, struct completion *ret)
{
    int wait = workflow_wait(&p->workflow);
    *ret = (struct completion){.bound = NAN, .bound_most = NAN};
    for (int i = 0; i < COMPLETION_PERCENTILES; i++)
        ret->seconds[i] = interval_none();
    if (r->shape.keeping == RECORD_TALLIES || wait < 0 || wait != r->shape.generation_last) {
        ret->why = "the generation does not end with a wait";
        return;
    }
    struct arena arena;
    arena_init(&arena, "completion", COMPLETION_MAX_BYTES);
    measure(r, wait, &arena, ret);
    arena_finish(&arena);
    ret->method = !ret->why                                ? COMPLETION_SERVER
                  : step_listens(&p->workflow.steps[wait]) ? COMPLETION_TOLD
                                                           : COMPLETION_POLLED;
}
