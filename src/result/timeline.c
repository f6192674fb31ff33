#include "timeline.h"

#include "sample.h"
#include "selection.h"

#include <math.h>

static double interval_of(double seconds)
{
    static const double steps[] = {1, 1.5, 2, 3, 5, 7.5, 10};
    double power = pow(10, floor(log10(seconds / TIMELINE_MAX)));
    int i = 0;
    while (i < 6 && steps[i] * power * TIMELINE_MAX < seconds * (1 - 1e-9))
        i++;
    return steps[i] * power;
}

/* The row of a point in time; what happened before the zero or at the very end belongs to the first and the
 * last. */
static int row_of(const struct timeline *t, nsec at)
{
    double row = floor(nsec_to_sec(at) / t->interval + 1e-9);
    return row < 0 ? 0 : row >= t->count ? t->count - 1 : (int)row;
}

static void add_in_flight(struct timeline *t, double from, double to)
{
    for (int i = row_of(t, nsec_from_sec(from)); i < t->count && i * t->interval < to; i++) {
        double start = fmax(from, i * t->interval), end = fmin(to, (i + 1) * t->interval);
        t->rows[i].in_flight += fmax(0, end - start) / t->interval;
    }
}

static void add_users(struct timeline *t, const struct record *r)
{
    int change = 0, users = 0;
    for (int i = 0; i < t->count; i++) {
        t->rows[i].users = users;
        for (; change < r->user_changes && row_of(t, r->users[change].at) == i; change++) {
            users = (int)r->users[change].value;
            if (users > t->rows[i].users)
                t->rows[i].users = users;
        }
    }
}

static void set_percentiles(struct timeline_row *row, struct sample generations)
{
    row->p50 = sample_percentile(&generations, 50);
    row->p95 = sample_percentile(&generations, 95);
}

/* Generations of the jobs that ended in each row, one row after the other in one array. */
static void add_percentiles(struct timeline *t, const struct plan *p, const struct record *r,
                            struct arena *arena)
{
    double *values = arena_new(arena, double, r->job_count);
    int64_t *from = arena_new(arena, int64_t, t->count + 1), *used = arena_new(arena, int64_t, t->count);
    for (int i = 0; i < t->count; i++)
        from[i + 1] = from[i] + t->rows[i].done;
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        double seconds = job->phase < 0 ? NAN : selection_duration(p, r, job, SUBJECT_GENERATION);
        if (isnan(seconds))
            continue;
        int row = row_of(t, job->ended);
        values[from[row] + used[row]++] = seconds;
    }
    for (int i = 0; i < t->count; i++)
        set_percentiles(&t->rows[i], sample_of(values + from[i], used[i]));
}

static void measure_rows(const struct plan *p, const struct record *r, struct arena *arena,
                         struct timeline *t)
{
    double seconds = nsec_to_sec(r->ended);
    t->interval = seconds > 0 ? interval_of(seconds) : 1;
    t->count = seconds > 0 ? (int)ceil(seconds / t->interval - 1e-9) : 1;
    t->rows = arena_new(arena, struct timeline_row, t->count);
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (job->phase < 0)
            continue;
        t->rows[row_of(t, job->sent)].started++;
        t->rows[row_of(t, job->ended)].done += job->outcome == JOB_OK;
        t->rows[row_of(t, job->ended)].failed += job->outcome == JOB_FAILED;
        add_in_flight(t, nsec_to_sec(job->sent), nsec_to_sec(job->ended));
    }
    add_percentiles(t, p, r, arena);
}

/* ---- of tallied jobs: so many whole intervals a row ---- */

static int intervals_a_row(const struct record *r)
{
    nsec needed = (r->ended + r->intervals.length - 1) / r->intervals.length;
    int count = needed > r->intervals.count ? (int)needed : r->intervals.count;
    return count <= TIMELINE_MAX ? 1 : (count + TIMELINE_MAX - 1) / TIMELINE_MAX;
}

static void measure_row(const struct record *r, int first, int each, struct hist *all, int64_t *under_way,
                        struct timeline_row *row)
{
    const struct record_intervals *v = &r->intervals;
    hist_clear(all);
    double held = 0;
    for (int i = first; i < first + each; i++) {
        held += (double)(*under_way * v->length);
        if (i >= v->count)
            continue;
        const struct record_interval *from = &v->items[i];
        row->started += from->started;
        row->done += from->ok;
        row->failed += from->failed;
        held += (double)from->under_way;
        *under_way += from->started - from->ok - from->failed - from->unfinished;
        record_intervals_add_to(v, i, all);
    }
    row->in_flight = fmax(0, held / ((double)each * (double)v->length));
}

static void measure_intervals(const struct record *r, struct arena *arena, struct timeline *t)
{
    int each = intervals_a_row(r);
    nsec length = each * r->intervals.length;
    nsec needed = r->ended > 0 ? (r->ended + length - 1) / length : 1;
    int begun = (r->intervals.count + each - 1) / each;
    t->interval = nsec_to_sec(length);
    t->count = needed > begun ? (int)needed : begun;
    t->rows = arena_new(arena, struct timeline_row, t->count);
    struct hist *all = hist_create();
    int64_t under_way = 0;
    for (int i = 0; i < t->count; i++) {
        measure_row(r, i * each, each, all, &under_way, &t->rows[i]);
        set_percentiles(&t->rows[i], sample_of_hist(all, arena));
    }
    hist_destroy(all);
}

void timeline_measure(const struct plan *p, const struct record *r, struct arena *arena, struct timeline *ret)
{
    *ret = (struct timeline){0};
    if (r->shape.keeping == RECORD_TALLIES)
        measure_intervals(r, arena, ret);
    else
        measure_rows(p, r, arena, ret);
    add_users(ret, r);
}

double *timeline_of_series(const struct timeline *t, const struct record_series *s, struct arena *arena)
{
    double *means = arena_new(arena, double, t->count);
    int *counts = arena_new(arena, int, t->count);
    for (int i = 0; i < s->count; i++) {
        means[row_of(t, s->points[i].at)] += s->points[i].value;
        counts[row_of(t, s->points[i].at)]++;
    }
    for (int i = 0; i < t->count; i++)
        means[i] = counts[i] ? means[i] / counts[i] : NAN;
    return means;
}
