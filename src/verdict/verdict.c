#include "verdict.h"

#include "evidence.h"
#include "quantity.h"
#include "selection.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

enum { VERDICT_MAX_BYTES = 1 << 30 };

static const char *const names[] = {
    [VERDICT_PASS] = "pass",
    [VERDICT_FAIL] = "fail",
    [VERDICT_INVALID] = "invalid",
    [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_NOT_APPLICABLE] = "not_applicable",
};

const char *verdict_name(enum verdict_kind kind)
{
    return names[kind];
}

struct judging {
    const struct plan *plan;
    const struct record *record;
    struct arena *scratch; /* samples: gone when the verdict is spoken */
    struct arena *arena;   /* texts: they stay */
    bool strict;
};

/* False when the limits depend on another measure that has no value; then `why` says so. */
static bool limits_of(const struct judging *j, const struct criterion *c, struct interval *ret,
                      const char **why)
{
    *ret = (struct interval){-INFINITY, INFINITY};
    switch (c->comparison) {
    case COMPARE_LESS:
    case COMPARE_AT_MOST:
        ret->high = c->limit;
        return true;
    case COMPARE_GREATER:
    case COMPARE_AT_LEAST:
        ret->low = c->limit;
        return true;
    case COMPARE_RANGE:
        *ret = (struct interval){c->limit, c->limit_high};
        return true;
    case COMPARE_NEAR:
        break;
    }
    struct measured right = measure_take(&c->right, j->plan, j->record, j->scratch);
    if (right.state != MEASURED || !isfinite(right.value)) {
        *why = arena_printf(j->arena, "nothing to compare with: %s",
                            right.state == MEASURED ? "the other side is not reached" : right.why);
        return false;
    }
    double margin = fabs(right.value) * c->limit / 100;
    *ret = (struct interval){right.value - margin, right.value + margin};
    return true;
}

static bool allows(const struct outcome *o, double value)
{
    switch (o->criterion->comparison) {
    case COMPARE_LESS:
        return value < o->limits.high;
    case COMPARE_GREATER:
        return value > o->limits.low;
    default:
        return value >= o->limits.low && value <= o->limits.high;
    }
}

static bool interval_decides(const struct outcome *o)
{
    struct interval i = o->measured.interval;
    if (!interval_exists(i))
        return true;
    bool above = i.low > o->limits.high || (i.low == o->limits.high && !allows(o, i.low));
    bool below = i.high < o->limits.low || (i.high == o->limits.low && !allows(o, i.high));
    return above || below || (allows(o, i.low) && allows(o, i.high));
}

static void set(struct outcome *o, enum verdict_kind kind, const char *why)
{
    o->verdict = kind;
    o->why = why;
}

static bool is_count(const struct measure *m)
{
    return m->kind == MEASURE_ATTEMPTED || m->kind == MEASURE_ACCEPTED || m->kind == MEASURE_COMPLETED;
}

static void decide(const struct judging *j, struct outcome *o)
{
    const struct measure *m = &o->criterion->left;
    bool pass = allows(o, o->measured.value);
    o->decided = interval_decides(o);
    if (pass && is_count(m) && o->measured.count == 0)
        set(o, VERDICT_INCONCLUSIVE, "no job was started");
    else if (!pass && is_count(m) && j->record->interrupted && o->measured.value < o->limits.low)
        set(o, VERDICT_INCONCLUSIVE, "the run was interrupted before the number could be reached");
    else if (j->strict && !o->decided)
        set(o, VERDICT_INCONCLUSIVE, evidence_of_doubt(o, j->arena));
    else if (pass)
        set(o, VERDICT_PASS, "");
    else
        set(o, VERDICT_FAIL, evidence_of_failure(o, j->arena));
}

static void judge_criterion(const struct judging *j, const struct criterion *c, struct outcome *o)
{
    *o = (struct outcome){.criterion = c, .decided = true};
    o->measured = measure_take(&c->left, j->plan, j->record, j->scratch);
    const char *why = "";
    bool limited = limits_of(j, c, &o->limits, &why);
    if (*o->measured.why)
        o->measured.why = arena_printf(j->arena, "%s", o->measured.why);
    if (o->measured.state == MEASURED_ABSENT)
        set(o, VERDICT_NOT_APPLICABLE, o->measured.why);
    else if (o->measured.state == MEASURED_NOTHING)
        set(o, VERDICT_INCONCLUSIVE, o->measured.why);
    else if (!limited)
        set(o, VERDICT_INCONCLUSIVE, why);
    else
        decide(j, o);
    o->evidence = limited ? evidence_text(o, j->plan, j->arena) : why;
}

static void judge_generator(const struct judging *j, struct verdict_generator *ret)
{
    struct sample lags = sample_of_hist(j->record->generator.start_lag, j->scratch);
    struct selection all = {.phase = PHASE_ALL};
    struct durations d = selection_durations(all, j->plan, j->record, SUBJECT_GENERATION, j->scratch);
    ret->starts = lags.count;
    ret->start_lag_p50 = sample_percentile(&lags, 50);
    ret->start_lag_p99 = sample_percentile(&lags, 99);
    ret->start_lag_max = sample_percentile(&lags, 100);
    ret->allowed = 0.005;
    if (d.seconds.count)
        ret->allowed = fmax(ret->allowed, 0.01 * sample_percentile(&d.seconds, 50));
    ret->fit = !(ret->start_lag_p99 > ret->allowed);
}

static const char *names_of(const struct verdict *v, enum verdict_kind kind, struct arena *arena)
{
    const char *text = "";
    for (int i = 0; i < v->outcome_count; i++)
        if (v->outcomes[i].verdict == kind)
            text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", v->outcomes[i].criterion->name);
    return text;
}

static int count_of(const struct verdict *v, enum verdict_kind kind)
{
    int count = 0;
    for (int i = 0; i < v->outcome_count; i++)
        count += v->outcomes[i].verdict == kind;
    return count;
}

static void conclude(struct verdict *v, enum verdict_kind kind, const char *reason)
{
    v->kind = kind;
    v->reason = reason;
}

static void conclude_without_criteria(struct verdict *v, const struct record *r)
{
    struct job_counts counts;
    selection_count((struct selection){.phase = PHASE_ALL}, r, &counts);
    if (counts.ok > 0)
        conclude(v, VERDICT_PASS,
                 arena_printf(&v->arena, "%" PRId64 " of %" PRId64 " jobs completed", counts.ok,
                              counts.attempted));
    else if (counts.failed > 0)
        conclude(v, VERDICT_FAIL,
                 arena_printf(&v->arena, "%" PRId64 " of %" PRId64 " jobs failed, none completed",
                              counts.failed, counts.attempted));
    else
        conclude(v, VERDICT_INCONCLUSIVE, "no job has ended");
}

/* What else was seen of this machine that makes starts late; "" when nothing was. */
static const char *late_signs(struct verdict *v, const struct record *r)
{
    const struct record_generator *g = &r->generator;
    int workers = g->workers > 0 ? g->workers : 1;
    double busy = r->ended > 0 ? 100.0 * (double)g->cpu / (double)r->ended / workers : 0;
    const char *signs = "";
    if (busy > 90)
        signs = arena_printf(&v->arena, "%s; its %d worker%s used %.0f %% of a core each", signs, workers,
                             workers == 1 ? "" : "s", busy);
    if (g->steal_percent > 5)
        signs = arena_printf(&v->arena, "%s; %.1f %% of this machine's time was taken by its host", signs,
                             g->steal_percent);
    if (g->fd_limit > 0 && g->fd_most >= g->fd_limit - g->fd_limit / 50)
        signs = arena_printf(&v->arena, "%s; %" PRId64 " of %" PRId64 " descriptors were in use", signs,
                             g->fd_most, g->fd_limit);
    return signs;
}

static const char *late_reason(struct verdict *v, const struct record *r)
{
    char lag[QUANTITY_TEXT], allowed[QUANTITY_TEXT];
    return arena_printf(
        &v->arena,
        "the generator started jobs late: start lag p99 %s, allowed %s (the larger of 5 ms and "
        "1 %% of the median generation): use fewer users, a lower rate, more --workers, or a "
        "machine that is less busy%s",
        quantity_seconds(v->generator.start_lag_p99, lag), quantity_seconds(v->generator.allowed, allowed),
        late_signs(v, r));
}

static void conclude_from_criteria(struct verdict *v, const struct record *r)
{
    int failed = count_of(v, VERDICT_FAIL), open = count_of(v, VERDICT_INCONCLUSIVE);
    int applicable = v->outcome_count - count_of(v, VERDICT_NOT_APPLICABLE);
    if (failed)
        conclude(v, VERDICT_FAIL,
                 arena_printf(&v->arena, "%d of %d criteria failed: %s", failed, applicable,
                              names_of(v, VERDICT_FAIL, &v->arena)));
    else if (open)
        conclude(v, VERDICT_INCONCLUSIVE,
                 arena_printf(&v->arena, "%d of %d criteria could not be decided: %s", open, applicable,
                              names_of(v, VERDICT_INCONCLUSIVE, &v->arena)));
    else if (r->interrupted)
        conclude(v, VERDICT_INCONCLUSIVE, "the run was interrupted; what was seen of it met the criteria");
    else if (applicable == 0)
        conclude(v, VERDICT_INCONCLUSIVE, "none of the criteria is applicable");
    else
        conclude(v, VERDICT_PASS, arena_printf(&v->arena, "%d of %d criteria met", applicable, applicable));
}

void verdict_judge(struct verdict *v, const struct plan *p, const struct record *r, bool strict)
{
    assert(r->shape.steps == p->workflow.step_count);
    *v = (struct verdict){.outcome_count = p->criterion_count};
    arena_init(&v->arena, "verdict", VERDICT_MAX_BYTES);
    v->outcomes = arena_new(&v->arena, struct outcome, p->criterion_count);
    struct arena scratch;
    arena_init(&scratch, "verdict scratch", VERDICT_MAX_BYTES);
    struct judging j = {p, r, &scratch, &v->arena, strict};
    for (int i = 0; i < p->criterion_count; i++) {
        judge_criterion(&j, &p->criteria[i], &v->outcomes[i]);
        arena_reset(&scratch);
    }
    judge_generator(&j, &v->generator);
    arena_finish(&scratch);
    if (!v->generator.fit)
        conclude(v, VERDICT_INVALID, late_reason(v, r));
    else if (p->criterion_count == 0)
        conclude_without_criteria(v, r);
    else
        conclude_from_criteria(v, r);
}

void verdict_finish(struct verdict *v)
{
    arena_finish(&v->arena);
}
