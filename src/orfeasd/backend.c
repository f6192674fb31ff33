#include "backend.h"

#include "container.h"
#include "events.h"
#include "families.h"
#include "faults.h"
#include "gauges.h"
#include "job_feed.h"
#include "job_metrics.h"
#include "request_metrics.h"
#include "route.h"
#include "server.h"
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const nsec CLOSING_TIME = NSEC_PER_SEC, CLOSING_STEP = 10 * NSEC_PER_MSEC;

/* ---- what happens to jobs ---- */

static void on_job_started(void *context, struct job *job)
{
    struct backend *b = context;
    job_metrics_started(b, job);
    ledger_note(&b->ledger, job);
    if (backend_simulates_gpu(b))
        gpu_sim_running(&b->gpu, b->schedule.running);
    events_changed(b->events, job);
}

static void on_job_worked(void *context, struct job *job)
{
    job_metrics_worked(context, job);
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
    job_metrics_ended(b, job);
    answer_held(job);
    events_changed(b->events, job);
    job_table_rest(b->jobs, job);
    if (job->unwanted)
        job_table_drop(b->jobs, job);
    if (b->readiness == BACKEND_STOPPING && b->schedule.running == 0)
        timer_set(b->loop, &b->drained, loop_now(b->loop));
}

static const struct schedule_events EVENTS = {on_job_started, on_job_worked, on_job_settling, on_job_ended};

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
    events_changed(b->events, job);
}

static void on_drained(struct timer *timer)
{
    struct backend *b = CONTAINER(struct backend, drained, timer);
    nsec now = loop_now(b->loop);
    if (!b->closing) {
        b->closing = now;
        server_close_listener(b->server);
        schedule_interrupt(&b->schedule, on_job_interrupted, b);
        sessions_close(b->sessions);
        job_feed_close_all(b);
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
    diag_add(diags, "", 0, 0, settings->gpu_limit_mb > 0 ? "raise --gpu-limit" : NULL,
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
    gauges_init(b);
    request_metrics_init(b);
    job_metrics_init(b);
}

static bool open_log(struct backend *b, struct diag_list *diags)
{
    const struct settings *settings = b->settings;
    if (!settings->log)
        return true;
    b->log = request_log_create(settings->log, &request_log_default_limits, settings->tell);
    if (!b->log)
        diag_add(diags, "", 0, 0, NULL, "--log %s: %s", settings->log, strerror(errno));
    return b->log;
}

static void count_layers(struct backend *b)
{
    for (int i = 0; i < SANDBOX_LAYERS; i++) {
        const char *name = sandbox_layer_name((enum sandbox_layer)i);
        metric_set(metrics_series(b->metrics, F_SANDBOX_LAYER, &name), b->decoders.layers >> i & 1);
    }
}

/* With --sandbox auto a server that cannot have these processes works without them, and says so. */
static bool init_decoders(struct backend *b, struct diag_list *diags)
{
    decoders_init(&b->decoders, b->settings->max_upload_bytes);
    b->decoders.all_needed = b->settings->sandbox == SANDBOX_REQUIRE;
    int error = b->settings->sandbox == SANDBOX_OFF ? 0 : decoders_probe(&b->decoders);
    count_layers(b);
    if (!error || b->settings->sandbox != SANDBOX_REQUIRE)
        return true;
    char missing[80] = "";
    for (int i = 0; i < SANDBOX_LAYERS && error == ENOSYS; i++)
        if (!(b->decoders.layers >> i & 1))
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), " %s",
                     sandbox_layer_name((enum sandbox_layer)i));
    diag_add(diags, "", 0, 0, "--sandbox auto uses the layers that there are", "--sandbox require: %s%s",
             error == ENOSYS ? "this kernel lacks" : strerror(error), missing);
    return false;
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

/* Each stands in front of what is there already. */
static bool init_wrappers(struct backend *b)
{
    const struct settings *settings = b->settings;
    if (b->profile && b->profile->sharing > 0 && !sharing_wrap(&b->sharing, &b->schedule))
        return false;
    b->faults = settings->faults.count ? faults_create(b, &settings->faults) : NULL;
    return b->faults || !settings->faults.count;
}

bool backend_init(struct backend *b, struct loop *loop, const struct settings *settings,
                  struct diag_list *diags)
{
    *b = (struct backend){.loop = loop, .settings = settings, .routes = route_table};
    b->started = loop_now(loop);
    b->started_wall = clock_wall();
    b->drained.fire = on_drained;
    rate_limit_init(&b->rate, settings->rate_limiting ? settings->rate_per_minute : 0);
    if (!auth_init(&b->auth, settings, diags) || !init_profile(b, diags))
        return false;
    b->gpus = gpu_watch_create();
    init_metrics(b);
    if (!open_log(b, diags))
        return false;
    int error = store_init(&b->store, settings->data);
    if (error) {
        diag_add(diags, "", 0, 0, NULL, "%s%s: %s", settings->data ? "--data " : "",
                 settings->data ? settings->data : "$TMPDIR",
                 error == EBUSY ? "another orfeasd keeps its jobs there" : strerror(error));
        return false;
    }
    b->jobs = job_table_create(loop, &b->store, &settings->kept);
    loop_on_wake(loop, on_wake, b);
    b->events = events_create(b);
    b->sessions = sessions_create(b);
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
    if (!init_decoders(b, diags))
        return false;
    b->workers =
        workers_create(loop, &b->store, b->decoders.layers ? &b->decoders : NULL, workers_default_count());
    if (!b->workers) {
        diag_add(diags, "", 0, 0, NULL, "cannot start threads: %s", strerror(errno));
        return false;
    }
    init_schedule(b);
    if (!init_wrappers(b)) {
        diag_add(diags, "", 0, 0, NULL, "%s", strerror(ENOMEM));
        return false;
    }
    start_loading(b);
    check_ready(b);
    return true;
}

void backend_finish(struct backend *b)
{
    workers_destroy(b->workers);
    ledger_finish(&b->ledger);
    if (b->sessions)
        sessions_close(b->sessions);
    job_feed_close_all(b);
    ws_conn_destroy_all(b);
    server_destroy(b->server);
    ws_conn_destroy_all(b);
    sessions_destroy(b->sessions);
    events_destroy(b->events);
    faults_destroy(b->faults);
    sharing_finish(&b->sharing);
    gpu_watch_destroy(b->gpus);
    job_table_destroy(b->jobs);
    store_finish(&b->store);
    rate_limit_finish(&b->rate);
    request_log_destroy(b->log); /* behind the server, whose last requests it tells of */
    metrics_destroy(b->metrics);
}
