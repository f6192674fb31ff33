#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void arena_init(struct arena *a, const char *name, size_t max_bytes)
{
    *a = (struct arena){.name = name, .max_bytes = max_bytes, .first_bytes = FIRST_BLOCK};
}

void arena_finish(struct arena *a)
{
    for (struct arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->first = a->current = NULL;
    a->held_bytes = 0;
}

void arena_reset(struct arena *a)
{
    for (struct arena_block *b = a->first; b; b = b->next)
        b->used = 0;
    a->current = a->first;
}

void arena_adopt(struct arena *into, struct arena *from)
{
    struct arena_block **end = &from->first;
    while (*end)
        end = &(*end)->next;
    /* In front of the current block: their rest is used after a reset only. */
    *end = into->first;
    into->first = from->first;
    into->held_bytes += from->held_bytes;
    into->max_bytes += from->max_bytes;
    *from = (struct arena){.name = from->name, .max_bytes = from->max_bytes};
}

static _Noreturn void out_of_memory(const struct arena *a, size_t wanted)
{
    fprintf(stderr, "arena '%s': no room for %zu bytes more (holds %zu, at most %zu)\n", a->name, wanted,
            a->held_bytes, a->max_bytes);
    abort();
}

/* Puts a block of at least `wanted` bytes behind the current one. */
static struct arena_block *add_block(struct arena *a, size_t wanted)
{
    size_t size = a->current ? a->current->size * 2 : a->first_bytes;
    if (size > a->max_bytes - a->held_bytes)
        size = a->max_bytes - a->held_bytes;
    if (size < wanted)
        size = wanted;
    if (wanted > a->max_bytes - a->held_bytes)
        out_of_memory(a, wanted);
    struct arena_block *b = malloc(sizeof *b + size);
    if (!b)
        out_of_memory(a, wanted);
    *b = (struct arena_block){.size = size};
    a->held_bytes += size;
    if (a->current) {
        b->next = a->current->next;
        a->current->next = b;
    } else {
        b->next = a->first;
        a->first = b;
    }
    return b;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
        out_of_memory(a, SIZE_MAX);
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_block *b = a->current;
    while (b && b->size - b->used < bytes)
        b = b->next;
    if (!b)
        b = add_block(a, bytes);
    a->current = b;
    void *p = b->bytes + b->used;
    b->used += bytes;
    return memset(p, 0, bytes);
}

char *arena_copy(struct arena *a, const char *bytes, size_t len)
{
    char *copy = arena_alloc(a, len + 1, 1);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(a, (size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
