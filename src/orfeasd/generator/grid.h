/*
 * grid - the nodes on which a shape is computed: how much of each one's cell the object covers.
 *
 * A node is inside when its alpha is above CONTOUR_ISO. At least GRID_PAD nodes on every side are outside, so
 * an object that touches the picture's border is closed there like anywhere else. Arrays live in the caller's
 * arena.
 */
#pragma once

#include "arena.h"
#include "contour.h"
#include "resample.h"

enum { GRID_PAD = 2 };

struct grid {
    int w, h;     /* nodes, padding included */
    int longer;   /* nodes along the picture's longer side, without the padding */
    double cell;  /* pixels between two nodes */
    float *alpha; /* w * h, rows from the top */
    enum contour_rule rule;
    struct resample_axis x, y;
};

/* Nodes along the longer side of a picture that is not smaller than that: 32 for quality 1, 128 for 7, 512
 * for 10. */
int grid_nodes(int quality);

/* `quality` from 1 to 10. The alpha channel must be the object's. A small picture gets at most five nodes a
 * pixel; a very long and narrow one gets more nodes along it, so that some lie across. Never more than
 * grid_nodes()^2 inside. */
void grid_init(struct grid *g, struct arena *arena, const struct picture *picture, int quality);

/* Drops components below `min_share` of the inside nodes (the largest always stays) and fills enclosed holes
 * below `max_hole` of them. Inside is connected over edges, and so is outside. Returns the number of inside
 * nodes left. */
int grid_clean(struct grid *g, struct arena *arena, double min_share, double max_hole);
