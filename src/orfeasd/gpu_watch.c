#include "gpu_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVERY_SECONDS = 1 };

struct gpu_watch {
    struct gpu_set *set; /* the thread's, while it runs */
    int count;
    pthread_t thread;
    pthread_mutex_t lock; /* guards gpus and stop */
    pthread_cond_t stopped;
    bool stop;
    struct gpu_reading gpus[GPU_MAX];
};

static void read_all(struct gpu_watch *w)
{
    for (int i = 0; i < w->count; i++) {
        struct gpu_reading gpu;
        gpu_read(w->set, i, NULL, &gpu);
        pthread_mutex_lock(&w->lock);
        w->gpus[i] = gpu;
        pthread_mutex_unlock(&w->lock);
    }
}

/* Whether it is to go on. */
static bool rest(struct gpu_watch *w)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_SECONDS;
    pthread_mutex_lock(&w->lock);
    while (!w->stop && pthread_cond_timedwait(&w->stopped, &w->lock, &until) == 0)
        ;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return !stop;
}

static void *watch_thread(void *context)
{
    while (rest(context))
        read_all(context);
    return NULL;
}

static void init_waiting(struct gpu_watch *w)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&w->lock, NULL);
}

static void finish(struct gpu_watch *w)
{
    pthread_cond_destroy(&w->stopped);
    pthread_mutex_destroy(&w->lock);
    gpu_close(w->set);
    free(w);
}

struct gpu_watch *gpu_watch_create(void)
{
    char why[GPU_WHY];
    struct gpu_set *set = gpu_open(NULL, why);
    struct gpu_watch *w = set ? calloc(1, sizeof *w) : NULL;
    if (!w) {
        gpu_close(set);
        return NULL;
    }
    w->set = set;
    w->count = gpu_count(set);
    init_waiting(w);
    read_all(w);
    if (pthread_create(&w->thread, NULL, watch_thread, w) == 0)
        return w;
    finish(w);
    return NULL;
}

void gpu_watch_destroy(struct gpu_watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->stopped);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    finish(w);
}

int gpu_watch_read(struct gpu_watch *w, struct gpu_reading ret[GPU_MAX])
{
    pthread_mutex_lock(&w->lock);
    memcpy(ret, w->gpus, (size_t)w->count * sizeof ret[0]);
    pthread_mutex_unlock(&w->lock);
    return w->count;
}

const char *gpu_watch_driver(const struct gpu_watch *w, int index)
{
    return gpu_driver(w->set, index);
}
