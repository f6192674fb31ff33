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

/* Generations of the jobs that ended in each row, one row after the other in one array. */
static void add_percentiles(struct timeline *t, const struct plan *p, const struct record *r,
                            struct arena *arena)
{
    double *values = arena_new(arena, double, r->job_count);
    int *from = arena_new(arena, int, t->count + 1), *used = arena_new(arena, int, t->count);
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
    for (int i = 0; i < t->count; i++) {
        sample_sort(values + from[i], used[i]);
        t->rows[i].p50 = sample_percentile(values + from[i], used[i], 50);
        t->rows[i].p95 = sample_percentile(values + from[i], used[i], 95);
    }
}

void timeline_measure(const struct plan *p, const struct record *r, struct arena *arena, struct timeline *ret)
{
    double seconds = nsec_to_sec(r->ended);
    *ret = (struct timeline){.interval = seconds > 0 ? interval_of(seconds) : 1};
    ret->count = seconds > 0 ? (int)ceil(seconds / ret->interval - 1e-9) : 1;
    ret->rows = arena_new(arena, struct timeline_row, ret->count);
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (job->phase < 0)
            continue;
        ret->rows[row_of(ret, job->sent)].started++;
        ret->rows[row_of(ret, job->ended)].done += job->outcome == JOB_OK;
        ret->rows[row_of(ret, job->ended)].failed += job->outcome == JOB_FAILED;
        add_in_flight(ret, nsec_to_sec(job->sent), nsec_to_sec(job->ended));
    }
    add_users(ret, r);
    add_percentiles(ret, p, r, arena);
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
