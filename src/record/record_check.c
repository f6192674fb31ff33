#include "record_parts.h"

#include <stddef.h>

static const char *check_steps(const struct record *r, const struct record_job *j)
{
    nsec before = j->sent; /* the end of the step before; -1: it has none */
    for (int i = 0; i < r->shape.steps; i++) {
        const struct record_span *step = &j->steps[i];
        if (step->end >= 0 && (step->start < 0 || step->end < step->start))
            return "a step starts before it ends";
        if (step->start >= 0 && (before < 0 || step->start < before))
            return "a step starts after the one before has ended";
        if (step->start > j->ended || step->end > j->ended)
            return "a step is over when its job is";
        before = step->end;
    }
    return NULL;
}

const char *record_check_job(const struct record *r, const struct record_job *j)
{
    if (j->outcome == JOB_RUNNING)
        return "every job has ended";
    if ((j->outcome == JOB_FAILED) != (j->fail != FAIL_NONE))
        return "a failed job, and no other, has a kind of failure";
    if (j->sent < j->due || j->ended < j->sent)
        return "due <= sent <= ended";
    if (j->outcome == JOB_OK && r->shape.steps && j->steps[r->shape.steps - 1].end < 0)
        return "a job that succeeded has ended its last step";
    const char *broken = check_steps(r, j);
    return broken ? broken : record_parts_check(&r->shape, j);
}

static const char *check_rows(const struct record *r, int64_t *started)
{
    for (int i = 0; i < r->job_count; i++) {
        const char *broken = record_check_job(r, r->jobs[i]);
        if (broken)
            return broken;
        *started += r->jobs[i]->phase >= 0;
    }
    return NULL;
}

struct sums {
    int64_t started, accepted, ok, failed, unfinished, censored, generations;
};

static const char *check_phases(const struct record *r, struct sums *sums)
{
    for (int i = 0; i < r->shape.phases; i++) {
        const struct record_tally *t = &r->tallies[i];
        const char *broken = record_tally_check(t);
        if (broken)
            return broken;
        sums->started += t->attempted;
        sums->accepted += t->accepted;
        sums->ok += t->ok;
        sums->failed += t->failed;
        sums->unfinished += t->unfinished;
        sums->censored += t->censored;
        sums->generations += hist_count(t->generation);
    }
    return NULL;
}

static bool intervals_have(const struct record_intervals *v, struct sums left)
{
    for (int i = 0; i < v->count; i++) {
        left.started -= v->items[i].started;
        left.accepted -= v->items[i].accepted;
        left.ok -= v->items[i].ok;
        left.failed -= v->items[i].failed;
        left.unfinished -= v->items[i].unfinished;
        left.censored -= v->items[i].censored;
        left.generations -= record_intervals_generations(v, i);
    }
    return !left.started && !left.accepted && !left.ok && !left.failed && !left.unfinished &&
           !left.censored && !left.generations;
}

static const char *check_tallies(const struct record *r, int64_t *started)
{
    struct sums sums = {0};
    if (r->broken)
        return r->broken;
    const char *broken = check_phases(r, &sums);
    if (broken)
        return broken;
    *started = sums.started;
    return intervals_have(&r->intervals, sums) ? NULL : "the intervals add up to the phases";
}

const char *record_check(const struct record *r)
{
    int64_t started = 0;
    const char *broken =
        r->shape.keeping == RECORD_ROWS ? check_rows(r, &started) : check_tallies(r, &started);
    if (broken)
        return broken;
    const struct record_generator *g = &r->generator;
    return g->scheduled == started + g->skipped + g->abandoned ? NULL
                                                               : "scheduled = started + skipped + abandoned";
}
