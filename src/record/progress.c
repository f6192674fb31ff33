#include "progress.h"

#include <stdlib.h>
#include <string.h>

void progress_init(struct progress *p, int workers)
{
    size_t bytes = (size_t)workers * sizeof p->shares[0];
    *p = (struct progress){.shares = aligned_alloc(_Alignof(struct progress_share), bytes), .count = workers};
    if (!p->shares)
        abort();
    memset(p->shares, 0, bytes);
    for (int i = 0; i < workers; i++)
        atomic_init(&p->shares[i].phase, -1);
}

void progress_finish(struct progress *p)
{
    free(p->shares);
    *p = (struct progress){0};
}

/* One writer: no read-modify-write that locks is needed. */
void progress_add(atomic_int_fast64_t *counter, int64_t change)
{
    int64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + change, memory_order_relaxed);
}

void progress_generation(struct progress_share *s, nsec took)
{
    int at = atomic_load_explicit(&s->recent_count, memory_order_relaxed);
    atomic_store_explicit(&s->recent[at % PROGRESS_RECENT], took, memory_order_relaxed);
    /* It stays positive: only its remainder and whether the ring is full matter. */
    at = at + 1 < 2 * PROGRESS_RECENT ? at + 1 : PROGRESS_RECENT;
    atomic_store_explicit(&s->recent_count, at, memory_order_release);
}

void progress_read(const struct progress *p, struct progress_view *ret)
{
    *ret = (struct progress_view){.phase = -1, .draining = p->count > 0};
    for (int i = 0; i < p->count; i++) {
        const struct progress_share *s = &p->shares[i];
        int phase = atomic_load(&s->phase);
        nsec began = atomic_load(&s->load_began);
        ret->phase = phase > ret->phase ? phase : ret->phase;
        ret->users += atomic_load(&s->users);
        ret->in_flight += atomic_load(&s->in_flight);
        ret->started += atomic_load(&s->started);
        ret->ok += atomic_load(&s->ok);
        ret->failed += atomic_load(&s->failed);
        ret->draining &= atomic_load(&s->draining);
        if (began && (!ret->load_began || began < ret->load_began))
            ret->load_began = began;
    }
}

static int ascending(const void *a, const void *b)
{
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

int progress_recent(const struct progress *p, nsec *ret, int room)
{
    int total = 0;
    for (int i = 0; i < p->count; i++) {
        const struct progress_share *s = &p->shares[i];
        int count = atomic_load_explicit(&s->recent_count, memory_order_acquire);
        count = count < PROGRESS_RECENT ? count : PROGRESS_RECENT;
        for (int k = 0; k < count && total < room; k++)
            ret[total++] = atomic_load_explicit(&s->recent[k], memory_order_relaxed);
    }
    qsort(ret, (size_t)total, sizeof *ret, ascending);
    return total;
}
