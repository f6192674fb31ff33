/*
 * multigrid - solves poisson.h's system in a time proportional to its size.
 *
 * Variational (Galerkin) multigrid: prolongation P is bilinear and taken at inside nodes only, restriction is
 * its transpose, and every coarse operator is P^T A P, a 9-point stencil. (A coarse operator made from a
 * coarsened mask instead diverges on real contours.) V(2,2) cycles with Gauss-Seidel, forwards on the way
 * down and backwards on the way up; each cycle takes the residual down by a factor of three or more whatever
 * the size. See Briggs, Henson, McCormick, "A Multigrid Tutorial", 2000. Float is enough down to about 1e-4
 * of the first residual.
 */
#pragma once

#include "poisson.h"

enum { MULTIGRID_LEVELS = 16 };

struct multigrid_level {
    int w, h;
    int *lo, *hi; /* per row: the active nodes lie in [lo, hi) */
    float (
        *stencil)[9]; /* row by row around the node; NULL on the finest level, whose operator is poisson's */
    float *inverse;   /* 1 / the centre; 0 where a node is not active */
    float *u, *b, *r; /* solution, right-hand side, residual; one row of zeros before and behind them */
};

struct multigrid {
    const struct poisson *poisson; /* borrowed */
    int levels;
    float b_norm;
    struct multigrid_level level[MULTIGRID_LEVELS];
};

/* Builds the hierarchy in the arena; u = 0. There must be at least one unknown. */
void multigrid_init(struct multigrid *m, struct arena *arena, const struct poisson *poisson);

/* One V cycle. Returns |residual| / |right-hand side| as it was after the sweeps on the way down, which costs
 * nothing to know and which the rest of the cycle only improves. */
double multigrid_cycle(struct multigrid *m);

/* |residual| / |right-hand side| now. */
double multigrid_residual(struct multigrid *m);

/* The solution, w * h, 0 outside. */
static inline const float *multigrid_solution(const struct multigrid *m)
{
    return m->level[0].u;
}
