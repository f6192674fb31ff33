#include "interval.h"

#include "distribution.h"
#include "sample.h"

#include <math.h>

struct interval interval_none(void)
{
    return (struct interval){NAN, NAN};
}

bool interval_exists(struct interval i)
{
    return !isnan(i.low) && !isnan(i.high);
}

struct interval interval_proportion(int hits, int count, double confidence)
{
    if (count <= 0)
        return interval_none();
    double tail = (1 - confidence) / 2;
    return (struct interval){
        hits == 0 ? 0 : distribution_beta_quantile(tail, hits, count - hits + 1.0),
        hits == count ? 1 : distribution_beta_quantile(1 - tail, hits + 1.0, count - hits),
    };
}

/* The largest r with P[Bin(count, q) >= r] >= confidence. */
int interval_lower_rank(int count, double percent, double confidence)
{
    int low = 0, high = count; /* low holds, or is 0 */
    while (low < high) {
        int r = high - (high - low) / 2;
        if (1 - distribution_binomial(r - 1, count, percent / 100) >= confidence)
            low = r;
        else
            high = r - 1;
    }
    return low;
}

/* The smallest r with P[Bin(count, q) <= r - 1] >= confidence. */
int interval_upper_rank(int count, double percent, double confidence)
{
    int low = 1, high = count + 1; /* high holds, or is past the sample */
    while (low < high) {
        int r = low + (high - low) / 2;
        if (distribution_binomial(r - 1, count, percent / 100) >= confidence)
            high = r;
        else
            low = r + 1;
    }
    return low > count ? 0 : low;
}

int interval_percentile_needs(double percent, double confidence)
{
    return (int)ceil(log1p(-confidence) / log(percent / 100) - 1e-9);
}

struct interval interval_percentile(const double *sorted, int count, int censored, double percent,
                                    double confidence)
{
    if (count + censored <= 0)
        return interval_none();
    double one_sided = (1 + confidence) / 2;
    int lower = interval_lower_rank(count + censored, percent, one_sided);
    int upper = interval_upper_rank(count + censored, percent, one_sided);
    return (struct interval){
        lower == 0      ? -INFINITY
        : lower > count ? INFINITY
                        : sorted[lower - 1],
        upper == 0 || upper > count ? INFINITY : sorted[upper - 1],
    };
}

struct interval interval_mean(const double *values, int count, double confidence)
{
    if (count < 2)
        return interval_none();
    double mean = sample_mean(values, count);
    double error = sample_deviation(values, count) / sqrt(count);
    double half = distribution_t_quantile((1 + confidence) / 2, count - 1) * error;
    return (struct interval){mean - half, mean + half};
}
