#include "selection_tallied.h"

struct range { /* of intervals, `to` excluded; of phases likewise */
    int from, to;
};

static struct range phases_of(struct selection s, const struct record *r)
{
    return s.phase == PHASE_ALL ? (struct range){0, r->shape.phases} : (struct range){s.phase, s.phase + 1};
}

/* All that the last part touches. */
static struct range last_intervals(struct selection s, const struct record *r)
{
    nsec from = s.sent_from / r->intervals.length;
    return (struct range){from < r->intervals.count ? (int)from : r->intervals.count, r->intervals.count};
}

/* Those that lie within the phase. */
static struct range intervals_of(struct selection s, const struct record *r)
{
    struct range out = last_intervals(s, r);
    if (s.phase == PHASE_ALL)
        return out;
    struct record_span span = r->phases[s.phase];
    nsec length = r->intervals.length, from = (span.start + length - 1) / length;
    nsec to = span.end >= 0 ? span.end / length : out.to;
    out.from = from > out.from ? (int)from : out.from;
    out.to = to < out.to ? (int)to : out.to;
    return out;
}

/* ---- counts ---- */

static void count_phase(const struct record_tally *t, struct job_counts *ret)
{
    ret->attempted += t->attempted;
    ret->accepted += t->accepted;
    ret->ok += t->ok;
    ret->failed += t->failed;
    ret->unfinished += t->unfinished;
    ret->censored += t->censored;
    ret->models_checked += t->models_checked;
    ret->models_valid += t->models_valid;
    ret->polls += t->polls;
    ret->throttled += t->throttled;
    ret->retries += t->retries;
    for (int kind = 0; kind < FAIL_KINDS; kind++)
        ret->kinds[kind] += t->kinds[kind];
}

static void count_interval(const struct record_interval *i, struct job_counts *ret)
{
    ret->attempted += i->started;
    ret->accepted += i->accepted;
    ret->ok += i->ok;
    ret->failed += i->failed;
    ret->unfinished += i->unfinished;
    ret->censored += i->censored;
}

void selection_tallied_count(struct selection s, const struct record *r, struct job_counts *ret)
{
    *ret = (struct job_counts){0};
    if (s.sent_from > 0) {
        struct range range = last_intervals(s, r);
        for (int i = range.from; i < range.to; i++)
            count_interval(&r->intervals.items[i], ret);
        return;
    }
    struct range phases = phases_of(s, r);
    for (int i = phases.from; i < phases.to; i++)
        count_phase(&r->tallies[i], ret);
}

void selection_tallied_failed_in(struct selection s, const struct record *r, int step, int64_t *ret_failed,
                                 int64_t *ret_censored)
{
    struct range phases = phases_of(s, r);
    *ret_failed = *ret_censored = 0;
    for (int i = phases.from; i < phases.to; i++) {
        *ret_failed += r->tallies[i].steps[step].failed;
        *ret_censored += r->tallies[i].steps[step].censored;
    }
}

int selection_tallied_errors(struct selection s, const struct record *r, struct arena *arena,
                             struct job_error **ret)
{
    struct job_error *errors = arena_new(arena, struct job_error, FAIL_KINDS * (RECORD_MESSAGES_MAX + 1));
    struct range phases = phases_of(s, r);
    int used = 0;
    for (int error = 0; error <= RECORD_MESSAGES_MAX; error++)
        for (enum fail_kind kind = FAIL_NONE + 1; kind < FAIL_KINDS; kind++) {
            int64_t count = 0;
            for (int i = phases.from; i < phases.to; i++)
                count += r->tallies[i].errors[kind][error];
            if (count)
                errors[used++] = (struct job_error){kind, error < RECORD_MESSAGES_MAX ? error : -1, count};
        }
    *ret = errors;
    return used;
}

/* ---- durations ---- */

static const char *unknown(struct selection s, int subject)
{
    if (subject < SUBJECT_GENERATION && subject != SUBJECT_VALIDATE)
        return "jobs of plain requests are tallied, and have no wait to take apart";
    if (s.sent_from > 0 && subject != SUBJECT_GENERATION)
        return "of tallied jobs only the generation is known for the last part of the load";
    return NULL;
}

static void add_phase(const struct record_tally *t, int subject, struct hist *into, int64_t *censored)
{
    if (subject == SUBJECT_GENERATION) {
        hist_merge(into, t->generation);
        *censored += t->censored;
    } else if (subject == SUBJECT_VALIDATE) {
        hist_merge(into, t->validate);
    } else {
        hist_merge(into, t->steps[subject].took);
        *censored += t->steps[subject].censored;
    }
}

static void add_last(struct selection s, const struct record *r, struct hist *into, int64_t *censored)
{
    struct range range = last_intervals(s, r);
    for (int i = range.from; i < range.to; i++) {
        record_intervals_add_to(&r->intervals, i, into);
        *censored += r->intervals.items[i].censored;
    }
}

struct durations selection_tallied_durations(struct selection s, const struct record *r, int subject,
                                             struct arena *arena)
{
    struct durations out = {.why = unknown(s, subject)};
    struct hist *all = hist_create();
    struct range phases = phases_of(s, r);
    if (!out.why && s.sent_from > 0)
        add_last(s, r, all, &out.censored);
    else if (!out.why)
        for (int i = phases.from; i < phases.to; i++)
            add_phase(&r->tallies[i], subject, all, &out.censored);
    out.seconds = sample_of_hist(all, arena);
    hist_destroy(all);
    return out;
}

struct record_point *selection_tallied_points(struct selection s, const struct record *r, int subject,
                                              struct arena *arena, int *ret_count)
{
    const struct record_intervals *v = &r->intervals;
    struct record_point *points = arena_new(arena, struct record_point, v->count);
    struct range range = intervals_of(s, r);
    struct hist *one = hist_create();
    *ret_count = 0;
    for (int i = range.from; subject == SUBJECT_GENERATION && i < range.to; i++) {
        hist_clear(one);
        record_intervals_add_to(v, i, one);
        struct sample seconds = sample_of_hist(one, arena);
        if (seconds.count)
            points[(*ret_count)++] =
                (struct record_point){i * v->length + v->length / 2, sample_percentile(&seconds, 50)};
    }
    hist_destroy(one);
    return points;
}

/* ---- times ---- */

struct record_span selection_tallied_jobs(const struct record *r)
{
    struct record_span out = {-1, -1};
    for (int i = 0; i < r->shape.phases; i++) {
        const struct record_tally *t = &r->tallies[i];
        if (t->first_sent >= 0 && (out.start < 0 || t->first_sent < out.start))
            out.start = t->first_sent;
        out.end = t->last_ended > out.end ? t->last_ended : out.end;
    }
    return out;
}

nsec selection_tallied_first_success(const struct record *r)
{
    for (int i = 0; i < r->intervals.count; i++)
        if (r->intervals.items[i].ok)
            return (i + 1) * r->intervals.length;
    return -1;
}
