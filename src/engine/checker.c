#include "checker.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

struct queue {
    struct check *first;
    struct check **end;
};

struct checker {
    struct loop *loop;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t submitted;
    struct queue waiting, ended;
    bool stopping;
};

static void push(struct queue *q, struct check *check)
{
    check->next = NULL;
    *q->end = check;
    q->end = &check->next;
}

static struct check *pop(struct queue *q)
{
    struct check *check = q->first;
    if (check && !(q->first = check->next))
        q->end = &q->first;
    return check;
}

static void check_now(struct check *check)
{
    uint64_t hash = XXH3_64bits(check->bytes, check->len);
    check->hash = hash ? hash : 1;
    model_check(check->bytes, check->len, &model_default_limits, &check->report);
}

static void *run(void *context)
{
    struct checker *c = context;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        struct check *check = pop(&c->waiting);
        if (!check && c->stopping)
            break;
        if (!check) {
            pthread_cond_wait(&c->submitted, &c->mutex);
            continue;
        }
        pthread_mutex_unlock(&c->mutex);
        nsec start = clock_monotonic();
        check_now(check);
        check->took = clock_monotonic() - start;
        pthread_mutex_lock(&c->mutex);
        push(&c->ended, check);
        loop_wake(c->loop);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

struct checker *checker_create(struct loop *loop, bool threaded)
{
    struct checker *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->loop = loop;
    c->threaded = threaded;
    c->waiting.end = &c->waiting.first;
    c->ended.end = &c->ended.first;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->submitted, NULL);
    int error = threaded ? pthread_create(&c->thread, NULL, run, c) : 0;
    if (error) {
        free(c);
        errno = error;
        return NULL;
    }
    return c;
}

void checker_destroy(struct checker *c)
{
    if (!c)
        return;
    if (c->threaded) {
        pthread_mutex_lock(&c->mutex);
        c->stopping = true;
        pthread_cond_signal(&c->submitted);
        pthread_mutex_unlock(&c->mutex);
        pthread_join(c->thread, NULL);
    }
    pthread_cond_destroy(&c->submitted);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

void checker_submit(struct checker *c, struct check *check)
{
    check->took = 0;
    if (!c->threaded) {
        check_now(check);
        push(&c->ended, check);
        loop_wake(c->loop);
        return;
    }
    pthread_mutex_lock(&c->mutex);
    push(&c->waiting, check);
    pthread_cond_signal(&c->submitted);
    pthread_mutex_unlock(&c->mutex);
}

void checker_collect(struct checker *c)
{
    for (;;) {
        pthread_mutex_lock(&c->mutex);
        struct check *check = pop(&c->ended);
        pthread_mutex_unlock(&c->mutex);
        if (!check)
            return;
        check->done(check);
    }
}
