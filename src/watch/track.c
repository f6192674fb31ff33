#include "track.h"

#include "bucket.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * TRACK_SERIES_MAX };

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        abort();
    return memory;
}

void track_init(struct track *t, const struct promtext_selector *selectors, int count, struct record *log)
{
    *t = (struct track){.selectors = selectors, .count = count, .first_series = log->series_count};
    t->metrics = room((size_t)count, sizeof *t->metrics);
    t->series = room(count ? TRACK_SERIES_MAX : 0, sizeof *t->series);
    t->slots = room(SLOTS, sizeof *t->slots);
    memset(t->slots, 0xff, SLOTS * sizeof *t->slots);
    for (int i = 0; i < count; i++) {
        t->metrics[i].first = t->metrics[i].last = NAN;
        record_add_series(log, selectors[i].text, "");
    }
}

void track_finish(struct track *t)
{
    free(t->metrics);
    free(t->series);
    free(t->slots);
}

/* ---- one sample ---- */

/* Where its number stands, or would. */
static int *slot_of(const struct track *t, uint64_t key)
{
    size_t slot = promtext_mix(key) % SLOTS;
    while (t->slots[slot] >= 0 && t->series[t->slots[slot]].key != key)
        slot = (slot + 1) % SLOTS;
    return &t->slots[slot];
}

/* Its place, made when there is none; NULL: there is no room. */
static struct track_series *series_of(struct track *t, uint64_t key)
{
    int *slot = slot_of(t, key);
    if (*slot >= 0)
        return &t->series[*slot];
    if (t->series_count == TRACK_SERIES_MAX)
        return NULL;
    *slot = t->series_count;
    t->series[t->series_count] = (struct track_series){.key = key, .metric = -1};
    return &t->series[t->series_count++];
}

/* Of a histogram or a summary the count stands for the whole; a part that is named itself stands for itself.
 */
static bool stands_for(const struct promtext_selector *selector, const struct promtext_sample *s)
{
    bool by_name = promtext_is(s->name, selector->name);
    return s->part == PROMTEXT_VALUE || s->part == PROMTEXT_COUNT ||
           (by_name && (s->part == PROMTEXT_SUM || s->part == PROMTEXT_BUCKET));
}

static uint64_t birth_key(int metric, uint64_t group)
{
    return promtext_mix(group + 1) + promtext_mix((uint64_t)metric);
}

static void keep(struct track *t, int metric, const struct promtext_sample *s, enum track_kind kind)
{
    uint64_t own = s->series + promtext_mix((uint64_t)metric);
    struct track_series *series = series_of(t, kind == TRACK_BIRTH ? birth_key(metric, s->group) : own);
    if (!series) {
        t->unkept++;
        return;
    }
    series->metric = metric;
    series->kind = kind;
    series->group = s->group;
    series->bound = s->bound;
    series->now = s->value;
    series->seen = true;
}

static void note_type(struct track *t, int metric, const struct promtext_sample *s)
{
    t->metrics[metric].declared = true;
    t->metrics[metric].type = s->type;
}

void track_declare(struct track *t, const struct promtext_sample *s)
{
    for (int i = 0; i < t->count; i++)
        if (promtext_names(&t->selectors[i], s))
            note_type(t, i, s);
}

void track_take(struct track *t, const struct promtext_sample *s)
{
    for (int i = 0; i < t->count; i++) {
        const struct promtext_selector *selector = &t->selectors[i];
        if (!promtext_names(selector, s))
            continue;
        note_type(t, i, s);
        bool whole = stands_for(selector, s), birth = s->part == PROMTEXT_CREATED;
        if (isfinite(s->value) && (whole || birth || s->part == PROMTEXT_BUCKET) &&
            promtext_selects(selector, s))
            keep(t, i, s, whole ? TRACK_WHOLE : birth ? TRACK_BIRTH : TRACK_BUCKET);
    }
}

/* ---- one scrape ---- */

static bool counts(enum promtext_type type)
{
    return type == PROMTEXT_COUNTER || type == PROMTEXT_HISTOGRAM || type == PROMTEXT_SUMMARY ||
           type == PROMTEXT_UNTYPED;
}

/* Returns true when it was reset. */
static bool settle_series(struct track *t, struct track_series *s, bool restarted)
{
    struct track_metric *m = &t->metrics[s->metric];
    bool first = !s->known && t->scrapes == 0,
         reset = s->known && counts(m->type) && (restarted || s->now < s->last);
    double before = first ? s->now : reset || !s->known ? 0 : s->last;
    s->grew += s->now - before;
    m->moved |= s->kind == TRACK_WHOLE && !first && s->now != (s->known ? s->last : 0);
    s->last = s->now;
    s->known = true;
    s->seen = false;
    return reset;
}

static void settle_metric(struct track *t, int metric, nsec at, struct record *log)
{
    struct track_metric *m = &t->metrics[metric];
    m->resets += m->reset;
    m->reset = false;
    if (!m->series)
        return;
    record_add_point(log, &log->series[t->first_series + metric], at, m->last);
    if (isnan(m->first))
        m->first = m->last;
}

void track_forget(struct track *t)
{
    for (int i = 0; i < t->series_count; i++)
        t->series[i].seen = false;
}

/* Before the others. */
static void settle_births(struct track *t)
{
    for (int i = 0; i < t->series_count; i++) {
        struct track_series *s = &t->series[i];
        if (s->kind != TRACK_BIRTH)
            continue;
        s->changed = s->seen && s->known && s->now != s->last;
        s->last = s->seen ? s->now : s->last;
        s->known |= s->seen;
        s->seen = false;
    }
}

static bool is_born_again(const struct track *t, const struct track_series *s)
{
    int birth = *slot_of(t, birth_key(s->metric, s->group));
    return birth >= 0 && t->series[birth].changed;
}

void track_settle(struct track *t, nsec at, bool restarted, struct record *log)
{
    for (int i = 0; i < t->count; i++)
        t->metrics[i].series = 0;
    settle_births(t);
    for (int i = 0; i < t->series_count; i++) {
        struct track_series *s = &t->series[i];
        struct track_metric *m = &t->metrics[s->metric];
        if (!s->seen)
            continue;
        if (s->kind == TRACK_WHOLE)
            m->last = m->series++ ? m->last + s->now : s->now;
        m->reset |= settle_series(t, s, restarted || is_born_again(t, s));
    }
    for (int i = 0; i < t->count; i++)
        settle_metric(t, i, at, log);
    t->scrapes++;
}

/* ---- in all ---- */

static void collect_quantiles(const struct track *t, int metric, struct arena *arena,
                              struct record_metric *ret)
{
    struct bucket *buckets = arena_new(arena, struct bucket, t->series_count + 1);
    int count = 0;
    for (int i = 0; i < t->series_count; i++)
        if (t->series[i].metric == metric && t->series[i].kind == TRACK_BUCKET)
            buckets[count++] = (struct bucket){t->series[i].bound, t->series[i].grew};
    count = bucket_tidy(buckets, count);
    ret->p50 = bucket_quantile(buckets, count, 0.5);
    ret->p95 = bucket_quantile(buckets, count, 0.95);
    ret->p99 = bucket_quantile(buckets, count, 0.99);
}

void track_collect(const struct track *t, int metric, struct arena *arena, struct record_metric *ret)
{
    const struct track_metric *m = &t->metrics[metric];
    *ret = (struct record_metric){
        .name = arena_copy(arena, t->selectors[metric].text, strlen(t->selectors[metric].text)),
        .type = m->declared ? promtext_type_names[m->type] : NULL,
        .series = m->series,
        .moved = m->moved,
        .resets = m->resets,
        .first = m->first,
        .last = m->last,
    };
    for (int i = 0; i < t->series_count; i++)
        if (t->series[i].metric == metric && t->series[i].kind == TRACK_WHOLE)
            ret->grew += t->series[i].grew;
    struct arena scratch;
    arena_init(&scratch, "buckets", 1 << 20);
    collect_quantiles(t, metric, &scratch, ret);
    arena_finish(&scratch);
}
