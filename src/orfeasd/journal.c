#include "journal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
    struct journal_entry *first, **last;
};

struct journal {
    struct loop *loop;
    const struct store *store;
    pthread_mutex_t lock; /* guards waiting, done and stop */
    pthread_cond_t more;
    struct queue waiting, done;
    bool stop;
    pthread_t thread;
};

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->last = &q->first;
}

static void queue_add(struct queue *q, struct journal_entry *entry)
{
    entry->next = NULL;
    *q->last = entry;
    q->last = &entry->next;
}

/* NULL: it is to stop, and nothing is left. */
static struct journal_entry *next_entry(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    while (!j->stop && !j->waiting.first)
        pthread_cond_wait(&j->more, &j->lock);
    struct journal_entry *entry = j->waiting.first;
    if (entry && !(j->waiting.first = entry->next))
        j->waiting.last = &j->waiting.first;
    pthread_mutex_unlock(&j->lock);
    return entry;
}

static void *run_thread(void *context)
{
    struct journal *j = context;
    for (struct journal_entry *entry; (entry = next_entry(j));) {
        entry->error = store_write_record(j->store, &entry->id, &entry->text, true);
        pthread_mutex_lock(&j->lock);
        queue_add(&j->done, entry);
        pthread_mutex_unlock(&j->lock);
        loop_wake(j->loop);
    }
    return NULL;
}

struct journal *journal_create(struct loop *loop, const struct store *store)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->loop = loop;
    j->store = store;
    queue_init(&j->waiting);
    queue_init(&j->done);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->more, NULL);
    int error = pthread_create(&j->thread, NULL, run_thread, j);
    if (!error)
        return j;
    free(j);
    errno = error;
    return NULL;
}

void journal_destroy(struct journal *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_signal(&j->more);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    pthread_cond_destroy(&j->more);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

void journal_push(struct journal *j, struct journal_entry *entry)
{
    pthread_mutex_lock(&j->lock);
    queue_add(&j->waiting, entry);
    pthread_cond_signal(&j->more);
    pthread_mutex_unlock(&j->lock);
}

struct journal_entry *journal_take_done(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    struct journal_entry *first = j->done.first;
    queue_init(&j->done);
    pthread_mutex_unlock(&j->lock);
    return first;
}
