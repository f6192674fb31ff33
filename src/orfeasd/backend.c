#include "backend.h"

#include "families.h"
#include "process_stats.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const nsec CLOSING_TIME = NSEC_PER_SEC, CLOSING_STEP = 10 * NSEC_PER_MSEC;

#define CONTAINER(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

static void set_gauge(struct backend *b, enum family_id family, double value)
{
    metric_set(metrics_series(b->metrics, family, NULL), value);
}

/* ---- what happens to jobs ---- */

static void on_job_started(void *context, struct job *job)
{
    struct backend *b = context;
    metric_observe(metrics_series(b->metrics, F_QUEUE_WAIT, NULL),
                   nsec_to_sec(job->started - job->submitted));
    ledger_note(&b->ledger, job);
    if (b->profile && b->profile->gpu.present)
        gpu_sim_running(&b->gpu, b->schedule.running);
}

static void count_failure(struct backend *b, const struct job *job)
{
    metric_add(metrics_series(b->metrics, F_GENERATION_FAILURES, &job->error_kind), 1);
    const char *labels[] = {generator_stage_name(job->work.failed_stage), job->error_kind};
    metric_add(metrics_series(b->metrics, F_STAGE_ERRORS, labels), 1);
}

static void count_success(struct backend *b, const struct job *job)
{
    const char *format = model_format_name(job->work.options.format);
    metric_observe(metrics_series(b->metrics, F_GENERATION_DURATION, &format),
                   nsec_to_sec(job->finished - job->started));
    metric_observe(metrics_series(b->metrics, F_FILE_BYTES, &format), (double)job->model_bytes);
    struct job_stages stages;
    job_stages(job, b->profile, job->finished, &stages);
    for (int i = 0; i < stages.count; i++)
        metric_observe(metrics_series(b->metrics, F_STAGE_DURATION, &stages.ended[i].name),
                       nsec_to_sec(stages.ended[i].lasted));
}

static void answer_held(struct job *job)
{
    while (job->held)
        exchange_release(job->held);
}

static bool on_job_settling(void *context, struct job *job)
{
    struct backend *b = context;
    return ledger_settle(&b->ledger, job);
}

/* A cancelled job is still known; its files are gone. */
static void drop_files(struct backend *b, struct job *job)
{
    store_remove_files(&b->store, &job->id);
    job->input_bytes = job->model_bytes = 0;
}

static void on_job_ended(void *context, struct job *job)
{
    struct backend *b = context;
    if (job->state == JOB_CANCELLED)
        drop_files(b, job);
    if (!job->started) /* others are written down already */
        ledger_note(&b->ledger, job);
    char quality[8];
    snprintf(quality, sizeof quality, "%d", job->work.options.quality);
    const char *labels[] = {model_format_name(job->work.options.format), quality, job_state_name(job->state)};
    metric_add(metrics_series(b->metrics, F_GENERATIONS, labels), 1);
    metric_add(metrics_series(b->metrics, F_GENERATION_CPU, NULL), nsec_to_sec(job->work.cpu));
    if (job->state == JOB_FAILED)
        count_failure(b, job);
    else if (job->state == JOB_COMPLETED)
        count_success(b, job);
    answer_held(job);
    job_table_rest(b->jobs, job);
    if (job->unwanted)
        job_table_drop(b->jobs, job);
    if (b->readiness == BACKEND_STOPPING && b->schedule.running == 0)
        timer_set(b->loop, &b->drained, loop_now(b->loop));
}

static const struct schedule_events EVENTS = {on_job_started, on_job_settling, on_job_ended};

/* ---- loading ---- */

static void check_ready(struct backend *b)
{
    if (b->readiness == BACKEND_LOADING && !timer_armed(&b->loaded) && workers_warm(b->workers))
        b->readiness = BACKEND_READY;
}

static void on_loaded(struct timer *timer)
{
    check_ready(CONTAINER(struct backend, loaded, timer));
}

static void on_settled(void *context, struct job *job)
{
    schedule_settled(context, job);
}

static void on_wake(void *context)
{
    struct backend *b = context;
    schedule_collect(&b->schedule);
    ledger_collect(&b->ledger, on_settled, &b->schedule);
    check_ready(b);
}

static void start_loading(struct backend *b)
{
    nsec lasts = b->settings->load_time_given ? b->settings->load_time : b->profile ? b->profile->load : 0;
    b->loaded.fire = on_loaded;
    if (lasts)
        timer_set(b->loop, &b->loaded,
                  b->started + nsec_from_sec(nsec_to_sec(lasts) / b->settings->time_scale));
}

/* ---- life ---- */

/* Its work may go on for a moment, so it does not go to rest: the table keeps it to the end. */
static void on_job_interrupted(void *context, struct job *job)
{
    struct backend *b = context;
    ledger_note(&b->ledger, job);
    answer_held(job);
}

static void on_drained(struct timer *timer)
{
    struct backend *b = CONTAINER(struct backend, drained, timer);
    nsec now = loop_now(b->loop);
    if (!b->closing) {
        b->closing = now;
        server_close_listener(b->server);
        schedule_interrupt(&b->schedule, on_job_interrupted);
        server_release_held(b->server);
    }
    if (server_answering(b->server) && now < b->closing + CLOSING_TIME)
        timer_set(b->loop, &b->drained, now + CLOSING_STEP);
    else
        loop_stop(b->loop);
}

void backend_stop(struct backend *b)
{
    nsec now = loop_now(b->loop);
    if (b->readiness != BACKEND_STOPPING) {
        b->readiness = BACKEND_STOPPING;
        schedule_close(&b->schedule);
        if (b->schedule.running)
            now += b->settings->drain;
    }
    timer_set(b->loop, &b->drained, now);
}

static bool init_gpu(struct backend *b, struct diag_list *diags)
{
    const struct settings *settings = b->settings;
    const struct profile_gpu *card = &b->profile->gpu;
    bool refuse =
        settings->gpu_full == GPU_FULL_PROFILE ? card->refuse : settings->gpu_full == GPU_FULL_REFUSE;
    gpu_sim_init(&b->gpu, card, settings->jobs, settings->gpu_limit_mb, refuse);
    if (b->gpu.job_mb > 0 && gpu_sim_fits(&b->gpu, 1))
        return true;
    diag_add(diags, "", 0, 0, NULL,
             "the profile's models take %.0f MB and a job %.0f MB: no job fits into %.0f MB", card->base_mb,
             card->job_mb, b->gpu.budget_mb);
    return false;
}

static bool init_profile(struct backend *b, struct diag_list *diags)
{
    if (!b->settings->profile)
        return true;
    if (!profile_load(b->settings->profile, &b->profile_storage, diags))
        return false;
    b->profile = &b->profile_storage;
    return !b->profile->gpu.present || init_gpu(b, diags);
}

static void init_metrics(struct backend *b)
{
    b->metrics = metrics_create(family_defs, FAMILIES);
    b->request_bytes = metrics_series(b->metrics, F_HTTP_REQUEST_BYTES, NULL);
    b->response_bytes = metrics_series(b->metrics, F_HTTP_RESPONSE_BYTES, NULL);
    if (!b->profile || !b->profile->gpu.present)
        for (int family = F_GPU_USAGE; family <= F_GPU_TOTAL; family++)
            metrics_hide(b->metrics, family);
    const char *info[] = {ORFEAS_VERSION, "inflate-cpu", b->profile ? b->profile->name : "none"};
    metric_set(metrics_series(b->metrics, F_APP_INFO, info), 1);
}

static int worker_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > 256 ? 256 : (int)cores;
}

static void init_schedule(struct backend *b)
{
    const struct settings *settings = b->settings;
    b->schedule = (struct schedule){.loop = b->loop,
                                    .workers = b->workers,
                                    .profile = b->profile,
                                    .time_scale = settings->time_scale,
                                    .seed = settings->seed,
                                    .slots = settings->jobs,
                                    .queue_max = settings->queue,
                                    .events = &EVENTS,
                                    .context = b};
    schedule_expect(&b->schedule);
}

bool backend_init(struct backend *b, struct loop *loop, const struct settings *settings,
                  struct diag_list *diags)
{
    *b = (struct backend){.loop = loop, .settings = settings};
    b->started = loop_now(loop);
    b->started_wall = clock_wall();
    b->drained.fire = on_drained;
    rate_limit_init(&b->rate, settings->rate_limiting ? settings->rate_per_minute : 0);
    if (!init_profile(b, diags))
        return false;
    init_metrics(b);
    int error = store_init(&b->store, settings->data);
    if (error) {
        diag_add(diags, "", 0, 0, NULL, "%s: %s", settings->data ? settings->data : "$TMPDIR",
                 error == EBUSY ? "another orfeasd keeps its jobs there" : strerror(error));
        return false;
    }
    b->jobs = job_table_create(loop, &b->store, &settings->kept);
    loop_on_wake(loop, on_wake, b);
    b->server = server_create(loop, b, settings);
    if (!b->server) {
        diag_add(diags, "", 0, 0, "--listen 127.0.0.1:0 takes a free port", "cannot listen on %s:%d: %s",
                 settings->host, settings->port, strerror(errno));
        return false;
    }
    restore_jobs(&b->store, b->jobs, b->started, &b->restored, diags); /* not before it is sure that we run */
    if (!ledger_init(&b->ledger, loop, &b->store, b->profile)) {
        diag_add(diags, "", 0, 0, NULL, "cannot start the journal's thread: %s", strerror(errno));
        return false;
    }
    b->workers = workers_create(loop, &b->store, worker_count());
    if (!b->workers) {
        diag_add(diags, "", 0, 0, NULL, "cannot start threads: %s", strerror(errno));
        return false;
    }
    init_schedule(b);
    start_loading(b);
    check_ready(b);
    return true;
}

void backend_finish(struct backend *b)
{
    workers_destroy(b->workers);
    ledger_finish(&b->ledger);
    server_destroy(b->server);
    job_table_destroy(b->jobs);
    store_finish(&b->store);
    rate_limit_finish(&b->rate);
    metrics_destroy(b->metrics);
}

/* ---- gauges ---- */

static void update_gpu(struct backend *b)
{
    static const char *const LABELS[] = {"0", "true"};
    int running = b->schedule.running;
    metric_set(metrics_series(b->metrics, F_GPU_USAGE, LABELS), gpu_sim_usage_percent(&b->gpu, running));
    metric_set(metrics_series(b->metrics, F_GPU_ALLOCATED, LABELS), gpu_sim_allocated_mb(&b->gpu, running));
    metric_set(metrics_series(b->metrics, F_GPU_CACHED, LABELS), b->gpu.cached_mb);
    metric_set(metrics_series(b->metrics, F_GPU_TOTAL, LABELS), b->gpu.card.total_mb);
}

static void update_process(struct backend *b)
{
    struct process_stats stats;
    process_stats_read(&stats);
    const struct {
        enum family_id family;
        double value;
    } gauges[] = {
        {F_PROCESS_RESIDENT, stats.resident_bytes},
        {F_PROCESS_VIRTUAL, stats.virtual_bytes},
        {F_PROCESS_CPU, stats.cpu_seconds},
        {F_PROCESS_OPEN_FDS, stats.open_fds},
        {F_PROCESS_MAX_FDS, stats.max_fds},
        {F_PROCESS_THREADS, stats.threads},
        {F_PROCESS_START, nsec_to_sec(b->started_wall)},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++)
        set_gauge(b, gauges[i].family, gauges[i].value);
}

void backend_update_gauges(struct backend *b)
{
    const struct {
        enum family_id family;
        double value;
    } gauges[] = {
        {F_HTTP_CONNECTIONS, server_connections(b->server)},
        {F_HTTP_HELD, server_held(b->server)},
        {F_ACTIVE_JOBS, b->schedule.running},
        {F_QUEUE_SIZE, b->schedule.waiting},
        {F_JOB_SLOTS, b->schedule.slots},
        {F_JOBS_KEPT, b->jobs->count},
        {F_KEPT_BYTES, (double)b->jobs->bytes},
        {F_KEPT_BYTES_MAX, (double)b->jobs->limits.bytes},
        {F_JOBS_EVICTED, (double)b->jobs->evicted},
        {F_JOBS_EXPIRED, (double)b->jobs->expired},
        {F_RECORD_ERRORS, (double)b->ledger.errors},
        {F_WORKERS, worker_count()},
        {F_APP_UPTIME, nsec_to_sec(loop_now(b->loop) - b->started)},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++)
        set_gauge(b, gauges[i].family, gauges[i].value);
    update_process(b);
    if (b->profile && b->profile->gpu.present)
        update_gpu(b);
}
