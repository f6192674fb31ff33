#include "cold_start.h"

#include "sample.h"

#include <math.h>
#include <string.h>

static int may_be_cold(int count)
{
    int most = count / 4 > 1 ? count / 4 : 1;
    return most < COLD_START_MOST ? most : COLD_START_MOST;
}

bool cold_start_find(const double *seconds, int count, struct arena *scratch, struct cold_start *ret)
{
    if (count < COLD_START_NEEDS)
        return false;
    int most = may_be_cold(count), warm_count = count - most;
    double *values = arena_new(scratch, double, warm_count);
    memcpy(values, seconds + most, (size_t)warm_count * sizeof *values);
    struct sample warm = sample_of(values, warm_count);
    double q1 = sample_percentile(&warm, 25), q3 = sample_percentile(&warm, 75);
    *ret = (struct cold_start){.warm_median = sample_percentile(&warm, 50)};
    double slow = fmax(COLD_START_FACTOR * ret->warm_median, ret->warm_median + COLD_START_LEAST);
    double limit = fmax(slow, q3 + 3 * (q3 - q1));
    while (ret->jobs < most && seconds[ret->jobs] > limit) {
        ret->seconds = fmax(ret->seconds, seconds[ret->jobs] - ret->warm_median);
        ret->jobs++;
    }
    return true;
}
