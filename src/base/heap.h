/*
 * heap - an intrusive binary min-heap of things with a due time.
 *
 * The nodes belong to the caller and must stay where they are while they are in the heap; the heap only keeps
 * pointers to them. Equal times come out in the order in which they went in. Not thread-safe.
 */
#pragma once

#include "clock.h"

struct heap_node {
    nsec due;
    uint64_t order; /* set by heap_add */
    int index;      /* 1-based place in the heap; 0: not in it. Zero the node before its first use. */
};

struct heap {
    struct heap_node **nodes; /* 1-based */
    int count;
    int capacity;
    uint64_t added;
};

void heap_init(struct heap *h);
void heap_finish(struct heap *h);
/* The node is in no heap. */
void heap_add(struct heap *h, struct heap_node *node, nsec due);
/* Does nothing when the node is in no heap. */
void heap_remove(struct heap *h, struct heap_node *node);
/* The earliest, or NULL. */
struct heap_node *heap_first(const struct heap *h);
