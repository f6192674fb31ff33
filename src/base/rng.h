/*
 * rng - seeded random numbers: xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64.
 *
 * Every purpose has a stream of its own, so that one more draw here changes nothing there. The caller owns
 * the state; not thread-safe.
 */
#pragma once

#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* The same (seed, stream) gives the same numbers on every machine. */
void rng_init(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
/* In [0, 1), 53 bits. */
double rng_unit(struct rng *r);
/* In [low, high], without bias worth the name for ranges far below 2^64. */
int64_t rng_range(struct rng *r, int64_t low, int64_t high);
/* Standard normal (Box and Muller 1958). */
double rng_normal(struct rng *r);
/* From the kernel, for a run that names no seed. */
uint64_t rng_entropy(void);
