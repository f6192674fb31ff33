#include "backend.h"

#include "families.h"
#include "faults.h"
#include "gauges.h"
#include "job_metrics.h"
#include "request_metrics.h"
#include "route.h"
#include "server.h"

#include <errno.h>
#include <string.h>

static const nsec DRAIN_TIME = 3 * NSEC_PER_SEC, CLOSING_TIME = NSEC_PER_SEC,
                  CLOSING_STEP = 10 * NSEC_PER_MSEC;

#define CONTAINER(type, member, pointer) ((type *)((char *)(pointer)-offsetof(type, member)))

/* ---- what happens to jobs ---- */

static void on_job_started(void *context, struct job *job)
{
    struct backend *b = context;
    job_metrics_started(b, job);
    if (b->profile && b->profile->gpu.present)
        gpu_sim_running(&b->gpu, b->schedule.running);
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

static void on_job_ended(void *context, struct job *job)
{
    struct backend *b = context;
    job_metrics_ended(b, job);
    answer_held(job);
    job_table_rest(b->jobs, job);
    if (b->readiness == BACKEND_STOPPING && b->schedule.running == 0)
        timer_set(b->loop, &b->drained, loop_now(b->loop));
}

static const struct schedule_events EVENTS = {on_job_started, on_job_worked, on_job_ended};

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

static void on_wake(void *context)
{
    struct backend *b = context;
    schedule_collect(&b->schedule);
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

static void on_drained(struct timer *timer)
{
    struct backend *b = CONTAINER(struct backend, drained, timer);
    nsec now = loop_now(b->loop);
    if (!b->closing) {
        b->closing = now;
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
        b->schedule.closed = true;
        server_close_listener(b->server);
        for (struct job *job = b->schedule.first; job; job = job->next)
            answer_held(job);
        if (b->schedule.running)
            now += DRAIN_TIME;
    }
    timer_set(b->loop, &b->drained, now);
}

static bool init_profile(struct backend *b, struct diag_list *diags)
{
    if (!b->settings->profile)
        return true;
    if (!profile_load(b->settings->profile, &b->profile_storage, diags))
        return false;
    b->profile = &b->profile_storage;
    gpu_sim_init(&b->gpu, &b->profile->gpu, b->settings->jobs);
    return true;
}

static void init_metrics(struct backend *b)
{
    b->metrics = metrics_create(family_defs, FAMILIES);
    gauges_init(b);
    request_metrics_init(b);
    job_metrics_init(b);
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
    if (!init_profile(b, diags))
        return false;
    b->gpus = gpu_watch_create();
    init_metrics(b);
    int error = store_init(&b->store, settings->data);
    if (error) {
        diag_add(diags, "", 0, 0, NULL, "%s: %s", settings->data ? settings->data : "$TMPDIR",
                 error == EBUSY ? "another orfeasd keeps its jobs there" : strerror(error));
        return false;
    }
    b->jobs = job_table_create(&b->store, &job_default_limits);
    loop_on_wake(loop, on_wake, b);
    b->server = server_create(loop, b, settings);
    if (!b->server) {
        diag_add(diags, "", 0, 0, "--listen 127.0.0.1:0 takes a free port", "cannot listen on %s:%d: %s",
                 settings->host, settings->port, strerror(errno));
        return false;
    }
    b->cleared = store_clear(&b->store); /* not before it is sure that we run */
    b->workers = workers_create(loop, &b->store, workers_default_count());
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
    server_destroy(b->server);
    faults_destroy(b->faults);
    sharing_finish(&b->sharing);
    gpu_watch_destroy(b->gpus);
    job_table_destroy(b->jobs);
    store_finish(&b->store);
    rate_limit_finish(&b->rate);
    metrics_destroy(b->metrics);
}
