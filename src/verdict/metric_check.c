#include "metric_check.h"

#include "selection.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct checking {
    const struct plan *plan;
    const struct record_metrics *metrics;
    struct job_counts counts; /* with the warm-up, where its jobs are known */
    int64_t unknown_jobs;     /* of the warm-up of tallied jobs */
    const char *gap;          /* why growth cannot be compared; NULL: it can */
    struct arena *arena;
};

/* ---- our own counts ---- */

static void count_warmup(const struct record *r, struct job_counts *counts)
{
    for (int i = 0; i < r->job_count; i++) {
        const struct record_job *j = r->jobs[i];
        if (j->phase >= 0)
            continue;
        counts->attempted++;
        counts->accepted += j->accepted;
        counts->ok += j->outcome == JOB_OK;
        counts->failed += j->outcome == JOB_FAILED;
        counts->unfinished += j->outcome == JOB_UNFINISHED;
    }
}

static int64_t count_of(const struct job_counts *counts, enum plan_count count)
{
    const int64_t values[PLAN_COUNTS] = {[COUNT_ATTEMPTED] = counts->attempted,
                                         [COUNT_ACCEPTED] = counts->accepted,
                                         [COUNT_COMPLETED] = counts->ok,
                                         [COUNT_FAILED] = counts->failed};
    return values[count];
}

/* Growth is from the first scrape to the last: no job may lie outside, and none may be lost in a restart. */
static const char *find_gap(const struct record *r)
{
    struct record_span jobs = selection_jobs(r);
    const struct record_metrics *m = &r->metrics;
    if (jobs.end < 0)
        return "no job was started";
    if (m->first > jobs.start || m->last < jobs.end)
        return "the first or the last scrape failed";
    return m->restarts ? "the target was restarted meanwhile" : NULL;
}

static void begin(struct checking *c, const struct plan *p, const struct record *r, struct arena *arena)
{
    *c = (struct checking){.plan = p, .metrics = &r->metrics, .gap = find_gap(r), .arena = arena};
    selection_count((struct selection){.phase = PHASE_ALL}, r, &c->counts);
    if (r->shape.keeping == RECORD_ROWS)
        count_warmup(r, &c->counts);
    else
        c->unknown_jobs = p->load.warmup_jobs;
}

/* ---- one metric ---- */

static void blame(struct metric_check *m, const char *wrong, const char *next)
{
    if (m->wrong)
        return;
    m->wrong = wrong;
    m->next = next;
}

static void check_presence(struct metric_check *m)
{
    m->present = m->seen && m->seen->type;
    m->counts = m->present || !m->expected->optional;
    if (m->seen && !m->present && m->counts)
        blame(m, "missing", "look whether the target's version exports it, or write optional: true");
}

static void check_type(const struct checking *c, struct metric_check *m)
{
    if (!m->expected->typed || !m->present)
        return;
    const char *wanted = promtext_type_names[m->expected->type];
    m->type = strcmp(m->seen->type, wanted) == 0 ? METRIC_YES : METRIC_NO;
    if (m->type == METRIC_NO)
        blame(m, arena_printf(c->arena, "it is a %s, not a %s", m->seen->type, wanted),
              "dashboards and alerts that rely on the type read it wrongly: correct the target or the "
              "workflow");
}

/* "5 jobs were completed" */
static const char *jobs_text(const struct checking *c, int64_t jobs, enum plan_count count)
{
    bool one = jobs == 1, failed = count == COUNT_FAILED;
    return arena_printf(c->arena, "%" PRId64 " job%s %s %s", jobs, one ? "" : "s",
                        failed ? one ? "has" : "have"
                        : one  ? "was"
                               : "were",
                        plan_count_names[count]);
}

/* Without a completed job nothing has to move. */
static void check_motion(const struct checking *c, struct metric_check *m)
{
    if (!m->present)
        return;
    m->moved = m->seen->moved            ? METRIC_YES
               : !m->expected->moves     ? METRIC_UNASKED
               : c->gap || !c->counts.ok ? METRIC_UNKNOWN
                                         : METRIC_NO;
    if (m->moved != METRIC_NO)
        return;
    const char *how =
        m->seen->series ? arena_printf(c->arena, "stood still at %.15g", m->seen->last) : "has no series";
    blame(m, arena_printf(c->arena, "%s while %s", how, jobs_text(c, c->counts.ok, COUNT_COMPLETED)),
          "look in the target's code where it is counted: who watches it sees nothing");
}

static void compare(const struct checking *c, struct metric_check *m)
{
    double grew = m->seen->grew;
    m->agrees = !(grew >= (double)m->ours - 0.5)                   ? METRIC_NO
                : grew > (double)(m->ours + c->unknown_jobs) + 0.5 ? METRIC_MORE
                                                                   : METRIC_YES;
    if (m->agrees == METRIC_NO)
        blame(
            m,
            arena_printf(c->arena, "grew by %.15g, but %s", grew, jobs_text(c, m->ours, m->expected->grows)),
            "compare it with the target's log: it counts less than the target does");
}

static void check_growth(const struct checking *c, struct metric_check *m)
{
    if (!m->expected->grows)
        return;
    m->ours = count_of(&c->counts, m->expected->grows);
    m->most = c->counts.attempted + c->unknown_jobs;
    if (!m->present || c->gap)
        m->agrees = METRIC_UNKNOWN;
    else
        compare(c, m);
}

static struct metric_check check(const struct checking *c, int index)
{
    struct metric_check m = {.expected = &c->plan->workflow.metrics[index]};
    if (c->metrics->readable && index < c->metrics->count)
        m.seen = &c->metrics->items[index];
    check_presence(&m);
    check_type(c, &m);
    check_motion(c, &m);
    check_growth(c, &m);
    return m;
}

/* ---- all of them ---- */

static void add_up(struct metric_checks *all, const struct metric_check *m)
{
    all->expected += m->counts;
    all->present += m->present;
    all->absent += !m->counts;
    all->moving += m->moved == METRIC_YES;
    all->wrong += m->wrong != NULL;
    all->compared += m->agrees > METRIC_UNKNOWN;
    all->agree += m->agrees == METRIC_YES;
    all->more += m->agrees == METRIC_MORE;
}

void metric_check_all(const struct plan *p, const struct record *r, struct arena *arena,
                      struct metric_checks *ret)
{
    struct checking c;
    const struct workflow *w = &p->workflow;
    begin(&c, p, r, arena);
    *ret = (struct metric_checks){.items = arena_new(arena, struct metric_check, w->metric_count + 1),
                                  .count = w->metric_count,
                                  .few_families = r->metrics.readable && r->metrics.families < w->families};
    for (int i = 0; i < w->metric_count; i++) {
        ret->items[i] = check(&c, i);
        add_up(ret, &ret->items[i]);
    }
}

bool metric_check_has_others(const struct metric_check *m)
{
    return m->agrees == METRIC_MORE && m->seen->grew > (double)m->most + 0.5;
}
