#include "trend.h"

#include "distribution.h"
#include "sample.h"

#include <math.h>
#include <string.h>

struct points {
    double *x, *y;
    int count;
};

static double median(double *values, int count)
{
    struct sample s = sample_of(values, count);
    return sample_percentile(&s, 50);
}

static int bucket_of(double x, double first, double width)
{
    double bucket = floor((x - first) / width);
    return bucket < TREND_POINTS_MAX ? (int)bucket : TREND_POINTS_MAX - 1;
}

/* One point, of medians, for each of TREND_POINTS_MAX equal intervals of x that has any. */
static struct points thinned(struct points all, struct arena *scratch)
{
    struct points out = {.x = arena_new(scratch, double, TREND_POINTS_MAX),
                         .y = arena_new(scratch, double, TREND_POINTS_MAX)};
    double width = (all.x[all.count - 1] - all.x[0]) / TREND_POINTS_MAX;
    if (!(width > 0))
        return out;
    for (int from = 0, to; from < all.count; from = to) {
        int bucket = bucket_of(all.x[from], all.x[0], width);
        for (to = from + 1; to < all.count && bucket_of(all.x[to], all.x[0], width) == bucket; to++)
            continue;
        double *ys = arena_new(scratch, double, to - from);
        memcpy(ys, all.y + from, (size_t)(to - from) * sizeof *ys);
        struct sample xs = sample_of_sorted(all.x + from, to - from);
        out.x[out.count] = sample_percentile(&xs, 50);
        out.y[out.count++] = median(ys, to - from);
    }
    return out;
}

static struct points used_points(const double *x, const double *y, int count, struct arena *scratch)
{
    struct points all = {arena_new(scratch, double, count), arena_new(scratch, double, count), count};
    memcpy(all.x, x, (size_t)count * sizeof *x);
    memcpy(all.y, y, (size_t)count * sizeof *y);
    return count > TREND_POINTS_MAX ? thinned(all, scratch) : all;
}

static int collect_slopes(struct points p, double *slopes)
{
    int count = 0;
    for (int i = 0; i < p.count; i++)
        for (int j = i + 1; j < p.count; j++)
            if (p.x[i] != p.x[j])
                slopes[count++] = (p.y[j] - p.y[i]) / (p.x[j] - p.x[i]);
    return count;
}

/* Var(S) of Kendall's S when nothing trends: [n(n-1)(2n+5) - sum over ties t(t-1)(2t+5)] / 18 (Kendall 1975).
 */
static double kendall_variance(struct points p, struct arena *scratch)
{
    double *sorted = arena_new(scratch, double, p.count);
    memcpy(sorted, p.y, (size_t)p.count * sizeof *sorted);
    sample_sort(sorted, p.count);
    double n = p.count, sum = n * (n - 1) * (2 * n + 5);
    for (int from = 0, to; from < p.count; from = to) {
        for (to = from; to < p.count && sorted[to] == sorted[from]; to++)
            continue;
        double t = to - from;
        sum -= t * (t - 1) * (2 * t + 5);
    }
    return sum / 18;
}

/* Average ranks of the deviations from the line. Deviations that differ by rounding only are equal. */
static double *deviation_ranks(struct points p, double slope, struct arena *scratch)
{
    double *deviations = arena_new(scratch, double, p.count), *ranks = arena_new(scratch, double, p.count);
    double largest = 0;
    for (int i = 0; i < p.count; i++) {
        deviations[i] = p.y[i] - slope * p.x[i];
        largest = fmax(largest, fabs(deviations[i]));
    }
    for (int i = 0; i < p.count; i++) {
        double below = 0, equal = 0;
        for (int j = 0; j < p.count; j++) {
            double ahead = deviations[i] - deviations[j];
            below += ahead > largest * 1e-12;
            equal += fabs(ahead) <= largest * 1e-12;
        }
        ranks[i] = below + (equal + 1) / 2;
    }
    return ranks;
}

static double autocorrelation(const double *values, int count, int lag)
{
    double mean = sample_mean(values, count), shared = 0, all = 0;
    for (int i = 0; i < count; i++) {
        all += (values[i] - mean) * (values[i] - mean);
        if (i + lag < count)
            shared += (values[i] - mean) * (values[i + lag] - mean);
    }
    return all > 0 ? shared / all : 0;
}

/* Hamed and Rao 1998 with the lags 1 to 3 that are significant. Their factor may fall below one, even below
 * zero; that would claim more certainty than independent points give, so it is held at one. */
static double inflation_of(struct points p, double slope, struct arena *scratch)
{
    const double *ranks = deviation_ranks(p, slope, scratch);
    double n = p.count, sum = 0;
    if (n < 4)
        return 1;
    for (int lag = 1; lag <= 3; lag++) {
        double r = autocorrelation(ranks, p.count, lag);
        if (fabs(r) > distribution_normal_quantile(0.975) / sqrt(n))
            sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * r;
    }
    return fmax(1, 1 + 2 / (n * (n - 1) * (n - 2)) * sum);
}

static struct interval slope_interval(const double *slopes, int count, double variance, double confidence)
{
    double c = distribution_normal_quantile((1 + confidence) / 2) * sqrt(variance);
    double low = floor((count - c) / 2);
    if (low < 1) /* too few points to bound it: all that was seen is not all that can be */
        return (struct interval){-INFINITY, INFINITY};
    return (struct interval){slopes[(int)low - 1], slopes[count - (int)low]};
}

bool trend_fit(const double *x, const double *y, int count, double confidence, enum trend_noise noise,
               struct arena *scratch, struct trend *ret)
{
    *ret = (struct trend){.slope = NAN, .interval = interval_none(), .variance = NAN, .inflation = 1};
    if (count < 2)
        return false;
    struct points p = used_points(x, y, count, scratch);
    double *slopes = arena_new(scratch, double, (size_t)p.count *(size_t)p.count / 2 + 1);
    int slope_count = collect_slopes(p, slopes);
    ret->count = p.count;
    if (slope_count == 0)
        return false;
    ret->slope = median(slopes, slope_count);
    if (noise == TREND_CORRELATED)
        ret->inflation = inflation_of(p, ret->slope, scratch);
    ret->variance = kendall_variance(p, scratch) * ret->inflation;
    ret->interval = slope_interval(slopes, slope_count, ret->variance, confidence);
    return true;
}
