#include "promtext_set.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

uint64_t promtext_hash(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash;
}

uint64_t promtext_mix(uint64_t hash)
{
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return hash ^ hash >> 31;
}

/* Where the key is, or would go. */
static uint64_t *slot_of(const struct promtext_set *s, uint64_t key)
{
    size_t at = key & (s->capacity - 1);
    while (s->slots[at] && s->slots[at] != key)
        at = (at + 1) & (s->capacity - 1);
    return &s->slots[at];
}

static void grow(struct promtext_set *s)
{
    struct promtext_set more = *s;
    more.capacity = s->capacity ? s->capacity * 2 : FIRST_CAPACITY;
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (!more.slots)
        abort();
    for (size_t i = 0; i < s->capacity; i++)
        if (s->slots[i])
            *slot_of(&more, s->slots[i]) = s->slots[i];
    free(s->slots);
    *s = more;
}

enum promtext_added promtext_set_add(struct promtext_set *s, uint64_t key)
{
    key = promtext_mix(key);
    key += !key;
    if (2 * (s->count + 1) > s->capacity && s->count < s->max)
        grow(s);
    uint64_t *slot = slot_of(s, key);
    if (*slot)
        return PROMTEXT_KNOWN;
    if (s->count == s->max)
        return PROMTEXT_FULL;
    *slot = key;
    s->count++;
    return PROMTEXT_NEW;
}

void promtext_set_clear(struct promtext_set *s)
{
    if (s->count)
        memset(s->slots, 0, s->capacity * sizeof *s->slots);
    s->count = 0;
}

void promtext_set_finish(struct promtext_set *s)
{
    free(s->slots);
    *s = (struct promtext_set){0};
}
