#include "faults.h"

#include "api.h"
#include "container.h"
#include "families.h"
#include "job_metrics.h"
#include "route.h"
#include "server.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct leak {
    struct leak *next;
};

struct faults {
    struct backend *b;
    const struct fault_plan *plan;
    const struct schedule_events *events; /* of whom it stands in front */
    void *context;
    struct route *routes;           /* the backend's, with these in their places: */
    struct handler generate, batch; /* api_generate and api_batch, with another finish() */
    bool began;
    nsec first; /* when the first job was accepted */
    struct timer freeze, crash, refuse;
    struct leak *leaks; /* kept, so that it is only as good as lost */
    int64_t leaked;
};

static void count(struct faults *f, enum fault fault)
{
    const char *name = fault_name(fault);
    metric_add(metrics_series(f->b->metrics, F_FAULT_INJECTED, &name), 1);
}

static bool hits(const struct faults *f, enum fault fault, const struct job *job)
{
    return fault_hits(f->plan, fault, f->b->schedule.seed, job->order);
}

/* ---- by the clock ---- */

static nsec scaled(const struct faults *f, nsec t)
{
    double seconds = nsec_to_sec(t) / f->b->schedule.time_scale;
    return nsec_from_sec(fmin(seconds, nsec_to_sec(PROFILE_END_MAX)));
}

/* The main loop sleeps: nothing is accepted, read, answered or ended. */
static void on_freeze(struct timer *timer)
{
    struct faults *f = CONTAINER(struct faults, freeze, timer);
    nsec lasts = scaled(f, f->plan->specs[FAULT_FREEZE].lasts);
    struct timespec rest = {lasts / NSEC_PER_SEC, lasts % NSEC_PER_SEC};
    count(f, FAULT_FREEZE);
    while (nanosleep(&rest, &rest) < 0)
        ;
}

/* As the kernel does when memory runs out: nothing is written, nothing is cleaned. */
static void on_crash(struct timer *timer)
{
    (void)timer;
    kill(getpid(), SIGKILL);
}

static void on_refuse(struct timer *timer)
{
    struct faults *f = CONTAINER(struct faults, refuse, timer);
    count(f, FAULT_REFUSE);
    server_close_listener(f->b->server);
}

static void begin_clock(struct faults *f)
{
    const struct {
        enum fault fault;
        struct timer *timer;
        void (*fire)(struct timer *timer);
    } clocks[] = {{FAULT_FREEZE, &f->freeze, on_freeze},
                  {FAULT_CRASH, &f->crash, on_crash},
                  {FAULT_REFUSE, &f->refuse, on_refuse}};
    f->began = true;
    f->first = loop_now(f->b->loop);
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
        if (fault_asked(f->plan, clocks[i].fault)) {
            clocks[i].timer->fire = clocks[i].fire;
            timer_set(f->b->loop, clocks[i].timer, f->first + scaled(f, f->plan->specs[clocks[i].fault].at));
        }
}

/* ---- a job starts ---- */

static void leak(struct faults *f)
{
    size_t bytes = (size_t)f->plan->specs[FAULT_LEAK].bytes;
    bytes = bytes > sizeof(struct leak) ? bytes : sizeof(struct leak);
    struct leak *lost = f->leaked + (int64_t)bytes <= FAULTS_LEAK_BYTES ? malloc(bytes) : NULL;
    if (!lost)
        return;
    memset(lost, 0xa5, bytes); /* touched, so that it is resident */
    lost->next = f->leaks;
    f->leaks = lost;
    f->leaked += (int64_t)bytes;
    count(f, FAULT_LEAK);
}

static double slowdown(const struct faults *f, const struct job *job)
{
    return fault_slowdown(f->plan, job->started - f->first, f->b->schedule.time_scale);
}

/* With a profile its times grow. The first job is as fast as ever. */
static void slow_profile(struct faults *f, struct job *job)
{
    const struct profile *p = f->b->profile;
    double factor = slowdown(f, job);
    if (!p || !(factor > 1))
        return;
    count(f, FAULT_SLOW);
    profile_stretch(p, 0, factor, job->ends);
    timer_set(f->b->loop, &job->timer, job->started + job->ends[p->stage_count - 1]);
}

/* Its timer is armed for longer than anybody waits, so the slot is kept. */
static void stick(struct faults *f, struct job *job)
{
    count(f, FAULT_STUCK);
    for (int i = 0; f->b->profile && i < f->b->profile->stage_count; i++)
        job->ends[i] = PROFILE_END_MAX;
    timer_set(f->b->loop, &job->timer, job->started + PROFILE_END_MAX);
}

static void on_started(void *context, struct job *job)
{
    struct faults *f = context;
    f->events->started(f->context, job);
    if (!f->began)
        begin_clock(f);
    if (fault_asked(f->plan, FAULT_LEAK))
        leak(f);
    if (fault_asked(f->plan, FAULT_SLOW))
        slow_profile(f, job);
    if (hits(f, FAULT_STUCK, job))
        stick(f, job);
}

/* ---- its work is done ---- */

/* Without a profile the real time grows, which is known now. */
static void slow_work(struct faults *f, struct job *job)
{
    nsec now = loop_now(f->b->loop);
    double factor = slowdown(f, job), more = (double)(now - job->started) * (factor - 1);
    if (!(factor > 1) || timer_armed(&job->timer))
        return;
    count(f, FAULT_SLOW);
    timer_set(f->b->loop, &job->timer, now + (nsec)fmin(more, (double)PROFILE_END_MAX));
}

static void on_worked(void *context, struct job *job)
{
    struct faults *f = context;
    f->events->worked(f->context, job);
    if (fault_asked(f->plan, FAULT_SLOW) && !f->b->profile && job->work.error == WORK_OK && !job->cancelled)
        slow_work(f, job);
}

/* ---- how it ends is decided ---- */

static void fail(struct faults *f, struct job *job)
{
    count(f, FAULT_ERROR);
    store_remove_models(&f->b->store, &job->id);
    job->outcome = JOB_FAILED;
    job->work.error = WORK_FAULT;
    job->work.failed_stage = STAGE_MESH_EXPORT;
    job->model_bytes = 0;
    job->error_kind = "injected";
    snprintf(job->error, sizeof job->error, "Injected fault: %s", f->plan->specs[FAULT_ERROR].text);
}

/* Pieces all over the file become bytes that are no number, index, or text of any format; its length stays.
 */
static void corrupt(struct faults *f, struct job *job)
{
    enum { PIECES = 16, PIECE = 64 };
    unsigned char garbage[PIECE];
    char path[STORE_PATH_MAX];
    memset(garbage, 0xff, sizeof garbage);
    store_model_path(&f->b->store, &job->id, job->work.options.format, path);
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    for (int i = 0; i < PIECES; i++) {
        int64_t at = job->model_bytes * i / PIECES, room = job->model_bytes - at;
        if (pwrite(fd, garbage, room < PIECE ? (size_t)room : PIECE, at) < 0)
            break;
    }
    close(fd);
    count(f, FAULT_CORRUPT);
}

static bool on_settling(void *context, struct job *job)
{
    struct faults *f = context;
    if (job->outcome == JOB_COMPLETED && hits(f, FAULT_ERROR, job))
        fail(f, job);
    if (job->outcome == JOB_COMPLETED && hits(f, FAULT_CORRUPT, job))
        corrupt(f, job);
    return f->events->settling(f->context, job);
}

/* ---- it ends ---- */

static void on_ended(void *context, struct job *job)
{
    struct faults *f = context;
    bool lies = job->state == JOB_COMPLETED && hits(f, FAULT_LIE, job);
    if (lies) { /* counted below, which nobody sees: this thread answers the scrapes */
        count(f, FAULT_LIE);
        metric_add(job_metrics_generations(f->b, job), -1);
    }
    f->events->ended(f->context, job); /* it may be gone after this */
}

/* ---- the request that submits ---- */

/* A disconnected socket sends a reset (tcp_disconnect() of the kernel); closing it is the server's. */
static void reset(int fd)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(fd, &nobody, sizeof nobody) < 0)
        shutdown(fd, SHUT_RDWR);
}

/* A batch is reset when one of its jobs is hit. */
static void finish_submission(struct exchange *x, const struct handler *inner)
{
    struct faults *f = x->backend->faults;
    const struct schedule *schedule = &f->b->schedule;
    uint64_t before = schedule->accepted;
    inner->finish(x);
    for (uint64_t order = before; order < schedule->accepted; order++)
        if (fault_hits(f->plan, FAULT_RESET, schedule->seed, order)) {
            count(f, FAULT_RESET);
            reset(x->fd);
            return;
        }
}

static void finish_generate(struct exchange *x)
{
    finish_submission(x, &api_generate);
}

static void finish_batch(struct exchange *x)
{
    finish_submission(x, &api_batch);
}

static bool wrap_routes(struct faults *f)
{
    f->routes = calloc((size_t)route_count, sizeof *f->routes);
    if (!f->routes)
        return false;
    f->generate = api_generate;
    f->generate.finish = finish_generate;
    f->batch = api_batch;
    f->batch.finish = finish_batch;
    memcpy(f->routes, f->b->routes, (size_t)route_count * sizeof *f->routes);
    for (int i = 0; i < route_count; i++)
        if (f->routes[i].post == &api_generate)
            f->routes[i].post = &f->generate;
        else if (f->routes[i].post == &api_batch)
            f->routes[i].post = &f->batch;
    f->b->routes = f->routes;
    return true;
}

/* ---- life ---- */

static void show_all_asked(struct faults *f)
{
    for (int i = 0; i < FAULTS; i++) {
        const char *name = fault_name((enum fault)i);
        if (fault_asked(f->plan, (enum fault)i))
            metrics_series(f->b->metrics, F_FAULT_INJECTED, &name);
    }
}

struct faults *faults_create(struct backend *b, const struct fault_plan *plan)
{
    static const struct schedule_events EVENTS = {on_started, on_worked, on_settling, on_ended};
    struct faults *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->b = b;
    f->plan = plan;
    if (fault_asked(plan, FAULT_RESET) && !wrap_routes(f)) {
        free(f);
        return NULL;
    }
    f->events = b->schedule.events;
    f->context = b->schedule.context;
    b->schedule.events = &EVENTS;
    b->schedule.context = f;
    show_all_asked(f);
    return f;
}

void faults_destroy(struct faults *f)
{
    if (!f)
        return;
    timer_cancel(f->b->loop, &f->freeze);
    timer_cancel(f->b->loop, &f->crash);
    timer_cancel(f->b->loop, &f->refuse);
    for (struct leak *lost = f->leaks, *next; lost; lost = next) {
        next = lost->next;
        free(lost);
    }
    free(f->routes);
    free(f);
}
