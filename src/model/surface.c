#include "surface.h"
#include "rng.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t unseen = UINT32_MAX;

/* Open addressing; a slot holds a vertex of the surface. At most half full, so that a search ends soon. */
struct weld {
    uint32_t *slots;
    size_t mask;
    uint64_t seed; /* keeps a crafted file from making every position collide */
    size_t used;
    size_t capacity; /* of the positions */
};

static uint64_t hash_position(const struct weld *w, const struct vec3 *p)
{
    uint32_t word[3];
    memcpy(word, p, sizeof word);
    uint64_t h = ((word[0] | (uint64_t)word[1] << 32) ^ w->seed) * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 32 ^ word[2]) * (w->seed | 1);
    h = (h ^ h >> 29) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

static bool weld_grow(struct weld *w, struct surface *f)
{
    size_t slots = w->slots ? (w->mask + 1) * 2 : 1024;
    uint32_t *more = malloc(slots * sizeof *more);
    struct vec3 *position = realloc(f->position, slots / 2 * sizeof *position);
    if (position)
        f->position = position;
    if (!more || !position) {
        free(more);
        return false;
    }
    memset(more, 0xff, slots * sizeof *more);
    free(w->slots);
    w->slots = more;
    w->mask = slots - 1;
    w->capacity = slots / 2;
    for (uint32_t i = 0; i < f->vertices; i++) {
        size_t at = hash_position(w, &f->position[i]) & w->mask;
        while (more[at] != unseen)
            at = (at + 1) & w->mask;
        more[at] = i;
    }
    return true;
}

/* The surface's vertex at this position, new or not; there is room for one more. */
static uint32_t weld_vertex(struct weld *w, struct surface *f, struct vec3 p)
{
    p = (struct vec3){p.x + 0, p.y + 0, p.z + 0}; /* -0 is 0 */
    size_t at = hash_position(w, &p) & w->mask;
    for (; w->slots[at] != unseen; at = (at + 1) & w->mask) {
        if (!memcmp(&f->position[w->slots[at]], &p, sizeof p))
            return w->slots[at];
    }
    w->slots[at] = (uint32_t)f->vertices;
    f->position[f->vertices] = p;
    return (uint32_t)f->vertices++;
}

static void keep_triangle(struct surface *f, const uint32_t t[3])
{
    if (t[0] == t[1] || t[1] == t[2] || t[2] == t[0])
        f->degenerate++;
    else
        memcpy(f->triangle[f->triangles++], t, sizeof f->triangle[0]);
}

/* `welded` remembers for an indexed soup what became of each of its vertices. */
static bool weld_all(struct surface *f, const struct soup *s, struct weld *w, uint32_t *welded)
{
    for (size_t i = 0; i < s->triangles; i++) {
        if (f->vertices + 3 > w->capacity && !weld_grow(w, f))
            return false;
        uint32_t t[3];
        for (size_t k = 0; k < 3; k++) {
            if (!s->triangle) {
                t[k] = weld_vertex(w, f, s->position[i * 3 + k]);
                continue;
            }
            uint32_t *to = &welded[s->triangle[i][k]];
            if (*to == unseen)
                *to = weld_vertex(w, f, s->position[s->triangle[i][k]]);
            t[k] = *to;
        }
        keep_triangle(f, t);
    }
    return true;
}

/* An edge seen from the lesser of its ends: the greater one, and in the lowest bit the direction. */
static uint64_t edge_key(uint32_t from, uint32_t to)
{
    return from < to ? (uint64_t)to << 1 : (uint64_t)from << 1 | 1;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_keys(uint64_t *keys, size_t count)
{
    if (count > 32) { /* a fan's hub */
        qsort(keys, count, sizeof *keys, compare_keys);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint64_t key = keys[i];
        size_t at = i;
        for (; at && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

/* Directed edges without exactly one reverse, among those of one lesser end. */
static int64_t count_open(const uint64_t *keys, size_t count)
{
    int64_t open = 0;
    for (size_t i = 0; i < count;) {
        int64_t there = 0, back = 0;
        for (uint64_t end = keys[i] >> 1; i < count && keys[i] >> 1 == end; i++) {
            there += !(keys[i] & 1);
            back += (int64_t)(keys[i] & 1);
        }
        open += (back != 1 ? there : 0) + (there != 1 ? back : 0);
    }
    return open;
}

/* Room for every edge in the bucket of its lesser end: afterwards bucket v begins at start[v + 1]. */
static void place_buckets(const struct surface *f, uint32_t *start)
{
    for (size_t i = 0; i < f->triangles; i++) {
        const uint32_t *t = f->triangle[i];
        start[(t[0] < t[1] ? t[0] : t[1]) + 2]++;
        start[(t[1] < t[2] ? t[1] : t[2]) + 2]++;
        start[(t[2] < t[0] ? t[2] : t[0]) + 2]++;
    }
    for (size_t i = 2; i < f->vertices + 2; i++)
        start[i] += start[i - 1];
}

/* Each bucket's beginning moves on to its end: afterwards bucket v is from start[v] to start[v + 1]. */
static void fill_buckets(const struct surface *f, uint32_t *start, uint64_t *keys)
{
    for (size_t i = 0; i < f->triangles; i++) {
        const uint32_t *t = f->triangle[i];
        for (int k = 0; k < 3; k++) {
            uint32_t a = t[k], b = t[k == 2 ? 0 : k + 1];
            keys[start[(a < b ? a : b) + 1]++] = edge_key(a, b);
        }
    }
}

static bool count_edges(struct surface *f)
{
    uint64_t *keys = malloc((f->triangles * 3 + 1) * sizeof *keys);
    uint32_t *start = calloc(f->vertices + 2, sizeof *start);
    bool ok = keys && start;
    if (ok) {
        place_buckets(f, start);
        fill_buckets(f, start, keys);
        for (size_t i = 0; i < f->vertices; i++) {
            sort_keys(keys + start[i], start[i + 1] - start[i]);
            f->open_edges += count_open(keys + start[i], start[i + 1] - start[i]);
        }
    }
    free(keys);
    free(start);
    return ok;
}

bool surface_init(struct surface *f, const struct soup *s)
{
    *f = (struct surface){.triangle = malloc((s->triangles + 1) * sizeof *f->triangle)};
    struct weld w = {.seed = rng_entropy()};
    uint32_t *welded = NULL;
    bool ok = f->triangle;
    if (ok && s->triangle) {
        welded = malloc((s->vertices + 1) * sizeof *welded);
        ok = welded;
        if (ok)
            memset(welded, 0xff, s->vertices * sizeof *welded);
    }
    ok = ok && weld_all(f, s, &w, welded) && count_edges(f);
    free(w.slots);
    free(welded);
    if (!ok)
        surface_finish(f);
    return ok;
}

void surface_finish(struct surface *f)
{
    free(f->triangle);
    free(f->position);
    *f = (struct surface){0};
}
