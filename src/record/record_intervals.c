#include "record.h"

#include <string.h>

enum { INTERVALS_MAX_BYTES = 1 << 30 };

void record_intervals_init(struct record_intervals *v, struct record_interval *items)
{
    *v = (struct record_intervals){
        .length = RECORD_INTERVAL_FIRST, .items = items, .open = hist_create(), .open_until = 0};
    arena_init(&v->arena, "intervals", INTERVALS_MAX_BYTES);
    arena_init(&v->previous, "intervals", INTERVALS_MAX_BYTES);
}

void record_intervals_finish(struct record_intervals *v)
{
    hist_destroy(v->open);
    arena_finish(&v->arena);
    arena_finish(&v->previous);
}

/* ---- joining ---- */

static void add_counts(struct record_interval *into, const struct record_interval *from)
{
    into->started += from->started;
    into->accepted += from->accepted;
    into->ok += from->ok;
    into->failed += from->failed;
    into->unfinished += from->unfinished;
    into->censored += from->censored;
    into->under_way += from->under_way;
}

static int64_t left_under_way(const struct record_interval *i)
{
    return i->started - i->ok - i->failed - i->unfinished;
}

/* What is under way at the end of the first is so for all of the second, unless it ends there. */
static struct record_interval one_after_the_other(const struct record_interval *first,
                                                  const struct record_interval *second, nsec length)
{
    struct record_interval out = *first;
    add_counts(&out, second);
    out.under_way += left_under_way(first) * length;
    out.second = second->generation;
    return out;
}

static struct record_interval side_by_side(const struct record_interval *a, const struct record_interval *b,
                                           struct arena *arena)
{
    struct record_interval out = *a;
    add_counts(&out, b);
    out.generation = hist_compact_join(&a->generation, &b->generation, arena);
    return out;
}

static void join_halves(struct record_intervals *v)
{
    struct record_interval *i = &v->items[v->joined++];
    i->generation = hist_compact_join(&i->generation, &i->second, &v->arena);
    i->second = (struct hist_compact){0};
}

static void join_all_halves(struct record_intervals *v)
{
    while (v->joined < v->halved)
        join_halves(v);
}

static void close_open(struct record_intervals *v)
{
    if (v->joined < v->halved)
        join_halves(v);
    if (v->count && v->open)
        v->items[v->count - 1].generation = hist_compact_of(v->open, &v->arena);
    if (v->open)
        hist_clear(v->open);
}

/* The halves' arena becomes the one that all are joined into, its memory is used again. */
static void swap_arenas(struct record_intervals *v)
{
    struct arena full = v->arena;
    v->arena = v->previous;
    v->previous = full;
    arena_reset(&v->arena);
}

/* Neighbours become halves of one; none is open. */
static void coarsen(struct record_intervals *v)
{
    static const struct record_interval none;
    join_all_halves(v);
    swap_arenas(v);
    int count = (v->count + 1) / 2;
    for (int i = 0; i < count; i++)
        v->items[i] = one_after_the_other(&v->items[2 * i],
                                          2 * i + 1 < v->count ? &v->items[2 * i + 1] : &none, v->length);
    memset(v->items + count, 0, (size_t)(v->count - count) * sizeof *v->items);
    v->joined = 0;
    v->halved = v->count = count;
    v->length *= 2;
}

/* ---- writing ---- */

static void open_next(struct record_intervals *v, nsec at)
{
    close_open(v);
    while (at / v->length >= RECORD_INTERVALS_MAX)
        coarsen(v);
    v->count = (int)(at / v->length) + 1;
    v->open_until = v->count * v->length;
}

/* What is left of the open interval at that time, which is in it or opens the next. */
static nsec reach(struct record_intervals *v, nsec at)
{
    if (at < 0)
        at = 0;
    if (at >= v->open_until)
        open_next(v, at);
    nsec left = v->open_until - at;
    return left < v->length ? left : v->length;
}

void record_intervals_started(struct record_intervals *v, const struct record_job *job)
{
    nsec left = reach(v, job->sent);
    struct record_interval *i = &v->items[v->count - 1];
    i->started++;
    i->under_way += left;
}

void record_intervals_ended(struct record_intervals *v, const struct record_job *job, nsec generation)
{
    nsec left = reach(v, job->ended);
    struct record_interval *i = &v->items[v->count - 1];
    i->under_way -= left;
    i->accepted += job->accepted;
    i->ok += job->outcome == JOB_OK;
    i->failed += job->outcome == JOB_FAILED;
    i->unfinished += job->outcome == JOB_UNFINISHED;
    i->censored += job->outcome == JOB_FAILED && job->fail == FAIL_TIMEOUT;
    if (generation >= 0 && job->outcome == JOB_OK)
        hist_add(v->open, generation);
}

/* ---- afterwards ---- */

static void close_all(struct record_intervals *v)
{
    close_open(v);
    join_all_halves(v);
    hist_destroy(v->open);
    v->open = NULL;
}

void record_intervals_merge(struct record_intervals *into, struct record_intervals *from)
{
    close_all(into);
    close_all(from);
    while (into->length < from->length)
        coarsen(into);
    while (from->length < into->length)
        coarsen(from);
    join_all_halves(into);
    join_all_halves(from);
    swap_arenas(into); /* what is joined into the one lies in the other until then */
    if (from->count > into->count)
        into->count = from->count;
    for (int i = 0; i < into->count; i++)
        into->items[i] = side_by_side(&into->items[i], &from->items[i], &into->arena);
}

static bool is_open(const struct record_intervals *v, int interval)
{
    return v->open && interval == v->count - 1;
}

void record_intervals_add_to(const struct record_intervals *v, int interval, struct hist *into)
{
    if (is_open(v, interval)) {
        hist_merge(into, v->open);
        return;
    }
    hist_add_compact(into, &v->items[interval].generation);
    hist_add_compact(into, &v->items[interval].second);
}

int64_t record_intervals_generations(const struct record_intervals *v, int interval)
{
    const struct record_interval *i = &v->items[interval];
    return is_open(v, interval) ? hist_count(v->open) : i->generation.facts.count + i->second.facts.count;
}
