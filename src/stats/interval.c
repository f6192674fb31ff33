#include "interval.h"

#include "distribution.h"

#include <math.h>

struct interval interval_none(void)
{
    return (struct interval){NAN, NAN};
}

bool interval_exists(struct interval i)
{
    return !isnan(i.low) && !isnan(i.high);
}

struct interval interval_proportion(int64_t hits, int64_t count, double confidence)
{
    if (count <= 0)
        return interval_none();
    double tail = (1 - confidence) / 2;
    return (struct interval){
        hits == 0 ? 0 : distribution_beta_quantile(tail, (double)hits, (double)(count - hits) + 1),
        hits == count ? 1 : distribution_beta_quantile(1 - tail, (double)hits + 1, (double)(count - hits)),
    };
}

/* The largest r with P[Bin(count, q) >= r] >= confidence. */
int64_t interval_lower_rank(int64_t count, double percent, double confidence)
{
    int64_t low = 0, high = count; /* low holds, or is 0 */
    while (low < high) {
        int64_t r = high - (high - low) / 2;
        if (1 - distribution_binomial(r - 1, count, percent / 100) >= confidence)
            low = r;
        else
            high = r - 1;
    }
    return low;
}

/* The smallest r with P[Bin(count, q) <= r - 1] >= confidence. */
int64_t interval_upper_rank(int64_t count, double percent, double confidence)
{
    int64_t low = 1, high = count + 1; /* high holds, or is past the sample */
    while (low < high) {
        int64_t r = low + (high - low) / 2;
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

struct interval interval_percentile(const struct sample *s, int64_t censored, double percent,
                                    double confidence)
{
    int64_t all = s->count + censored;
    if (all <= 0)
        return interval_none();
    double one_sided = (1 + confidence) / 2;
    int64_t lower = interval_lower_rank(all, percent, one_sided);
    int64_t upper = interval_upper_rank(all, percent, one_sided);
    return (struct interval){
        lower == 0         ? -INFINITY
        : lower > s->count ? INFINITY
                           : sample_at(s, lower - 1),
        upper == 0 || upper > s->count ? INFINITY : sample_at(s, upper - 1),
    };
}

struct interval interval_mean(const struct sample *s, double confidence)
{
    if (s->count < 2)
        return interval_none();
    double error = s->deviation / sqrt((double)s->count);
    double half = distribution_t_quantile((1 + confidence) / 2, (double)(s->count - 1)) * error;
    return (struct interval){s->mean - half, s->mean + half};
}
