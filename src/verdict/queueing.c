#include "queueing.h"

#include "measure.h"
#include "sample.h"
#include "trend.h"

#include <math.h>
#include <stdlib.h>

#define QUEUEING_MAX_BYTES ((size_t)4 << 30) /* some hundred a job */

/* Gauges of the jobs that a target holds, as backends of this kind call them. */
static const struct {
    const char *name;
    bool waiting;
} gauges[QUEUEING_GAUGES] = {{"active_jobs", false}, {"job_queue_size", true}};

struct measuring {
    const struct record *record;
    struct arena *arena;
    int wait;                 /* the step */
    struct station_job *jobs; /* by the target's clock, unless seen */
    double *shifts;           /* the target's clock less ours, of each job about */
    struct queueing *out;
};

static bool is_known(const struct record_job *job, bool seen)
{
    return job->waited >= 0 && job->seen == seen && !job->implausible;
}

static bool was_given(const struct measuring *m, const struct record_job *job)
{
    return job->phase >= 0 && job->steps[m->wait].start >= 0;
}

static struct station_job station_of(const struct record_job *job)
{
    if (!job->seen)
        return (struct station_job){job->told.created, job->told.started, job->told.finished};
    nsec arrived = job->steps[job->waited].start, started = arrived + job->queue;
    return (struct station_job){arrived, started, started + job->processing};
}

static void collect(struct measuring *m)
{
    const struct record *r = m->record;
    struct queueing *out = m->out;
    double waits = 0, stays = 0, generations = 0;
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *job = r->jobs[i];
        if (!was_given(m, job))
            continue;
        nsec generation = record_generation(r, job);
        if (!is_known(job, out->seen)) {
            out->unknown++;
            continue;
        }
        struct station_job at = station_of(job);
        m->shifts[out->jobs] = nsec_to_sec(at.arrived - job->steps[m->wait].start);
        m->jobs[out->jobs++] = at;
        waits += nsec_to_sec(job->queue);
        stays += nsec_to_sec(job->queue + job->processing);
        generations += generation >= 0 ? nsec_to_sec(generation) : 0;
    }
    out->wait = out->jobs ? waits / out->jobs : NAN;
    out->stay = out->jobs ? stays / out->jobs : NAN;
    out->share = generations > 0 ? 100 * fmin(1, waits / generations) : NAN;
}

/* Some targets tell: then those are looked at, and not jobs that were only seen. */
static bool any_told(const struct measuring *m)
{
    for (int i = 0; i < m->record->job_count; i++)
        if (was_given(m, m->record->jobs[i]) && is_known(m->record->jobs[i], false))
            return true;
    return false;
}

/* ---- what follows ---- */

static const char *load_doubt(const struct queueing *q)
{
    if (q->jobs < QUEUEING_JOBS_MIN)
        return "too few jobs";
    if (q->load.contended * 100 < QUEUEING_CONTENDED_PERCENT * q->means.seconds)
        return "jobs hardly ever waited";
    return NULL;
}

static void judge_order(const struct measuring *m)
{
    struct queueing *out = m->out;
    out->pairs = station_order(m->jobs, out->jobs, m->arena, &out->in_order);
    if (out->pairs >= QUEUEING_PAIRS_MIN)
        out->order = out->in_order * 100 >= out->pairs * QUEUEING_FIFO_PERCENT ? ORDER_FIFO : ORDER_OTHER;
}

struct point {
    double beside, took;
};

static int by_beside(const void *left, const void *right)
{
    double a = ((const struct point *)left)->beside, b = ((const struct point *)right)->beside;
    return (a > b) - (a < b);
}

/* Theil and Sen's slope of the processing time over the number of jobs at once, by the medians of both. */
static void judge_service(const struct measuring *m)
{
    struct queueing *out = m->out;
    int count = out->jobs;
    double *x = arena_new(m->arena, double, count), *y = arena_new(m->arena, double, count);
    struct point *points = arena_new(m->arena, struct point, count);
    struct trend t;
    station_beside(m->jobs, count, m->arena, x);
    for (int i = 0; i < count; i++)
        points[i] = (struct point){x[i], nsec_to_sec(m->jobs[i].ended - m->jobs[i].started)};
    qsort(points, (size_t)count, sizeof *points, by_beside);
    for (int i = 0; i < count; i++) {
        x[i] = points[i].beside;
        y[i] = points[i].took;
    }
    bool fits = trend_fit(x, y, count, MEASURE_CONFIDENCE, TREND_INDEPENDENT, m->arena, &t);
    struct sample beside = sample_of(x, count), took = sample_of(y, count);
    double scale = sample_percentile(&beside, 50) / sample_percentile(&took, 50);
    out->beside = (struct interval){sample_percentile(&beside, 10), sample_percentile(&beside, 90)};
    if (count < QUEUEING_JOBS_MIN || out->beside.high < QUEUEING_SPREAD * out->beside.low || !fits ||
        !isfinite(scale))
        return;
    out->elasticity = t.slope * scale;
    out->elasticity_interval = (struct interval){t.interval.low * scale, t.interval.high * scale};
    if (out->elasticity_interval.low > QUEUEING_SHARING)
        out->service = SERVICE_SHARING;
    else if (out->elasticity_interval.high < QUEUEING_SHARING)
        out->service = SERVICE_INDEPENDENT;
}

/* ---- the target's own counts ---- */

static enum queueing_answer answer_of(const struct queueing_gauge *g, int unknown)
{
    double slack = fmax(0.5, 0.1 * fmax(g->theirs, g->ours));
    if (g->points < QUEUEING_POINTS_MIN || (unknown && g->theirs > g->ours + slack))
        return GAUGE_UNKNOWN;
    return fabs(g->theirs - g->ours) <= slack ? GAUGE_AGREES : g->theirs > g->ours ? GAUGE_MORE : GAUGE_FEWER;
}

/* When the gauge was read while our jobs were there, by the target's clock about; *ret_theirs: their sum. */
static int gauge_times(const struct measuring *m, const struct record_series *s, nsec shift, nsec *ret_at,
                       double *ret_theirs)
{
    nsec first = m->jobs[0].arrived, last = first; /* they are sorted */
    int count = 0;
    for (int i = 0; i < m->out->jobs; i++)
        last = m->jobs[i].ended > last ? m->jobs[i].ended : last;
    for (int i = 0; i < s->count; i++) {
        nsec at = s->points[i].at + shift;
        if (at < first || at > last)
            continue;
        ret_at[count++] = at;
        *ret_theirs += s->points[i].value;
    }
    return count;
}

static void compare_gauge(const struct measuring *m, struct queueing_gauge *g, nsec shift)
{
    const struct record_series *s = record_find_series(m->record, g->name);
    int most = s ? s->count : 0;
    nsec *at = arena_new(m->arena, nsec, most);
    int64_t *waiting = arena_new(m->arena, int64_t, most), *running = arena_new(m->arena, int64_t, most);
    double theirs = 0, ours = 0;
    g->points = s ? gauge_times(m, s, shift, at, &theirs) : 0;
    if (!g->points) {
        g->name = NULL;
        return;
    }
    station_held(m->jobs, m->out->jobs, at, g->points, m->arena, waiting, running);
    for (int i = 0; i < g->points; i++)
        ours += (double)(g->waiting ? waiting[i] : running[i]);
    g->theirs = theirs / g->points;
    g->ours = ours / g->points;
    g->answer = answer_of(g, m->out->unknown);
}

static void compare_gauges(const struct measuring *m)
{
    struct sample shifts = sample_of(m->shifts, m->out->jobs);
    nsec shift = nsec_from_sec(sample_percentile(&shifts, 50));
    for (int i = 0; i < QUEUEING_GAUGES; i++) {
        m->out->gauges[i].name = gauges[i].name;
        m->out->gauges[i].waiting = gauges[i].waiting;
        compare_gauge(m, &m->out->gauges[i], shift);
    }
}

static void measure(struct measuring *m)
{
    struct queueing *out = m->out;
    m->jobs = arena_new(m->arena, struct station_job, m->record->job_count);
    m->shifts = arena_new(m->arena, double, m->record->job_count);
    out->seen = !any_told(m);
    collect(m);
    if (!out->jobs) {
        out->why = "of no job is it known when the target began with it";
        return;
    }
    station_means(m->jobs, out->jobs, m->arena, &out->means);
    station_load(m->jobs, out->jobs, m->arena, &out->load);
    out->load_why = load_doubt(out);
    judge_order(m);
    judge_service(m);
    compare_gauges(m);
}

void queueing_measure(const struct plan *p, const struct record *r, struct queueing *ret)
{
    struct arena arena;
    struct measuring m = {.record = r, .arena = &arena, .wait = workflow_wait(&p->workflow), .out = ret};
    *ret = (struct queueing){.share = NAN,
                             .wait = NAN,
                             .stay = NAN,
                             .means = {0, NAN, NAN, NAN, NAN},
                             .load = {.running = NAN},
                             .beside = interval_none(),
                             .elasticity = NAN,
                             .elasticity_interval = interval_none()};
    if (r->shape.keeping == RECORD_TALLIES || m.wait < 0) {
        ret->why = "jobs that do not wait for the target's work have no queue that could be told";
        return;
    }
    arena_init(&arena, "queueing", QUEUEING_MAX_BYTES);
    measure(&m);
    arena_finish(&arena);
}

/* ---- for people ---- */

static const char *load_text(const struct queueing *q, struct arena *arena)
{
    static const char *const orders[] = {[ORDER_UNKNOWN] = "",
                                         [ORDER_FIFO] = ", first come first served",
                                         [ORDER_OTHER] = ", not in the order in which they came"};
    if (q->load_why)
        return "";
    return arena_printf(arena, "; %.1f jobs run at once%s", q->load.running, orders[q->order]);
}

static const char *service_text(const struct queueing *q, struct arena *arena)
{
    if (q->service == SERVICE_SHARING)
        return arena_printf(arena,
                            "; they slow each other down: twice as many at once take %.1f times as long",
                            exp2(q->elasticity));
    return q->service == SERVICE_INDEPENDENT ? "; they do not slow each other down" : "";
}

static const char *gauges_text(const struct queueing *q, struct arena *arena)
{
    static const char *const sayings[] = {[GAUGE_MORE] = "more", [GAUGE_FEWER] = "fewer"};
    const char *text = "";
    for (int i = 0; i < QUEUEING_GAUGES; i++) {
        const struct queueing_gauge *g = &q->gauges[i];
        if (g->name && (g->answer == GAUGE_MORE || g->answer == GAUGE_FEWER))
            text = arena_printf(arena, "%s · %s says %.3g on average, %s than our %.3g", text, g->name,
                                g->theirs, sayings[g->answer], g->ours);
    }
    return text;
}

const char *queueing_text(const struct queueing *q, struct arena *arena)
{
    if (q->why || q->jobs < QUEUEING_JOBS_MIN || !isfinite(q->share))
        return "";
    const char *unknown =
        q->unknown ? arena_printf(arena, " · of %d more jobs it is not known", q->unknown) : "";
    return arena_printf(arena, "%.0f %% of a generation is waiting in the target's queue%s%s%s%s", q->share,
                        load_text(q, arena), service_text(q, arena), unknown, gauges_text(q, arena));
}
