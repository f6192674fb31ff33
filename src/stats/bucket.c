#include "bucket.h"

#include <math.h>
#include <stdlib.h>

static int by_bound(const void *left, const void *right)
{
    const struct bucket *a = left, *b = right;
    return a->bound < b->bound ? -1 : a->bound > b->bound;
}

int bucket_tidy(struct bucket *buckets, int count)
{
    int kept = 0;
    if (count)
        qsort(buckets, (size_t)count, sizeof *buckets, by_bound);
    for (int i = 0; i < count; i++) {
        if (kept && buckets[kept - 1].bound == buckets[i].bound)
            buckets[kept - 1].count += buckets[i].count;
        else
            buckets[kept++] = buckets[i];
    }
    for (int i = 1; i < kept; i++)
        buckets[i].count = fmax(buckets[i].count, buckets[i - 1].count);
    return kept;
}

double bucket_quantile(const struct bucket *buckets, int count, double quantile)
{
    int last = count - 1, at = 0;
    if (count < 2 || !isinf(buckets[last].bound) || !(buckets[last].count > 0))
        return NAN;
    double rank = quantile * buckets[last].count;
    while (at < last && buckets[at].count < rank)
        at++;
    if (at == last)
        return buckets[last - 1].bound;
    double end = buckets[at].bound, below = at ? buckets[at - 1].count : 0;
    if (at == 0 && end <= 0)
        return end;
    double start = at ? buckets[at - 1].bound : 0, inside = buckets[at].count - below;
    return inside > 0 ? start + (end - start) * (rank - below) / inside : end;
}
