#include "find.h"

#include <inttypes.h>
#include <math.h>

bool find_censored(const struct find *f, struct finding *ret)
{
    static const double percents[] = {50, 95, 99};
    const struct durations *d = &f->generations;
    for (int i = 0; i < 3; i++) {
        if (!isinf(sample_percentile_censored(&d->seconds, d->censored, percents[i])))
            continue;
        ret->says = "percentiles lie among the jobs that timed out: not reached";
        ret->evidence = arena_printf(f->arena, "p%g and above, with %s that timed out", percents[i],
                                     find_count(f, d->censored, "job"));
        return true;
    }
    return false;
}

bool find_small_sample(const struct find *f, struct finding *ret)
{
    static const char *const places[] = {"its highest value", "its highest but one", "its highest but two"};
    int64_t count = f->generations.seconds.count;
    int needs = interval_percentile_needs(95, MEASURE_CONFIDENCE);
    if (count < 2 || count >= needs)
        return false;
    int from_top = (int)count - 1 - (int)ceil((double)(count - 1) * 0.95 - 1e-9);
    ret->says = "the sample is small";
    ret->evidence = arena_printf(
        f->arena, "p95 of %" PRId64 " jobs rests on %s; a 95 %% bound needs %d, of p99 %d", count,
        places[from_top > 2 ? 2 : from_top], needs, interval_percentile_needs(99, MEASURE_CONFIDENCE));
    return true;
}

/* A poll sees an end some time after it: what it leaves open is a share of what is measured. */
bool find_coarse_polls(const struct find *f, struct finding *ret)
{
    enum { COARSE_PERCENT = 5 };
    struct selection all = {.phase = PHASE_ALL};
    struct durations unseen = selection_durations(all, f->plan, f->record, SUBJECT_UNSEEN, f->arena);
    double open = sample_percentile(&unseen.seconds, 50);
    double percent = 100 * open / sample_percentile(&f->generations.seconds, 50);
    if (!(percent > COARSE_PERCENT))
        return false;
    ret->says = "polls leave open when a job ended";
    ret->evidence =
        arena_printf(f->arena, "within %s, %.0f %% of the median", find_seconds(f, open), percent);
    return true;
}
