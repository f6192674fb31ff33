#include "anomaly.h"

#include "metric_check.h"
#include "quantity.h"
#include "selection.h"
#include "told.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct finding {
    const struct plan *plan;
    const struct record *record;
    const struct verdict *verdict;
    struct job_counts counts;
    struct durations generations;
    struct metric_checks metrics;
    struct arena *arena;
};

double anomaly_baseline(const struct plan *p)
{
    for (int i = p->workflow.generation_first; i <= p->workflow.generation_last; i++)
        if (step_waits(&p->workflow.steps[i]))
            return ANOMALY_BASELINE_SECONDS / p->time_scale;
    return NAN;
}

static const char *late_generator(const struct finding *f)
{
    char lag[QUANTITY_TEXT];
    if (f->verdict->generator.fit)
        return NULL;
    return arena_printf(f->arena,
                        "the generator was late: p99 of the start lag %s; the figures are the machine's",
                        quantity_seconds(f->verdict->generator.start_lag_p99, lag));
}

static const char *interrupted(const struct finding *f)
{
    return f->record->interrupted ? "the run was interrupted" : NULL;
}

static const char *unfinished(const struct finding *f)
{
    int64_t count = f->counts.unfinished;
    return count ? arena_printf(f->arena, "%" PRId64 " job%s did not end and stand%s in no rate", count,
                                count == 1 ? "" : "s", count == 1 ? "s" : "")
                 : NULL;
}

static const char *many_errors(const struct finding *f)
{
    int64_t ended = f->counts.ok + f->counts.failed;
    double rate = ended ? 100.0 * (double)f->counts.failed / (double)ended : 0;
    return rate > 10
               ? arena_printf(f->arena, "%.1f %% of the jobs failed: above 10 %% is a critical failure", rate)
               : NULL;
}

static const char *invalid_models(const struct finding *f)
{
    int64_t bad = f->counts.models_checked - f->counts.models_valid;
    return bad > 0 ? arena_printf(f->arena, "%" PRId64 " of %" PRId64 " downloads were no valid model", bad,
                                  f->counts.models_checked)
                   : NULL;
}

static const char *failed_probes(const struct finding *f)
{
    int bad = 0;
    for (int i = 0; i < f->record->probe_count; i++)
        bad += !f->record->probes[i].ok;
    return bad ? arena_printf(f->arena, "%d of %d health probes failed", bad, f->record->probe_count) : NULL;
}

static const char *off_baseline(const struct finding *f)
{
    double baseline = anomaly_baseline(f->plan);
    double average = f->generations.seconds.mean;
    double percent = 100 * (average / baseline - 1);
    char mean[QUANTITY_TEXT], base[QUANTITY_TEXT];
    if (!(fabs(percent) > 20))
        return NULL;
    return arena_printf(f->arena, "the average of %s is %.0f %% %s the baseline of %s",
                        quantity_seconds(average, mean), fabs(percent), percent > 0 ? "above" : "below",
                        quantity_seconds(baseline, base));
}

static const char *among_censored(const struct finding *f)
{
    static const double percents[] = {50, 95, 99};
    const struct durations *d = &f->generations;
    for (int i = 0; i < 3; i++)
        if (isinf(sample_percentile_censored(&d->seconds, d->censored, percents[i])))
            return arena_printf(f->arena,
                                "p%g and above lie among the jobs that timed out (%" PRId64 "): not reached",
                                percents[i], d->censored);
    return NULL;
}

static const char *small_sample(const struct finding *f)
{
    static const char *const places[] = {"its highest value", "its highest but one", "its highest but two"};
    int64_t count = f->generations.seconds.count;
    int needs = interval_percentile_needs(95, MEASURE_CONFIDENCE);
    if (count < 2 || count >= needs)
        return NULL;
    int from_top = (int)count - 1 - (int)ceil((double)(count - 1) * 0.95 - 1e-9);
    return arena_printf(f->arena, "p95 of %" PRId64 " jobs rests on %s; a 95 %% bound needs %d, of p99 %d",
                        count, places[from_top > 2 ? 2 : from_top], needs,
                        interval_percentile_needs(99, MEASURE_CONFIDENCE));
}

static const char *skipped_starts(const struct finding *f)
{
    int64_t skipped = f->record->generator.skipped;
    return skipped > 0 ? arena_printf(f->arena, "%lld starts were skipped: %lld jobs were under way",
                                      (long long)skipped, (long long)f->plan->load.max_in_flight)
                       : NULL;
}

static const char *resent_requests(const struct finding *f)
{
    int64_t resent = f->record->traffic.resent;
    return resent > 0 ? arena_printf(
                            f->arena,
                            "%" PRId64 " of %" PRId64
                            " requests got no answer on a kept connection and were sent again on a new one: "
                            "the target closes connections without saying so, or dies while it answers",
                            resent, f->record->traffic.requests)
                      : NULL;
}

static const char *abandoned_starts(const struct finding *f)
{
    int64_t abandoned = f->record->generator.abandoned;
    return abandoned > 0
               ? arena_printf(f->arena,
                              "%" PRId64 " starts were due and waited for their turn when the run was "
                              "interrupted: how long is in no percentile",
                              abandoned)
               : NULL;
}

static const char *stolen_time(const struct finding *f)
{
    double steal = f->record->generator.steal_percent;
    return steal > 5 ? arena_printf(f->arena, "%.1f %% of this machine's time was taken by its host", steal)
                     : NULL;
}

/* ---- the target's metrics ---- */

/* Where a workflow expects nothing of them, a target need not have any. */
static const char *unreadable_metrics(const struct finding *f)
{
    const struct record_metrics *m = &f->record->metrics;
    bool asked = f->metrics.count || f->plan->workflow.families;
    if (!asked || !m->scrapes || m->readable)
        return NULL;
    return arena_printf(
        f->arena,
        "the target's metrics could not be read: %s; see whether --target leads to the backend "
        "itself, or name their path in the workflow (metrics:)",
        m->why);
}

static const char *wrong_metrics(const struct finding *f)
{
    const struct metric_check *m = f->metrics.items;
    if (!f->metrics.wrong)
        return NULL;
    while (!m->wrong)
        m++;
    const char *first = arena_printf(f->arena, "%s %s: %s", m->expected->selector->text, m->wrong, m->next);
    return f->metrics.wrong == 1
               ? first
               : arena_printf(f->arena, "%d of the target's metrics are wrong; %s", f->metrics.wrong, first);
}

static const char *other_clients(const struct finding *f)
{
    for (int i = 0; i < f->metrics.count; i++) {
        const struct metric_check *m = &f->metrics.items[i];
        if (metric_check_has_others(m))
            return arena_printf(
                f->arena, "%s grew by %.15g, with %" PRId64 " jobs of ours: somebody else uses the target",
                m->expected->selector->text, m->seen->grew, m->most);
    }
    return NULL;
}

/* A poll sees an end some time after it: what it leaves open is a share of what is measured. */
static const char *coarse_polls(const struct finding *f)
{
    enum { COARSE_PERCENT = 5 };
    struct selection all = {.phase = PHASE_ALL};
    struct durations unseen = selection_durations(all, f->plan, f->record, SUBJECT_UNSEEN, f->arena);
    double open = sample_percentile(&unseen.seconds, 50);
    double percent = 100 * open / sample_percentile(&f->generations.seconds, 50);
    char text[QUANTITY_TEXT];
    if (!(percent > COARSE_PERCENT))
        return NULL;
    return arena_printf(f->arena, "polls leave open when a job ended: within %s, %.0f %% of the median",
                        quantity_seconds(open, text), percent);
}

static const char *untold_ends(const struct finding *f)
{
    const struct record_traffic *t = &f->record->traffic;
    return t->missed ? arena_printf(f->arena, "%" PRId64 " job%s ended untold: only a poll saw it", t->missed,
                                    t->missed == 1 ? "" : "s")
                     : NULL;
}

static const char *late_ends(const struct finding *f)
{
    const struct record_traffic *t = &f->record->traffic;
    char latest[QUANTITY_TEXT];
    return t->late ? arena_printf(f->arena, "%" PRId64 " end%s told after a poll had seen it, by up to %s",
                                  t->late, t->late == 1 ? " was" : "s were",
                                  quantity_seconds(nsec_to_sec(t->latest), latest))
                   : NULL;
}

static const char *progress_backwards(const struct finding *f)
{
    int64_t count = f->record->traffic.backwards;
    return count ? arena_printf(f->arena, "%" PRId64 " time%s the progress that was told went backwards",
                                count, count == 1 ? "" : "s")
                 : NULL;
}

static const char *odd_states(const struct finding *f)
{
    return told_sentence(f->record, f->arena);
}

static const char *few_families(const struct finding *f)
{
    return f->metrics.few_families
               ? arena_printf(f->arena, "the target has %d families of metrics, %d are expected",
                              f->record->metrics.families, f->plan->workflow.families)
               : NULL;
}

static const char *broken_metrics(const struct finding *f)
{
    const struct record_metrics *m = &f->record->metrics;
    if (!m->readable || !m->mistakes)
        return NULL;
    return arena_printf(f->arena, "%" PRId64 " line%s of the target's metrics break%s the format's rules; %s",
                        m->mistakes, m->mistakes == 1 ? "" : "s", m->mistakes == 1 ? "s" : "", m->mistake);
}

static const char *too_many_series(const struct finding *f)
{
    const struct record_metrics *m = &f->record->metrics;
    if (m->unread)
        return arena_printf(f->arena, "%" PRId64 " series of the target's metrics are beyond what is read",
                            m->unread);
    return m->unkept ? arena_printf(f->arena,
                                    "%" PRId64 " samples of expected metrics found no room: too many series",
                                    m->unkept)
                     : NULL;
}

static const char *restarted_target(const struct finding *f)
{
    int restarts = f->record->metrics.restarts;
    return restarts ? arena_printf(f->arena, "the target was restarted %d time%s: its start time has changed",
                                   restarts, restarts == 1 ? "" : "s")
                    : NULL;
}

/* ---- all ---- */

static const char *simulated_figures(const struct finding *f)
{
    for (int i = 0; i < f->record->series_count; i++)
        if (f->record->series[i].simulated)
            return arena_printf(f->arena, "%s is simulated by the target", f->record->series[i].name);
    return NULL;
}

static const char *(*const finders[])(const struct finding *) = {
    late_generator,    interrupted,      unfinished,      many_errors,        invalid_models,
    failed_probes,     restarted_target, among_censored,  off_baseline,       skipped_starts,
    abandoned_starts,  resent_requests,  wrong_metrics,   unreadable_metrics, few_families,
    other_clients,     broken_metrics,   too_many_series, stolen_time,        small_sample,
    simulated_figures, untold_ends,      late_ends,       progress_backwards, coarse_polls,
    odd_states,
};

_Static_assert(sizeof finders / sizeof finders[0] <= ANOMALIES_MAX, "room for every finder's sentence");

int anomaly_find(const struct plan *p, const struct record *r, const struct verdict *v, struct arena *arena,
                 const char *ret[ANOMALIES_MAX])
{
    struct selection all = {.phase = PHASE_ALL};
    struct finding f = {.plan = p, .record = r, .verdict = v, .arena = arena};
    int count = 0;
    selection_count(all, r, &f.counts);
    metric_check_all(p, r, arena, &f.metrics);
    f.generations = selection_durations(all, p, r, SUBJECT_GENERATION, arena);
    for (size_t i = 0; i < sizeof finders / sizeof finders[0]; i++) {
        const char *text = finders[i](&f);
        if (text)
            ret[count++] = text;
    }
    return count;
}
