#include "hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 signed_sum;

static const struct hist_facts nothing = {.min = INT64_MAX, .max = -1};

struct hist *hist_create(void)
{
    struct hist *h = calloc(1, sizeof *h);
    if (!h)
        abort();
    h->facts = nothing;
    return h;
}

void hist_destroy(struct hist *h)
{
    free(h);
}

void hist_clear(struct hist *h)
{
    if (h->facts.count) {
        int first = hist_index(h->facts.min), last = hist_index(h->facts.max);
        memset(h->counts + first, 0, (size_t)(last - first + 1) * sizeof *h->counts);
    }
    h->facts = nothing;
}

/* Sum of (x - a)^2 from that of (x - b)^2: + 2 (b - a) (sum - n b) + n (b - a)^2. */
static double squares_from(const struct hist_facts *f, nsec origin)
{
    double apart = (double)f->origin - (double)origin, n = (double)f->count;
    double from_own = (double)((signed_sum)f->sum - (signed_sum)f->count * f->origin);
    return f->squares + 2 * apart * from_own + n * apart * apart;
}

static void add_facts(struct hist_facts *into, const struct hist_facts *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    into->squares += squares_from(from, into->origin);
    into->count += from->count;
    into->sum += from->sum;
    into->min = from->min < into->min ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
}

void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->facts.count == 0)
        return;
    int last = hist_index(from->facts.max);
    for (int i = hist_index(from->facts.min); i <= last; i++)
        if (from->counts[i]) /* a page of nothing but zeros stays untouched in `into` */
            into->counts[i] += from->counts[i];
    add_facts(&into->facts, &from->facts);
}

int64_t hist_count(const struct hist *h)
{
    return h->facts.count;
}

nsec hist_min(const struct hist *h)
{
    return h->facts.count ? h->facts.min : -1;
}

nsec hist_max(const struct hist *h)
{
    return h->facts.max;
}

double hist_mean(const struct hist *h)
{
    const struct hist_facts *f = &h->facts;
    if (f->count == 0)
        return NAN;
    hist_sum n = (hist_sum)f->count;
    return (double)(f->sum / n) + (double)(f->sum % n) / (double)f->count;
}

double hist_deviation(const struct hist *h)
{
    const struct hist_facts *f = &h->facts;
    if (f->count < 2)
        return NAN;
    double n = (double)f->count, off = hist_mean(h) - (double)f->origin;
    return sqrt(fmax(0, f->squares - n * off * off) / (n - 1));
}

static nsec middle(const struct hist *h, int index)
{
    nsec value = index;
    if (index >= 2 << HIST_BITS) {
        int shift = (index >> HIST_BITS) - 1;
        value = ((nsec)index - ((nsec)shift << HIST_BITS)) << shift;
        value += (nsec)1 << (shift - 1);
    }
    return value < h->facts.min ? h->facts.min : value > h->facts.max ? h->facts.max : value;
}

static bool tell(struct hist_cursor *c, nsec value, int64_t count)
{
    c->value = value;
    c->count = count;
    c->upto += count;
    return true;
}

bool hist_next(const struct hist *h, struct hist_cursor *c)
{
    const struct hist_facts *f = &h->facts;
    if (c->upto >= f->count)
        return false;
    int first = hist_index(f->min), last = hist_index(f->max);
    if (c->upto == 0) {
        c->index = first;
        return tell(c, f->min, 1);
    }
    while (c->upto < f->count - 1) {
        int i = c->index++;
        int64_t count = h->counts[i] - (i == first) - (i == last);
        if (count > 0)
            return tell(c, middle(h, i), count);
    }
    return tell(c, f->max, 1);
}

nsec hist_at_rank(const struct hist *h, int64_t rank)
{
    struct hist_cursor c = {0};
    assert(rank >= 0 && rank < h->facts.count);
    while (c.upto <= rank && hist_next(h, &c))
        continue;
    return c.value;
}

/* ---- compact ones ---- */

/* Buckets on their way into an array; without one they are only counted. */
struct filling {
    struct hist_bucket *buckets;
    int count;
};

static void fill(struct filling *f, int index, int64_t count)
{
    while (count > 0) {
        uint32_t part = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
        if (f->buckets)
            f->buckets[f->count] = (struct hist_bucket){(uint32_t)index, part};
        f->count++;
        count -= part;
    }
}

static void fill_from_hist(struct filling *f, const struct hist *h)
{
    int last = h->facts.count ? hist_index(h->facts.max) : -1;
    for (int i = h->facts.count ? hist_index(h->facts.min) : 0; i <= last; i++)
        fill(f, i, h->counts[i]);
}

struct hist_compact hist_compact_of(const struct hist *h, struct arena *arena)
{
    struct filling size = {0};
    fill_from_hist(&size, h);
    struct filling f = {.buckets = arena_new(arena, struct hist_bucket, size.count)};
    fill_from_hist(&f, h);
    return (struct hist_compact){h->facts, f.buckets, f.count};
}

/* All entries of one index at `*at`, which moves past them. */
static int64_t take(const struct hist_compact *c, int *at, uint32_t index)
{
    int64_t count = 0;
    for (; *at < c->bucket_count && c->buckets[*at].index == index; ++*at)
        count += c->buckets[*at].count;
    return count;
}

static uint32_t index_at(const struct hist_compact *c, int at)
{
    return at < c->bucket_count ? c->buckets[at].index : UINT32_MAX;
}

static void fill_from_both(struct filling *f, const struct hist_compact *a, const struct hist_compact *b)
{
    for (int i = 0, k = 0; i < a->bucket_count || k < b->bucket_count;) {
        uint32_t left = index_at(a, i), right = index_at(b, k), index = left < right ? left : right;
        int64_t count = take(a, &i, index);
        fill(f, (int)index, count + take(b, &k, index));
    }
}

struct hist_compact hist_compact_join(const struct hist_compact *a, const struct hist_compact *b,
                                      struct arena *arena)
{
    struct filling size = {0};
    fill_from_both(&size, a, b);
    struct filling f = {.buckets = arena_new(arena, struct hist_bucket, size.count)};
    fill_from_both(&f, a, b);
    struct hist_facts facts = nothing;
    add_facts(&facts, &a->facts);
    add_facts(&facts, &b->facts);
    return (struct hist_compact){facts, f.buckets, f.count};
}

void hist_add_compact(struct hist *into, const struct hist_compact *from)
{
    for (int i = 0; i < from->bucket_count; i++)
        into->counts[from->buckets[i].index] += from->buckets[i].count;
    add_facts(&into->facts, &from->facts);
}
