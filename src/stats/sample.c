#include "sample.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void sample_sort(double *values, int64_t count)
{
    if (count > 1)
        qsort(values, (size_t)count, sizeof *values, ascending);
}

double sample_mean(const double *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : NAN;
}

static double deviation_of(const double *values, int64_t count, double mean)
{
    double squares = 0;
    for (int64_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
}

struct sample sample_of_sorted(const double *sorted, int64_t count)
{
    struct sample s = {.values = sorted, .distinct = count, .count = count};
    s.mean = sample_mean(sorted, count);
    s.deviation = deviation_of(sorted, count, s.mean);
    return s;
}

struct sample sample_of(double *values, int64_t count)
{
    sample_sort(values, count);
    return sample_of_sorted(values, count);
}

static int64_t told_by(const struct hist *h)
{
    int64_t told = 0;
    for (struct hist_cursor c = {0}; hist_next(h, &c);)
        told++;
    return told;
}

struct sample sample_of_hist(const struct hist *h, struct arena *arena)
{
    int64_t told = told_by(h), at = 0;
    double *values = arena_new(arena, double, told);
    int64_t *upto = arena_new(arena, int64_t, told);
    for (struct hist_cursor c = {0}; hist_next(h, &c); at++) {
        values[at] = nsec_to_sec(c.value);
        upto[at] = c.upto;
    }
    return (struct sample){.values = values,
                           .upto = upto,
                           .distinct = told,
                           .count = hist_count(h),
                           .mean = hist_mean(h) / 1e9,
                           .deviation = hist_deviation(h) / 1e9};
}

double sample_at(const struct sample *s, int64_t rank)
{
    if (!s->upto)
        return s->values[rank];
    int64_t low = 0, high = s->distinct - 1; /* the first whose numbers reach beyond the rank */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (s->upto[middle] > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return s->values[low];
}

double sample_percentile(const struct sample *s, double percent)
{
    return sample_percentile_censored(s, 0, percent);
}

double sample_percentile_censored(const struct sample *s, int64_t censored, double percent)
{
    int64_t all = s->count + censored;
    if (all <= 0)
        return NAN;
    /* A rank that is whole but for the error of its product must not lean on its neighbour. */
    double rank = (double)(all - 1) * (percent / 100), error = fmax(1e-9, rank * 1e-15);
    double whole = floor(rank + error), part = fmax(rank - whole, 0);
    if (part < error)
        part = 0;
    int64_t below = (int64_t)whole;
    if (below >= s->count || (part > 0 && below + 1 >= s->count))
        return INFINITY;
    double low = sample_at(s, below);
    return part > 0 ? low + part * (sample_at(s, below + 1) - low) : low;
}

void sample_summarise(const struct sample *s, struct sample_summary *ret)
{
    *ret = (struct sample_summary){
        .count = s->count,
        .mean = s->mean,
        .min = s->count > 0 ? sample_at(s, 0) : NAN,
        .max = s->count > 0 ? sample_at(s, s->count - 1) : NAN,
        .p50 = sample_percentile(s, 50),
        .p95 = sample_percentile(s, 95),
        .p99 = sample_percentile(s, 99),
    };
}
