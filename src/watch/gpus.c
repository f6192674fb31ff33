#include "gpus.h"

#include "gpu_log.h"
#include "gpu_processes.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const nsec STOP_WAIT = NSEC_PER_SEC;

enum { SHARE = 4 }; /* of the time at least so many parts are rest, to one of reading */

struct gpus {
    struct gpus_config config;
    atomic_int pid;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool stop, ended; /* told to the thread, and by it */
    bool left;        /* nobody else has it any more: who ends last frees it */
    bool none;        /* no GPU is on this machine */
    char why[GPU_WHY];
    struct gpu_log log;
    struct gpu_reading readings[GPUS_KEPT]; /* the thread's, without the lock */
    struct gpu_processes processes;         /* likewise */
};

struct gpus *gpus_create(const struct gpus_config *config)
{
    struct gpus *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->config = *config;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&g->lock, NULL);
    gpu_log_init(&g->log);
    snprintf(g->why, sizeof g->why, "%s",
             config->here ? "the GPUs' driver has not answered" : "the target is on another host");
    return g;
}

static void free_all(struct gpus *g)
{
    gpu_log_finish(&g->log);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

void gpus_destroy(struct gpus *g)
{
    if (!g)
        return;
    gpus_stop(g);
    pthread_mutex_lock(&g->lock);
    bool running = g->started && !g->ended;
    g->left = true;
    pthread_mutex_unlock(&g->lock);
    if (!running)
        free_all(g);
}

void gpus_set_pid(struct gpus *g, int pid)
{
    atomic_store(&g->pid, pid);
}

/* ---- the thread ---- */

/* Until `until`, or until `*flag`, which it returns. The lock is held. */
static bool wait_for(struct gpus *g, const bool *flag, nsec until)
{
    struct timespec time = {.tv_sec = until / NSEC_PER_SEC, .tv_nsec = until % NSEC_PER_SEC};
    while (!*flag && pthread_cond_timedwait(&g->changed, &g->lock, &time) == 0)
        ;
    return *flag;
}

/* Whether somebody still wants it. */
static bool read_all(struct gpus *g, struct gpu_set *set)
{
    nsec at = clock_monotonic();
    int there = gpu_count(set), count = there < GPUS_KEPT ? there : GPUS_KEPT;
    gpu_processes_find(&g->processes, g->config.places.proc ? g->config.places.proc : "/proc",
                       atomic_load(&g->pid));
    for (int i = 0; i < count; i++)
        gpu_read(set, i, &g->processes, &g->readings[i]);
    pthread_mutex_lock(&g->lock);
    bool wanted = !g->left;
    if (wanted)
        gpu_log_add(&g->log, at, g->readings, count, there);
    pthread_mutex_unlock(&g->lock);
    return wanted;
}

/* Whether it is to go on. */
static bool rest(struct gpus *g, nsec due, nsec took)
{
    nsec now = clock_monotonic(), earliest = now + SHARE * took;
    pthread_mutex_lock(&g->lock);
    bool stop = wait_for(g, &g->stop, due > earliest ? due : earliest);
    pthread_mutex_unlock(&g->lock);
    return !stop;
}

static void read_until_stopped(struct gpus *g, struct gpu_set *set)
{
    nsec every = g->config.every;
    for (int readings = 1;; readings++) {
        nsec began = clock_monotonic();
        if (!read_all(g, set))
            return;
        if (readings % GPUS_READINGS == 0)
            every *= 2;
        if (!rest(g, began + every, clock_monotonic() - began))
            break;
    }
    read_all(g, set);
}

static void end(struct gpus *g)
{
    pthread_mutex_lock(&g->lock);
    g->ended = true;
    bool left = g->left;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    if (left)
        free_all(g);
}

static void *run(void *context)
{
    struct gpus *g = context;
    char why[GPU_WHY];
    struct gpu_set *set = gpu_open(&g->config.places, why);
    if (set) {
        read_until_stopped(g, set);
        gpu_close(set);
    } else {
        bool may_be = gpu_may_be(&g->config.places);
        pthread_mutex_lock(&g->lock);
        g->none = !may_be;
        snprintf(g->why, sizeof g->why, "no GPU on this host%s: %.250s", may_be ? " can be asked" : "", why);
        pthread_mutex_unlock(&g->lock);
    }
    end(g);
    return NULL;
}

bool gpus_start(struct gpus *g)
{
    pthread_t thread;
    if (!g->config.here)
        return true;
    int error = pthread_create(&thread, NULL, run, g);
    g->started = error == 0;
    if (g->started)
        pthread_detach(thread); /* it may have to be left behind */
    errno = error;
    return g->started;
}

void gpus_stop(struct gpus *g)
{
    if (!g->started)
        return;
    pthread_mutex_lock(&g->lock);
    bool first = !g->stop;
    g->stop = true;
    pthread_cond_broadcast(&g->changed);
    if (first)
        wait_for(g, &g->ended, clock_monotonic() + STOP_WAIT);
    pthread_mutex_unlock(&g->lock);
}

/* ---- what was seen ---- */

/* A target of whose process we know that it is here has no GPU where there is none. */
static void rule_out(struct record *record, const char *why)
{
    for (int i = 0; i < record->series_count; i++) {
        struct record_series *s = &record->series[i];
        bool ours = strcmp(s->name, "gpu.memory") == 0 || strcmp(s->name, "gpu.usage") == 0;
        if (!ours || s->state == SERIES_PRESENT)
            continue;
        s->state = SERIES_ABSENT;
        s->why = why;
    }
}

void gpus_collect(const struct gpus *gpus, struct record *record, nsec zero)
{
    struct gpus *g = (struct gpus *)gpus; /* the lock is no part of what it says */
    pthread_mutex_lock(&g->lock);
    gpu_log_collect(&g->log, record, zero);
    if (!g->log.count) {
        record->gpus.why = arena_copy(&record->arena, g->why, strlen(g->why));
        if (g->none && atomic_load(&g->pid) > 0)
            rule_out(record, record->gpus.why);
    }
    pthread_mutex_unlock(&g->lock);
}
