/*
 * shapes - alpha grids and pictures with known answers.
 */
#pragma once

#include "picture.h"

/* Every mask is malloc'd, w * h floats, and leaves two outside nodes on every side. The contour lies at alpha
 * 1/2. */
enum shape_kind {
    SHAPE_DISK,
    SHAPE_ELLIPSE,
    SHAPE_RING,
    SHAPE_STRIP,
    SHAPE_NOISE,
    SHAPE_LINES,
    SHAPE_DOT,
    SHAPE_CORNER
};

struct shape_case {
    const char *name;
    enum shape_kind kind;
    int w, h;
};

float *shape_alpha(const struct shape_case *c);

/* Distances in nodes for a grid of `side`: what SHAPE_DISK, SHAPE_ELLIPSE and SHAPE_STRIP use. */
double shape_radius(int side);

/* An RGBA picture; `inside` says by how much (x, y), a point in pixels, lies within the object, in pixels.
 * The object is orange; with `backdrop` >= 0 the picture is opaque and the rest has that grey, else the rest
 * is transparent. */
typedef double shape_distance(double x, double y, int w, int h);
void shape_picture(struct picture *ret, int w, int h, shape_distance *inside, int backdrop);

shape_distance shape_ball, shape_donut, shape_frame, shape_bar, shape_star, shape_everything, shape_nothing;
