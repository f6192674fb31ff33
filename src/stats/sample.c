#include "sample.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void sample_sort(double *values, int count)
{
    if (count > 1)
        qsort(values, (size_t)count, sizeof *values, ascending);
}

double sample_mean(const double *values, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / count : NAN;
}

double sample_deviation(const double *values, int count)
{
    double mean = sample_mean(values, count), squares = 0;
    for (int i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return count > 1 ? sqrt(squares / (count - 1)) : NAN;
}

double sample_percentile(const double *sorted, int count, double percent)
{
    return sample_percentile_censored(sorted, count, 0, percent);
}

double sample_percentile_censored(const double *sorted, int count, int censored, double percent)
{
    int all = count + censored;
    if (all <= 0)
        return NAN;
    /* A rank that is whole but for the error of its product must not lean on its neighbour. */
    double rank = (all - 1) * (percent / 100), whole = floor(rank + 1e-9), part = fmax(rank - whole, 0);
    if (part < 1e-9)
        part = 0;
    int below = (int)whole;
    if (below >= count || (part > 0 && below + 1 >= count))
        return INFINITY;
    return part > 0 ? sorted[below] + part * (sorted[below + 1] - sorted[below]) : sorted[below];
}

void sample_summarise(double *values, int count, struct sample_summary *ret)
{
    sample_sort(values, count);
    *ret = (struct sample_summary){
        .count = count,
        .mean = sample_mean(values, count),
        .min = count > 0 ? values[0] : NAN,
        .max = count > 0 ? values[count - 1] : NAN,
        .p50 = sample_percentile(values, count, 50),
        .p95 = sample_percentile(values, count, 95),
        .p99 = sample_percentile(values, count, 99),
    };
}
