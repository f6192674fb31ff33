#include "find.h"

static const char *const culprit_names[] = {[CULPRIT_TARGET] = "target",
                                            [CULPRIT_NETWORK] = "network",
                                            [CULPRIT_GENERATOR] = "generator",
                                            [CULPRIT_WORKLOAD] = "workload",
                                            [CULPRIT_SAMPLE] = "sample"};
static const char *const severity_names[] = {
    [SEVERITY_NOTE] = "note", [SEVERITY_WARNING] = "warning", [SEVERITY_CRITICAL] = "critical"};

const char *culprit_name(enum culprit culprit)
{
    return culprit_names[culprit];
}

const char *severity_name(enum severity severity)
{
    return severity_names[severity];
}

/* ---- the table ---- */

/* What follows from a cause. */
enum {
    LOSS = 1 << 0,    /* of the share of jobs that failed */
    REFUSED = 1 << 1, /* nobody listens */
    RESET = 1 << 2,   /* connections that break */
    PROBES = 1 << 3,  /* health */
    ANSWERS = 1 << 4, /* errors, and what cannot be read */
    LATE = 1 << 5,    /* connections and answers that do not come in time */
    TIMEOUT = 1 << 6, /* jobs that time out, and what that does to percentiles */
    METRICS = 1 << 7, /* that are not read, or fall short */
    JOBS = 1 << 8,    /* that fail by the target's own word, or are lost */
    TOLD = 1 << 9,    /* of jobs */
    STILL = 1 << 10,  /* no answer for a time */
    SLOW = 1 << 11,   /* against the baseline */
    UNFINISHED = 1 << 12,

    OF_DEATH = LOSS | REFUSED | RESET | PROBES | ANSWERS | LATE | TIMEOUT | METRICS | JOBS | TOLD | STILL,
    OF_STANDSTILL = LOSS | RESET | PROBES | LATE | TIMEOUT | METRICS | TOLD | UNFINISHED
};

struct finder {
    const char *name;
    find_function *find;
    enum culprit culprit;
    enum severity severity;
    unsigned is;       /* of what kind it is, as an effect */
    unsigned explains; /* kinds of effects, of those that began with it or later */
    const char *next;
};

/* Causes before what may follow from them: the first that explains an effect takes it. */
static const struct finder finders[] = {
    {"generator_late", find_late_generator, CULPRIT_GENERATOR, SEVERITY_CRITICAL, 0, 0,
     "give the generator a machine of its own, or lower the load, and run again"},
    {"time_stolen", find_stolen_time, CULPRIT_GENERATOR, SEVERITY_WARNING, 0, 0,
     "run on a machine whose CPUs are not shared"},
    {"local_limit", find_local_limit, CULPRIT_GENERATOR, SEVERITY_CRITICAL, 0, LOSS,
     "raise the limit of open files (ulimit -n), keep connections alive, or use more source addresses"},
    {"run_interrupted", find_interrupted, CULPRIT_GENERATOR, SEVERITY_WARNING, 0, UNFINISHED, ""},
    {"target_crashed", find_crashed, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, OF_DEATH,
     "read the end of the target's log and the kernel's (dmesg: out of memory?); if memory was short, lower "
     "MAX_CONCURRENT_JOBS or the number of users"},
    {"target_restarted", find_restarted, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, OF_DEATH,
     "find out who restarted it: its supervisor's log, and the end of its own log before that"},
    {"target_frozen", find_frozen, CULPRIT_TARGET, SEVERITY_CRITICAL, STILL, OF_STANDSTILL,
     "look what the target did at that time: a collection of garbage, a lock, a disk that hangs, swapping"},
    {"connections_refused", find_refuses, CULPRIT_TARGET, SEVERITY_CRITICAL, REFUSED,
     LOSS | PROBES | METRICS | RESET | TOLD,
     "see whether the target still listens on this port (ss -ltn) and why it stopped; its backlog may be "
     "full"},
    {"gpu_out_of_memory", find_out_of_memory, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, LOSS,
     "lower MAX_CONCURRENT_JOBS of the target"},
    {"jobs_stuck", find_stuck, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, LOSS | TIMEOUT | SLOW,
     "look for these jobs in the target's log: each keeps its slot; a watchdog should end them"},
    {"name_unresolved", find_unresolved, CULPRIT_NETWORK, SEVERITY_CRITICAL, 0, LOSS,
     "check the host in --target, and this machine's DNS"},
    {"network_unreachable", find_unreachable, CULPRIT_NETWORK, SEVERITY_CRITICAL, 0, LOSS | PROBES,
     "check the route to the target, and firewalls between"},
    {"connect_timeout", find_connect_timeouts, CULPRIT_NETWORK, SEVERITY_CRITICAL, LATE, LOSS,
     "check what lies between, and whether the target's backlog overflows (nstat -az TcpExtListenOverflows)"},
    {"tls_failed", find_tls, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, LOSS | PROBES,
     "check the target's certificate and --cacert, --cert, --key"},
    {"connections_reset", find_reset, CULPRIT_NETWORK, SEVERITY_CRITICAL, RESET, LOSS,
     "the target or something between resets them: compare with the target's log, and with a run on its "
     "host"},
    {"rate_limited", find_rate_limited, CULPRIT_TARGET, SEVERITY_WARNING, 0, LOSS,
     "raise or switch off the target's limit for the test (RATE_LIMIT_PER_MINUTE, ENABLE_RATE_LIMITING), or "
     "lower the load"},
    {"queue_full", find_queue_full, CULPRIT_WORKLOAD, SEVERITY_WARNING, 0, LOSS,
     "more jobs came than the target takes: lower the load, or raise its slots or its queue"},
    {"target_unavailable", find_unavailable, CULPRIT_TARGET, SEVERITY_WARNING, ANSWERS, LOSS,
     "look in the target's log why it was not ready then"},
    {"target_errors", find_errors, CULPRIT_TARGET, SEVERITY_CRITICAL, ANSWERS, LOSS,
     "look in the target's log for the first one"},
    {"jobs_failed", find_failed_jobs, CULPRIT_TARGET, SEVERITY_CRITICAL, JOBS, LOSS,
     "look for these jobs in the target's log: it tells that they failed itself"},
    {"models_invalid", find_invalid_models, CULPRIT_TARGET, SEVERITY_CRITICAL, 0, LOSS,
     "download one and look at it: what writes or serves the models damages them"},
    {"answers_late", find_late_answers, CULPRIT_TARGET, SEVERITY_CRITICAL, LATE, LOSS,
     "look how long the target takes for this step; a worker may be blocked"},
    {"answers_broken", find_broken_answers, CULPRIT_TARGET, SEVERITY_CRITICAL, ANSWERS, LOSS,
     "compare the answer with the workflow: captures, polls and their pointers"},
    {"jobs_timed_out", find_timed_out, CULPRIT_TARGET, SEVERITY_CRITICAL, TIMEOUT, LOSS | TIMEOUT,
     "compare queue and processing: give the target fewer jobs at a time, or the scenario a longer timeout"},
    {"jobs_unfinished", find_unfinished, CULPRIT_SAMPLE, SEVERITY_WARNING, UNFINISHED, 0,
     "let the run come to its end"},
    {"health_failed", find_failed_probes, CULPRIT_TARGET, SEVERITY_WARNING, PROBES, 0,
     "look in the target's log why it was not healthy then"},
    {"error_rate_critical", find_critical_rate, CULPRIT_TARGET, SEVERITY_CRITICAL, LOSS, 0,
     "look at the errors by kind"},
    {"target_slowing", find_slowing, CULPRIT_TARGET, SEVERITY_WARNING, 0, SLOW,
     "look what grows with time: memory, a list, a cache, a disk; does a restart make it fast again?"},
    {"memory_grows", find_memory_growth, CULPRIT_TARGET, SEVERITY_WARNING, 0, 0,
     "run it longer and look whether it ends; take a heap profile of the target"},
    {"gpu_memory_grows", find_gpu_memory_growth, CULPRIT_TARGET, SEVERITY_WARNING, 0, 0,
     "run it longer and look whether it ends; see that tensors and caches are freed after each job"},
    {"slow_gpu_busy", find_gpu_full, CULPRIT_TARGET, SEVERITY_WARNING, SLOW, SLOW,
     "fewer jobs at a time, a lower quality, or another GPU"},
    {"slow_gpu_idle", find_gpu_idle, CULPRIT_TARGET, SEVERITY_WARNING, SLOW, SLOW,
     "look at the target's CPU, its disk, and how many slots it has: jobs wait while the GPU does not work"},
    {"metrics_wrong", find_wrong_metrics, CULPRIT_TARGET, SEVERITY_WARNING, METRICS, 0, ""},
    {"metrics_unreadable", find_unreadable_metrics, CULPRIT_TARGET, SEVERITY_WARNING, METRICS, 0,
     "see whether --target leads to the backend itself, or name their path in the workflow (metrics:)"},
    {"metrics_few", find_few_families, CULPRIT_TARGET, SEVERITY_WARNING, METRICS, 0,
     "compare the target's version with the workflow's expect_families"},
    {"metrics_malformed", find_malformed_metrics, CULPRIT_TARGET, SEVERITY_WARNING, 0, 0,
     "correct what writes them: other readers may drop them all"},
    {"metrics_many", find_many_series, CULPRIT_TARGET, SEVERITY_NOTE, 0, 0,
     "look for a label that takes a value a job or a user"},
    {"other_clients", find_other_clients, CULPRIT_WORKLOAD, SEVERITY_WARNING, 0, 0,
     "keep others away during the run: the figures are of both loads"},
    {"starts_skipped", find_skipped, CULPRIT_TARGET, SEVERITY_WARNING, 0, 0,
     "lower the load: the target does not keep up with it"},
    {"starts_abandoned", find_abandoned, CULPRIT_SAMPLE, SEVERITY_WARNING, UNFINISHED, 0,
     "let the run come to its end"},
    {"connections_closed", find_resent, CULPRIT_TARGET, SEVERITY_NOTE, RESET, 0,
     "the target closes idle connections sooner than it says, or dies while it answers"},
    {"ends_untold", find_untold, CULPRIT_TARGET, SEVERITY_WARNING, TOLD, 0,
     "look in the target where it tells that a job has ended"},
    {"ends_late", find_late_ends, CULPRIT_TARGET, SEVERITY_WARNING, TOLD, 0,
     "look in the target what holds its messages back"},
    {"progress_backwards", find_backwards, CULPRIT_TARGET, SEVERITY_NOTE, TOLD, 0,
     "look in the target where it tells progress: two writers?"},
    {"states_unknown", find_unknown_states, CULPRIT_WORKLOAD, SEVERITY_WARNING, TOLD, 0,
     "name them in the workflow's states"},
    {"states_out_of_order", find_out_of_order, CULPRIT_TARGET, SEVERITY_WARNING, TOLD, 0,
     "look in the target where it tells states: two writers, or answers from different servers?"},
    {"states_contradicted", find_contradicted, CULPRIT_TARGET, SEVERITY_WARNING, TOLD, 0,
     "compare what the target tells with what it answers: do they come from the same place?"},
    {"off_baseline", find_off_baseline, CULPRIT_TARGET, SEVERITY_NOTE, SLOW, 0,
     "compare queue and processing, and look at the GPU's usage"},
    {"cold_start", find_cold_start, CULPRIT_TARGET, SEVERITY_NOTE, 0, 0,
     "set load.warmup_jobs, so that no figure has them"},
    {"percentiles_censored", find_censored, CULPRIT_SAMPLE, SEVERITY_NOTE, TIMEOUT, 0,
     "give the scenario a longer timeout to see them"},
    {"small_sample", find_small_sample, CULPRIT_SAMPLE, SEVERITY_NOTE, 0, 0, ""},
    {"polls_coarse", find_coarse_polls, CULPRIT_SAMPLE, SEVERITY_NOTE, 0, 0,
     "poll more often, or use a workflow that is told"},
    {"figures_simulated", find_simulated, CULPRIT_SAMPLE, SEVERITY_NOTE, 0, 0, ""},
};

enum { FINDERS = sizeof finders / sizeof finders[0] };
_Static_assert(sizeof finders / sizeof finders[0] <= FINDINGS_MAX, "room for every finder's finding");

const char *finding_name(int index)
{
    return index >= 0 && index < FINDERS ? finders[index].name : NULL;
}

/* ---- causes and effects ---- */

/* The watcher looks once a second, and at the metrics once in five: an effect may be seen so long before its
 * cause. With a time scale it looks more often, ten times a second at most. */
#define SEEN_BEFORE (5 * NSEC_PER_SEC)
#define SEEN_BEFORE_LEAST (500 * NSEC_PER_MSEC)

static nsec seen_before(const struct plan *p)
{
    nsec scaled = (nsec)((double)SEEN_BEFORE / p->time_scale);
    return scaled > SEEN_BEFORE_LEAST ? scaled : SEEN_BEFORE_LEAST;
}

static bool follows(const struct finding *effect, const struct finding *cause, nsec before)
{
    return effect->since < 0 || cause->since < 0 || effect->since >= cause->since - before;
}

struct search {
    struct finding found[FINDERS];
    bool is[FINDERS]; /* found, and no other's effect */
    bool has_effects[FINDERS];
};

/* A cause is as grave as what follows from it. */
static void take_effect(struct search *s, int cause, int effect, struct arena *arena)
{
    struct finding *c = &s->found[cause];
    const struct finding *e = &s->found[effect];
    c->evidence = arena_printf(arena, "%s%s%s (%s)", c->evidence, s->has_effects[cause] ? ", " : "; hence ",
                               e->says, e->evidence);
    c->severity = e->severity > c->severity ? e->severity : c->severity;
    c->jobs += e->jobs;
    s->has_effects[cause] = true;
    s->is[effect] = false;
}

static void take_effects(struct search *s, int cause, nsec before, struct arena *arena)
{
    for (int i = 0; i < FINDERS; i++)
        if (s->is[i] && i != cause && (finders[cause].explains & finders[i].is & ~LOSS) &&
            follows(&s->found[i], &s->found[cause], before))
            take_effect(s, cause, i, arena);
}

/* The share of jobs that failed follows from what most of them failed over. */
static void take_loss(struct search *s, struct arena *arena)
{
    int most = -1;
    for (int i = 0; i < FINDERS; i++)
        if (s->is[i] && (finders[i].explains & LOSS) && (most < 0 || s->found[i].jobs > s->found[most].jobs))
            most = i;
    for (int i = 0; i < FINDERS; i++)
        if (s->is[i] && finders[i].is == LOSS && most >= 0 && s->found[most].jobs > 0)
            take_effect(s, most, i, arena);
}

static int collect(const struct search *s, struct finding ret[FINDINGS_MAX])
{
    int count = 0;
    for (int severity = SEVERITY_CRITICAL; severity >= SEVERITY_NOTE; severity--)
        for (int i = 0; i < FINDERS; i++)
            if (s->is[i] && (int)s->found[i].severity == severity)
                ret[count++] = s->found[i];
    return count;
}

int finding_find(const struct plan *p, const struct record *r, const struct verdict *v, struct arena *arena,
                 struct finding ret[FINDINGS_MAX])
{
    struct selection all = {.phase = PHASE_ALL};
    struct find f = {.plan = p, .record = r, .verdict = v, .arena = arena};
    struct search s = {0};
    selection_count(all, r, &f.counts);
    metric_check_all(p, r, arena, &f.metrics);
    f.generations = selection_durations(all, p, r, SUBJECT_GENERATION, arena);
    for (int i = 0; i < FINDERS; i++) {
        const struct finder *finder = &finders[i];
        s.found[i] = (struct finding){.name = finder->name,
                                      .culprit = finder->culprit,
                                      .severity = finder->severity,
                                      .next = finder->next,
                                      .since = -1};
        s.is[i] = finder->find(&f, &s.found[i]);
    }
    for (int i = 0; i < FINDERS; i++)
        if (s.is[i])
            take_effects(&s, i, seen_before(p), arena);
    take_loss(&s, arena);
    return collect(&s, ret);
}
