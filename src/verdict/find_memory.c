#include "find.h"

#include "growth.h"
#include "quantity.h"
#include "trend.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* ---- a GPU that is full ---- */

#define GPU_FULL 0.95 /* of its memory */

enum { GPUS_MAX = 16, INSUFFICIENT_STORAGE = 507 };

static const struct record_series *gpu_series(const struct find *f, int gpu, const char *figure)
{
    char name[64];
    snprintf(name, sizeof name, "gpu.%d.%s", gpu, figure);
    return record_find_series(f->record, name);
}

/* When its memory first was that full; -1: never, or nobody tells. */
static nsec full_since(const struct find *f, int gpu, double *ret_share)
{
    const struct record_series *used = gpu_series(f, gpu, "memory_used");
    const struct record_series *total = gpu_series(f, gpu, "memory_total");
    if (!used || !total || !total->count || !(total->points[total->count - 1].value > 0))
        return -1;
    for (int i = 0; i < used->count; i++) {
        *ret_share = used->points[i].value / total->points[total->count - 1].value;
        if (*ret_share >= GPU_FULL)
            return used->points[i].at;
    }
    return -1;
}

const char *find_memory_pressure(const struct find *f)
{
    for (int gpu = 0; gpu < GPUS_MAX; gpu++) {
        double share;
        nsec since = full_since(f, gpu, &share);
        if (since >= 0)
            return arena_printf(f->arena, "; GPU %d's memory was %.0f %% full at %s", gpu, 100 * share,
                                find_time(f, since));
    }
    return "";
}

/* ---- out of GPU memory ---- */

/* A full disk answers 507, too: without a word about memory the GPU has to be full. */
static bool is_short(const struct find *f, int status, const char *said)
{
    return find_is_memory(said) || (status == INSUFFICIENT_STORAGE && *find_memory_pressure(f));
}

static bool is_short_job(const struct find *f, const struct record_job *j)
{
    const char *text = j->error >= 0 ? f->record->messages[j->error] : "";
    return j->outcome == JOB_FAILED && (j->fail == FAIL_STATUS || j->fail == FAIL_JOB) &&
           is_short(f, find_status(text), text);
}

/* Was the target at work on it then? Of a job whose times it told the queue does not count. */
static bool is_under_way(const struct record_job *j, nsec at, int wait)
{
    nsec start = j->steps[wait].start, end = j->steps[wait].end >= 0 ? j->steps[wait].end : j->ended;
    if (start >= 0 && j->queue > 0)
        start += j->queue;
    return start >= 0 && start <= at && at < end;
}

int find_under_way(const struct find *f, nsec at)
{
    int count = 0, wait = workflow_wait(&f->plan->workflow);
    for (int i = 0; wait >= 0 && i < f->record->job_count; i++)
        count += is_under_way(f->record->jobs[i], at, wait);
    return count;
}

struct shortage {
    int64_t count; /* jobs that failed, or refusals where those are more */
    int64_t jobs;
    nsec first, last;
    int fits; /* so many others were under way when memory ran out, the fewest seen; -1: not known */
    const char *said;
};

static void note_shortage(const struct find *f, struct shortage *s, nsec at, const char *said)
{
    enum { LOOKED_AT = 100 }; /* each is compared with all jobs */
    s->said = s->first < 0 || at < s->first ? said : s->said;
    s->first = s->first < 0 || at < s->first ? at : s->first;
    s->last = at > s->last ? at : s->last;
    int others = s->count <= LOOKED_AT && f->record->job_count ? find_under_way(f, at) : s->fits;
    s->fits = s->fits < 0 || others < s->fits ? others : s->fits;
}

static struct shortage shortage_of(const struct find *f)
{
    const struct record *r = f->record;
    struct shortage s = {.first = -1, .last = -1, .fits = -1, .said = ""};
    for (int i = 0; i < r->job_count; i++)
        if (is_short_job(f, r->jobs[i])) {
            s.count = ++s.jobs;
            note_shortage(f, &s, r->jobs[i]->ended, r->messages[r->jobs[i]->error]);
        }
    for (int i = 0; i < r->contact.refusal_count; i++) {
        const struct record_refusal *refusal = &r->contact.refusals[i];
        if (!is_short(f, refusal->status, refusal->said))
            continue;
        note_shortage(f, &s, refusal->first, refusal->said);
        s.last = refusal->last > s.last ? refusal->last : s.last;
        s.count = refusal->count > s.count ? refusal->count : s.count;
    }
    return s;
}

static const char *shortage_next(const struct find *f, const struct shortage *s)
{
    if (s->fits < 0)
        return "lower MAX_CONCURRENT_JOBS of the target";
    if (s->fits == 0)
        return "one job alone does not fit: free the GPU of other programs, or ask for a lower quality";
    return arena_printf(f->arena,
                        "lower MAX_CONCURRENT_JOBS of the target to %d: so many fitted, and one more "
                        "did not",
                        s->fits);
}

bool find_out_of_memory(const struct find *f, struct finding *ret)
{
    struct shortage s = shortage_of(f);
    if (!s.count)
        return false;
    const char *with =
        s.fits < 0 ? "" : arena_printf(f->arena, " with %s under way", find_count(f, s.fits, "other job"));
    ret->says = "the target's GPU had no memory left";
    ret->since = s.first;
    ret->jobs = s.jobs;
    ret->next = shortage_next(f, &s);
    ret->evidence = arena_printf(f->arena, "%s%s: '%s'%s", find_stretch(f, s.count, "time", s.first, s.last),
                                 with, s.said, find_memory_pressure(f));
    return true;
}

/* ---- memory that grows ---- */

/* A leak grows by a tenth in the run, surely by a twentieth, and is not over: the later half still rises.
 * Below the least it is what any program's heap does. */
#define LEAK_PERCENT 10.0
#define LEAK_PERCENT_SURE 5.0

static bool rises_later(const struct find *f, const struct record_series *s, struct record_span settled)
{
    nsec middle = settled.start + (settled.end - settled.start) / 2;
    double *x = arena_new(f->arena, double, s->count + 1), *y = arena_new(f->arena, double, s->count + 1);
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->points[i].at < middle || s->points[i].at > settled.end)
            continue;
        x[count] = nsec_to_sec(s->points[i].at);
        y[count++] = s->points[i].value;
    }
    struct trend trend;
    return count >= GROWTH_POINTS_MIN &&
           trend_fit(x, y, count, MEASURE_CONFIDENCE, TREND_CORRELATED, f->arena, &trend) &&
           trend.interval.low > 0;
}

/* Of one process: another one begins anew. */
static bool is_one_process(const struct find *f)
{
    return !f->record->metrics.restarts && !f->record->process.restarts;
}

static bool grows(const struct find *f, struct finding *ret, const char *name, double least)
{
    const struct record_series *s = record_find_series(f->record, name);
    struct growth g;
    char total[QUANTITY_TEXT], each[QUANTITY_TEXT], percent[QUANTITY_TEXT];
    if (!s || s->state != SERIES_PRESENT || !is_one_process(f) ||
        !growth_measure(f->record, s->points, s->count, MEASURE_CONFIDENCE, f->arena, &g))
        return false;
    double grew = g.percent / 100 * g.first;
    if (g.percent < LEAK_PERCENT || !(g.percent_interval.low >= LEAK_PERCENT_SURE) || grew < least ||
        !rises_later(f, s, g.settled))
        return false;
    quantity_of_series(grew, s->unit, total);
    ret->evidence =
        arena_printf(f->arena, "%s grew by %s, %.0f %% (95 %% interval %s), and went on to the end", name,
                     total, g.percent, quantity_interval(g.percent_interval, UNIT_PERCENT, percent));
    if (f->counts.ok)
        ret->evidence = arena_printf(f->arena, "%s: %s a completed job", ret->evidence,
                                     quantity_of_series(grew / (double)f->counts.ok, s->unit, each));
    ret->since = g.settled.start;
    return true;
}

bool find_memory_growth(const struct find *f, struct finding *ret)
{
    ret->says = "the target's memory grows";
    return grows(f, ret, "target.memory", 16 << 20);
}

bool find_gpu_memory_growth(const struct find *f, struct finding *ret)
{
    ret->says = "the target's GPU memory grows";
    return grows(f, ret, "gpu.memory", 256);
}
