#include "find.h"

#include "baseline.h"
#include "cold_jobs.h"
#include "growth.h"
#include "quantity.h"

#include <math.h>

/* ---- slower and slower ---- */

/* Service time that rises by a tenth in the run, surely by a twentieth. */
#define SLOWING_PERCENT 10.0
#define SLOWING_PERCENT_SURE 5.0

/* The load is constant in one phase that does not ramp, and half of the load or more. Returns it, or -1. */
static int constant_phase(const struct find *f)
{
    const struct plan_load_model *load = &f->plan->load;
    struct record_span all = selection_load(f->record);
    for (int i = 0; i < load->phase_count && i < f->record->shape.phases; i++) {
        struct record_span s = f->record->phases[i];
        nsec end = s.end >= 0 ? s.end : f->record->load_ended;
        if (s.start >= 0 && !load->phases[i].ramp && 2 * (end - s.start) >= all.end - all.start)
            return load->arrivals == ARRIVALS_REPLAY && load->users == USERS_OPEN ? -1 : i;
    }
    return -1;
}

/* Where the target does not tell how long it worked, a generation holds the queue, too: that stays the same
 * only among users who wait for their jobs. */
static int service_subject(const struct find *f, int phase, struct record_point **ret_points, int *ret_count)
{
    struct selection s = {.phase = phase};
    *ret_points = selection_points(s, f->plan, f->record, SUBJECT_PROCESSING, f->arena, ret_count);
    if (*ret_count >= GROWTH_POINTS_MIN || f->plan->load.users != USERS_CLOSED)
        return SUBJECT_PROCESSING;
    *ret_points = selection_points(s, f->plan, f->record, SUBJECT_GENERATION, f->arena, ret_count);
    return SUBJECT_GENERATION;
}

/* Where jobs come whether or not others have ended, the first ones see a target that is less busy than it
 * will be: two generations after the phase's start it is as busy as it gets. */
static int skip_filling(const struct find *f, int phase, const struct record_point *points, int count)
{
    double median = sample_percentile(&f->generations.seconds, 50);
    nsec from = f->record->phases[phase].start + (isfinite(median) ? nsec_from_sec(2 * median) : 0);
    int skipped = 0;
    if (f->plan->load.users == USERS_CLOSED)
        return 0;
    while (skipped < count && points[skipped].at < from)
        skipped++;
    return skipped;
}

bool find_slowing(const struct find *f, struct finding *ret)
{
    int phase = constant_phase(f), count;
    struct record_point *points;
    struct growth g;
    char interval[QUANTITY_TEXT];
    if (phase < 0)
        return false;
    int subject = service_subject(f, phase, &points, &count);
    int skipped = skip_filling(f, phase, points, count);
    if (!growth_measure(f->record, points + skipped, count - skipped, MEASURE_CONFIDENCE, f->arena, &g) ||
        g.percent < SLOWING_PERCENT || !(g.percent_interval.low >= SLOWING_PERCENT_SURE))
        return false;
    ret->says = "the target becomes slower under the same load";
    ret->since = g.settled.start;
    ret->evidence =
        arena_printf(f->arena, "the time of %s rose by %.0f %% (95 %% interval %s) from %s on, over %s",
                     subject_name(&f->plan->workflow, subject), g.percent,
                     quantity_interval(g.percent_interval, UNIT_PERCENT, interval), find_seconds(f, g.first),
                     find_count(f, g.points, "job"));
    return true;
}

/* ---- slower than the baseline, and the GPU ---- */

enum { OFF_PERCENT = 20, IDLE_PERCENT = 30, FULL_PERCENT = 90 };

static double off_percent(const struct find *f)
{
    return 100 * (f->generations.seconds.mean / baseline_seconds(f->plan) - 1);
}

static const char *off_text(const struct find *f)
{
    double percent = off_percent(f);
    return arena_printf(f->arena, "the average of %s is %.0f %% %s the baseline of %s",
                        find_seconds(f, f->generations.seconds.mean), fabs(percent),
                        percent > 0 ? "above" : "below", find_seconds(f, baseline_seconds(f->plan)));
}

bool find_off_baseline(const struct find *f, struct finding *ret)
{
    if (!(fabs(off_percent(f)) > OFF_PERCENT))
        return false;
    ret->says = "generations are not as long as the baseline's";
    ret->evidence = off_text(f);
    if (off_percent(f) < 0)
        ret->next = "";
    return true;
}

/* Median of the usage under load in per cent; NAN when it was seen less than GROWTH_POINTS_MIN times. */
static double gpu_usage(const struct find *f, const struct record_series **ret)
{
    const struct record_series *s = *ret = record_find_series(f->record, "gpu.usage");
    struct record_span load = selection_load(f->record);
    if (!s || !s->count)
        return NAN;
    double *values = arena_new(f->arena, double, s->count);
    int count = 0;
    for (int i = 0; i < s->count; i++)
        if (s->points[i].at >= load.start && s->points[i].at <= load.end)
            values[count++] = s->points[i].value;
    struct sample sample = sample_of(values, count);
    return count >= GROWTH_POINTS_MIN ? sample_percentile(&sample, 50) : NAN;
}

static bool usage_finding(const struct find *f, struct finding *ret, const char *says, double low,
                          double high)
{
    const struct record_series *s;
    double usage = gpu_usage(f, &s);
    if (!(off_percent(f) > OFF_PERCENT) || !(usage >= low && usage <= high))
        return false;
    ret->says = says;
    ret->evidence = arena_printf(f->arena, "its usage was %.0f %% in the median%s", usage,
                                 s->simulated ? ", as the target simulates it" : "");
    return true;
}

bool find_gpu_idle(const struct find *f, struct finding *ret)
{
    return usage_finding(f, ret, "all generations are slow, and it is not the GPU", 0, IDLE_PERCENT);
}

/* Jobs under way on average, by Little's law: when there are several, it is the load that asks for too much.
 */
static double jobs_under_way(const struct find *f)
{
    struct record_span jobs = selection_jobs(f->record);
    return f->generations.seconds.mean * (double)f->generations.seconds.count /
           nsec_to_sec(jobs.end - jobs.start);
}

bool find_gpu_full(const struct find *f, struct finding *ret)
{
    const double several = 1.5;
    if (!usage_finding(f, ret, "all generations are slow, and the GPU is busy: its capacity is reached",
                       FULL_PERCENT, INFINITY))
        return false;
    ret->evidence =
        arena_printf(f->arena, "%s, with %.1f jobs under way on average", ret->evidence, jobs_under_way(f));
    if (jobs_under_way(f) > several)
        ret->culprit = CULPRIT_WORKLOAD;
    return true;
}

/* ---- cold ---- */

bool find_cold_start(const struct find *f, struct finding *ret)
{
    struct cold_start cold;
    if (!cold_jobs_find(f->plan, f->record, f->arena, &cold) || !cold.jobs)
        return false;
    ret->says = "the first jobs were cold";
    ret->evidence = arena_printf(f->arena, "%s took up to %s longer than the warm median of %s",
                                 find_count(f, cold.jobs, "first job"), find_seconds(f, cold.seconds),
                                 find_seconds(f, cold.warm_median));
    return true;
}
