#include "arrivals.h"

#include <assert.h>
#include <math.h>

/* Of random numbers, for this purpose alone: below the users' streams. */
enum { STREAM_ARRIVALS = 1 };

/* In seconds from its phase's start. A rate may be so small that the next arrival lies beyond all that nsec
 * can hold; phases last 30 days at most, in a thousandth of their speed, and all fits together. */
static const long double latest = 4e9L;

void arrivals_init(struct arrivals *a, const struct plan_load_model *load, uint64_t seed, int share,
                   int shares)
{
    assert(0 <= share && share < shares);
    *a = (struct arrivals){.load = load, .share = share, .shares = shares};
    a->from_rate = load->phases[0].ramp ? 0 : load->phases[0].rate;
    rng_init(&a->rng, seed, STREAM_ARRIVALS);
}

/* ---- one phase ---- */

static long double seconds(nsec t)
{
    return (long double)t / 1e9L;
}

/* When the integral of a rate that begins with `rate` and rises by `slope` a second reaches x: the root of
 * slope/2 t^2 + rate t = x. Nothing cancels in this form, since no term of it is negative. */
static long double rising(long double rate, long double slope, long double x)
{
    return x <= 0 ? 0 : 2 * x / (rate + sqrtl(rate * rate + 2 * slope * x));
}

/* Arrivals of the whole phase. */
static long double phase_total(const struct arrivals *a, const struct plan_phase *p)
{
    if (p->duration == NSEC_NEVER)
        return p->rate > 0 ? INFINITY : 0;
    return p->ramp ? ((long double)a->from_rate + p->rate) / 2 * seconds(p->duration)
                   : p->rate * seconds(p->duration);
}

/* When L has grown by x since the phase began, in seconds from there; 0 <= x < the phase's total. A falling
 * ramp is a rising one seen from its end. */
static long double phase_time(const struct arrivals *a, const struct plan_phase *p, long double x,
                              long double total)
{
    if (!p->ramp || p->rate == a->from_rate)
        return x / p->rate;
    long double duration = seconds(p->duration);
    long double slope = fabsl((long double)p->rate - a->from_rate) / duration;
    return p->rate > a->from_rate ? rising(a->from_rate, slope, x)
                                  : duration - rising(p->rate, slope, total - x);
}

/* When L reaches `wanted`, from the start of the phase that is reached; false: not in this phase. What falls
 * upon its end by the nanosecond is not in it, whichever side it was on before it was rounded. */
static bool due_in_phase(const struct arrivals *a, long double wanted, long double total, nsec *ret)
{
    const struct plan_phase *p = &a->load->phases[a->phase];
    long double x = wanted > a->before ? wanted - a->before : 0;
    if (x >= total)
        return false;
    long double t = phase_time(a, p, x, total);
    if (!(t <= latest))
        return false;
    nsec due = llroundl(t * 1e9L);
    *ret = due;
    return due < p->duration;
}

/* ---- the phases in a row ---- */

/* Returns false when it was the last one, or has no end. */
static bool next_phase(struct arrivals *a, long double total)
{
    const struct plan_phase *p = &a->load->phases[a->phase];
    if (p->duration == NSEC_NEVER || a->phase + 1 == a->load->phase_count)
        return false;
    a->start += p->duration;
    a->before += total;
    a->phase++;
    a->from_rate = p[1].ramp ? p->rate : p[1].rate;
    return true;
}

static bool due_at(struct arrivals *a, long double wanted, nsec *ret)
{
    for (;;) {
        long double total = phase_total(a, &a->load->phases[a->phase]);
        nsec due;
        if (due_in_phase(a, wanted, total, &due)) {
            *ret = a->start + due;
            return true;
        }
        if (!next_phase(a, total))
            return false;
    }
}

/* ---- the sequence ---- */

/* A unit exponential, by inversion. */
static long double exponential(struct rng *r)
{
    return -log1p(-rng_unit(r));
}

/* What L reaches at the arrival that comes next, if it is one of L. */
static long double draw(struct arrivals *a)
{
    if (a->load->arrivals != ARRIVALS_POISSON)
        return (long double)a->index;
    a->sum += exponential(&a->rng);
    return a->sum;
}

static bool exhausted(const struct arrivals *a)
{
    const struct plan_load_model *l = a->load;
    return (l->jobs && a->index >= l->jobs) ||
           (l->arrivals == ARRIVALS_REPLAY && a->index >= l->replay_count);
}

/* Those of the other shares, which take no time but their draws. */
static long double skip_others(struct arrivals *a)
{
    int64_t skipped = (a->share - a->index % a->shares + a->shares) % a->shares;
    if (a->load->arrivals != ARRIVALS_POISSON)
        a->index += skipped;
    else
        for (; skipped > 0; skipped--, a->index++)
            draw(a);
    return draw(a);
}

bool arrivals_next(struct arrivals *a, nsec *ret_due, int64_t *ret_index, int *ret_phase)
{
    if (exhausted(a))
        return false;
    long double wanted = skip_others(a);
    if (exhausted(a))
        return false;
    if (a->load->arrivals == ARRIVALS_REPLAY)
        *ret_due = a->load->replay[a->index];
    else if (!due_at(a, wanted, ret_due))
        return false;
    *ret_index = a->index++;
    *ret_phase = a->phase;
    return true;
}
