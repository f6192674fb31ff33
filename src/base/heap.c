#include "heap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

void heap_init(struct heap *h)
{
    *h = (struct heap){0};
}

void heap_finish(struct heap *h)
{
    free(h->nodes);
    heap_init(h);
}

static bool earlier(const struct heap_node *a, const struct heap_node *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct heap *h, int index, struct heap_node *node)
{
    h->nodes[index] = node;
    node->index = index;
}

static void sift_up(struct heap *h, int index, struct heap_node *node)
{
    while (index > 1 && earlier(node, h->nodes[index / 2])) {
        put(h, index, h->nodes[index / 2]);
        index /= 2;
    }
    put(h, index, node);
}

static void sift_down(struct heap *h, int index, struct heap_node *node)
{
    for (int child; (child = index * 2) <= h->count; index = child) {
        if (child < h->count && earlier(h->nodes[child + 1], h->nodes[child]))
            child++;
        if (!earlier(h->nodes[child], node))
            break;
        put(h, index, h->nodes[child]);
    }
    put(h, index, node);
}

void heap_add(struct heap *h, struct heap_node *node, nsec due)
{
    assert(node->index == 0);
    if (h->count + 2 > h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 64;
        h->nodes = realloc(h->nodes, (size_t)h->capacity * sizeof h->nodes[0]);
        if (!h->nodes)
            abort();
    }
    node->due = due;
    node->order = h->added++;
    sift_up(h, ++h->count, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
    int index = node->index;
    if (index == 0)
        return;
    assert(h->nodes[index] == node);
    node->index = 0;
    struct heap_node *last = h->nodes[h->count--];
    if (last == node)
        return;
    if (index > 1 && earlier(last, h->nodes[index / 2]))
        sift_up(h, index, last);
    else
        sift_down(h, index, last);
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->count ? h->nodes[1] : NULL;
}
