/*
 * arena - memory with one lifetime.
 *
 * A chain of blocks that only grows until arena_reset() or arena_finish(). Who creates an arena owns
 * everything in it. Not thread-safe: one arena belongs to one thread at a time. Running past the stated
 * maximum, or out of memory, aborts with the arena's name: a maximum is a promise of the caller, not an input
 * that can be wrong.
 */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
    const char *name; /* for the abort message; not copied */
    size_t max_bytes; /* of all blocks together */
    size_t held_bytes;
    size_t first_bytes;        /* the first block's size; may be changed before anything was allocated */
    struct arena_block *first; /* blocks are kept over a reset and used again in the same order */
    struct arena_block *current;
};

void arena_init(struct arena *a, const char *name, size_t max_bytes);
/* Frees every block. Safe on an arena that is zero. */
void arena_finish(struct arena *a);
/* Forgets the content, keeps the blocks. */
void arena_reset(struct arena *a);

/* `into` gets all of `from`, what it holds and what it may hold at most; `from` is left empty. */
void arena_adopt(struct arena *into, struct arena *from);

/* Zeroed memory for `count` things of `size` bytes, aligned for any type (16). Never NULL. */
void *arena_alloc(struct arena *a, size_t count, size_t size);
/* A NUL-terminated copy of `len` bytes. */
char *arena_copy(struct arena *a, const char *bytes, size_t len);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(a, type, count) ((type *)arena_alloc((a), (size_t)(count), sizeof(type)))
