/*
 * surface - a soup put together: equal positions as one vertex, and how the triangles meet along their edges.
 * Internal to this folder.
 */
#pragma once

#include "soup.h"

struct surface {
    uint32_t (*triangle)[3]; /* of distinct vertices; only those with three different corners */
    size_t triangles;
    size_t degenerate;     /* the others */
    struct vec3 *position; /* of the distinct vertices that a triangle names */
    size_t vertices;
    int64_t open_edges;
};

/* All of it, from a soup with finite positions and indices in range. False when there is no memory. */
bool surface_init(struct surface *f, const struct soup *s);
void surface_finish(struct surface *f);
