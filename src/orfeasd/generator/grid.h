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
    int w, h;      /* nodes, padding included */
    int longer;    /* nodes along the picture's longer side, without the padding */
    double cell;   /* pixels between two nodes */
    double origin; /* node i of a row or column sits at pixel (i - origin) * cell */
    float *alpha;  /* w * h, rows from the top */
    enum contour_rule rule;
    struct resample_axis x, y;
};

/* Nodes along the longer side of a picture that is not smaller than that: 32 for quality 1, 128 for 7, 512
 * for 10. */
int grid_nodes(int quality);

/* `quality` from 1 to 10. The alpha channel must be the object's. A small picture gets a whole number of
 * nodes a pixel, five at most, one of them on the pixel's centre: so a pixel is inside just when its own
 * alpha says so, and lines of a pixel's width are kept. A very long and narrow one gets more nodes along it,
 * so that some lie across. From quality 7 upwards one of thin lines gets more of them, up to 16 times
 * as many as quality 7 has and up to 512^2, until the lines show. Any other
 * gets at most 9/4 grid_nodes()^2 (from rounding to whole numbers). A better quality never has fewer nodes.
 */
void grid_init(struct grid *g, struct arena *arena, const struct picture *picture, int quality);

/* What may be lost, as shares of the inside nodes. */
struct grid_losses {
    double each;     /* a speck or a hole is smaller than this */
    double together; /* and so are all specks that are dropped, and all holes that are filled */
};

/* Drops specks and fills enclosed holes, the smallest first. The largest component always stays; of a picture
 * that is made of small parts all but a few do. Inside is connected over edges, and so is outside. Returns
 * the number of inside nodes left. */
int grid_clean(struct grid *g, struct arena *arena, const struct grid_losses *losses);
