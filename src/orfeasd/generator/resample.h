/*
 * resample - a picture seen through a coarser or finer grid of nodes.
 *
 * Node i of an axis sits at pixel (i - origin) * cell, so with an origin of -1/2 the first cell starts at the
 * picture's edge; what lies outside the picture is transparent. With cells of a pixel and more a node is the
 * mean over its cell (every pixel counts, by the area that it shares); with smaller ones it is interpolated
 * linearly between pixel centres. Both are separable, so each axis is a table of weights that is made once.
 * Everything lives in the caller's arena; any thread.
 */
#pragma once

#include "arena.h"
#include "picture.h"

struct resample_axis {
    int nodes;
    int pixels;
    int taps;      /* columns of `weight` */
    int *first;    /* per node: its first pixel */
    int *count;    /* and how many; 0 outside the picture */
    float *weight; /* nodes * taps */
};

void resample_axis_init(struct resample_axis *axis, struct arena *arena, int pixels, int nodes, double cell,
                        double origin);

/* The alpha channel, 0 to 1, into out[y->nodes * x->nodes]. With `step` a pixel counts as opaque from an
 * alpha of 128, and else as transparent. */
void resample_alpha(const struct resample_axis *x, const struct resample_axis *y, struct arena *arena,
                    const struct picture *picture, bool step, float *out);

/* One row of nodes, row `j` of `y`: colour times alpha (0 to 255) and alpha (0 to 1), four floats a node.
 * `column` is scratch, four floats a pixel of the picture's width. */
void resample_colour_row(const struct resample_axis *x, const struct resample_axis *y, int j,
                         const struct picture *picture, float *column, float (*out)[4]);
