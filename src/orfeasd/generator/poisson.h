/*
 * poisson - the equation behind the shape: -div grad u + lambda u = 4 inside, u = 0 on the contour.
 *
 * The surface is z = sqrt(u) ("Ink-and-Ray", Sykora et al., ACM TOG 33(2), 2014). With a right-hand side of 4
 * and lambda = 0 a disk of radius R has u = R^2 - r^2: a ball; an infinite strip of half width a has u = 2
 * (a^2 - x^2). lambda = 4 / d^2 keeps the depth below d.
 *
 * Unit of length: the distance of two nodes. Where the contour lies at theta (see contour.h) between an
 * inside node i and an outside neighbour, the row of i gets 1/theta on the diagonal and nothing off it
 * (Gibou, Fedkiw, Cheng, Kang, "A second-order-accurate symmetric discretization of the Poisson equation on
 * irregular domains", J. Comput. Phys. 176, 2002): symmetric, positive definite.
 */
#pragma once

#include "arena.h"
#include "contour.h"

#define POISSON_SOURCE 4.0f

struct poisson {
    int w, h;
    int unknowns;
    int *lo, *hi;   /* per row: the inside nodes lie in [lo, hi) */
    float *diag;    /* w * h; 0 outside. Off the diagonal: -1 between inside neighbours */
    float *inverse; /* 1 / diag; 0 outside */
};

/* The outermost nodes must be outside. Arrays live in the arena. */
void poisson_init(struct poisson *p, struct arena *arena, int w, int h, const float *alpha,
                  enum contour_rule rule, float lambda);
