#include "evidence.h"

#include "quantity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static const char *things(const struct outcome *o, const struct plan *p, struct arena *arena)
{
    const struct measure *m = &o->criterion->left;
    int64_t count = o->measured.count;
    if (m->step == SUBJECT_GENERATION)
        return arena_printf(arena, "%" PRId64 " generation%s", count, plural(count));
    return arena_printf(arena, "%" PRId64 " %s %s%s", count, subject_name(&p->workflow, m->step),
                        m->step < 0 ? "time" : "step", plural(count));
}

static const char *label(const struct measure *m, char out[24])
{
    if (m->kind == MEASURE_PERCENTILE)
        snprintf(out, 24, "p%g", m->percentile);
    else
        snprintf(out, 24, "%s", m->kind == MEASURE_MAX ? "max" : "avg");
    return out;
}

static const char *seen(const struct outcome *o, const struct plan *p, struct arena *arena)
{
    const struct measure *m = &o->criterion->left;
    const struct measured *got = &o->measured;
    char value[QUANTITY_TEXT], name[24];
    quantity_text(got->value, o->criterion->unit, value);
    switch (m->kind) {
    case MEASURE_ATTEMPTED:
        return arena_printf(arena, "%s job%s started", value, plural((int64_t)got->value));
    case MEASURE_ACCEPTED:
        return arena_printf(arena, "%s of %" PRId64 " jobs accepted", value, got->count);
    case MEASURE_COMPLETED:
        return arena_printf(arena, "%s of %" PRId64 " jobs completed", value, got->count);
    case MEASURE_ERROR_RATE:
        return arena_printf(arena, "%" PRId64 " of %" PRId64 " ended jobs failed, %s", got->hits, got->count,
                            value);
    case MEASURE_SUCCESS_RATE:
        return arena_printf(arena, "%" PRId64 " of %" PRId64 " ended jobs succeeded, %s", got->hits,
                            got->count, value);
    case MEASURE_AVG:
    case MEASURE_MAX:
    case MEASURE_PERCENTILE:
        return arena_printf(arena, "%s of %s is %s", label(m, name), things(o, p, arena), value);
    case MEASURE_GROWTH:
        return arena_printf(arena, "trend of %s over %" PRId64 " points is %s", m->series, got->count, value);
    case MEASURE_DEGRADATION:
        return arena_printf(arena, "trend over %s is %s", things(o, p, arena), value);
    case MEASURE_UPTIME:
        return arena_printf(arena, "%" PRId64 " of %" PRId64 " health probes were good, %s", got->hits,
                            got->count, value);
    }
    return "";
}

const char *evidence_text(const struct outcome *o, const struct plan *p, struct arena *arena)
{
    const struct measured *got = &o->measured;
    if (got->state != MEASURED)
        return got->why;
    const char *text = seen(o, p, arena);
    if (got->censored > 0)
        text = arena_printf(arena, "%s, %" PRId64 " more timed out", text, got->censored);
    if (o->criterion->comparison == COMPARE_NEAR) /* the limits come from the other measure */
        text = arena_printf(arena, "%s, allowed %s", text, evidence_limits(o, arena));
    char interval[QUANTITY_TEXT];
    if (!interval_exists(got->interval))
        return text;
    return arena_printf(arena, "%s, %.0f %% interval %s%s", text, 100 * got->confidence,
                        quantity_interval(got->interval, o->criterion->unit, interval),
                        o->decided ? "" : ", which reaches over the limit");
}

const char *evidence_limits(const struct outcome *o, struct arena *arena)
{
    char text[QUANTITY_TEXT];
    enum measure_unit unit = o->criterion->unit;
    switch (o->criterion->comparison) {
    case COMPARE_LESS:
        return arena_printf(arena, "below %s", quantity_text(o->limits.high, unit, text));
    case COMPARE_AT_MOST:
        return arena_printf(arena, "at most %s", quantity_text(o->limits.high, unit, text));
    case COMPARE_GREATER:
        return arena_printf(arena, "above %s", quantity_text(o->limits.low, unit, text));
    case COMPARE_AT_LEAST:
        return arena_printf(arena, "at least %s", quantity_text(o->limits.low, unit, text));
    case COMPARE_RANGE:
    case COMPARE_NEAR:
        return arena_printf(arena, "within %s", quantity_interval(o->limits, unit, text));
    }
    return "";
}

const char *evidence_of_failure(const struct outcome *o, struct arena *arena)
{
    const struct measured *got = &o->measured;
    if (isinf(got->value))
        return arena_printf(arena, "not reached: %" PRId64 " of %" PRId64 " jobs timed out before",
                            got->censored, got->censored + got->count);
    char value[QUANTITY_TEXT];
    return arena_printf(arena, "%s is not %s", quantity_text(got->value, o->criterion->unit, value),
                        evidence_limits(o, arena));
}

const char *evidence_of_doubt(const struct outcome *o, struct arena *arena)
{
    char interval[QUANTITY_TEXT];
    quantity_interval(o->measured.interval, o->criterion->unit, interval);
    const struct measure *m = &o->criterion->left;
    const char *text = arena_printf(arena, "the interval %s reaches over the limit", interval);
    if (m->kind == MEASURE_PERCENTILE && isinf(o->measured.interval.high)) {
        int needs = interval_percentile_needs(m->percentile, (1 + MEASURE_CONFIDENCE) / 2);
        if (o->measured.count + o->measured.censored < needs)
            return arena_printf(arena, "%s: a p%g needs %d jobs to be bounded", text, m->percentile, needs);
    }
    return text;
}
