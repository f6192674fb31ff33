/*
 * promtext_set - a set of fingerprints that grows up to a stated number and is emptied without being freed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct promtext_set {
    uint64_t *slots; /* 0: free */
    size_t capacity; /* a power of two, at least twice `count` */
    size_t count, max;
};

enum promtext_added { PROMTEXT_NEW, PROMTEXT_KNOWN, PROMTEXT_FULL };

/* Aborts without memory. */
enum promtext_added promtext_set_add(struct promtext_set *s, uint64_t key);
void promtext_set_clear(struct promtext_set *s);
void promtext_set_finish(struct promtext_set *s);

/* FNV-1a, continued from `hash`; begin with PROMTEXT_HASH. */
#define PROMTEXT_HASH 0xcbf29ce484222325u
uint64_t promtext_hash(uint64_t hash, const char *bytes, size_t len);
/* So that sums of hashes are as good as hashes (the finaliser of splitmix64). */
uint64_t promtext_mix(uint64_t hash);
