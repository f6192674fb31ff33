/*
 * topology - is this mesh what the mask promises? Counted without any of the mesher's code.
 */
#pragma once

#include "mesh.h"

#include <stdbool.h>

struct topology {
    long duplicate;  /* directed edges that exist more than once */
    long open;       /* directed edges without a reverse */
    long euler;      /* vertices - edges + triangles */
    bool finite;     /* every coordinate and normal */
    double smallest; /* area of the smallest triangle */
    double volume;
};

struct topology topology_of(const struct mesh *m);

/* Pieces and holes of {alpha > 0.5f}; where only opposite corners of a cell are inside they hang together
 * when the mean of the four alphas is inside. A closed surface over it has the Euler characteristic 2 *
 * pieces - 2 * holes. */
void topology_expected(const float *alpha, int w, int h, int *ret_pieces, int *ret_holes);
