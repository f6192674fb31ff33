#include "multigrid.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { SWEEPS = 2, COARSEST_SIDE = 9, COARSEST_SWEEPS = 15 };

/* Node i of a level stands at node i / 2 + 1 of the next: odd ones have two parents there. The + 1 keeps a
 * rim of inactive nodes, so that no stencil reaches over the edge. */
static int coarse_side(int side)
{
    return side / 2 + 3;
}

static float *guarded(struct arena *arena, int w, int h)
{
    return arena_new(arena, float, (size_t)w *(h + 2) + 2) + w + 1;
}

static void level_init(struct multigrid_level *l, struct arena *arena, int w, int h)
{
    l->w = w;
    l->h = h;
    l->u = guarded(arena, w, h);
    l->b = guarded(arena, w, h);
    l->r = guarded(arena, w, h);
}

static void fine_level(struct multigrid *m, struct arena *arena)
{
    const struct poisson *p = m->poisson;
    struct multigrid_level *l = &m->level[0];
    level_init(l, arena, p->w, p->h);
    l->lo = p->lo;
    l->hi = p->hi;
    l->inverse = p->inverse;
    for (int y = 0; y < l->h; y++)
        for (int i = y * l->w + l->lo[y]; i < y * l->w + l->hi[y]; i++)
            l->b[i] = p->inverse[i] > 0 ? POISSON_SOURCE : 0;
    m->b_norm = POISSON_SOURCE * sqrtf((float)p->unknowns);
}

/* The row of A at node i as a 3x3 stencil. */
static void operator_row(const struct multigrid *m, const struct multigrid_level *l, int i, float row[9])
{
    if (l->stencil) {
        memcpy(row, l->stencil[i], sizeof *l->stencil);
        return;
    }
    memset(row, 0, 9 * sizeof *row);
    row[1] = l->inverse[i - l->w] > 0 ? -1 : 0;
    row[3] = l->inverse[i - 1] > 0 ? -1 : 0;
    row[4] = m->poisson->diag[i];
    row[5] = l->inverse[i + 1] > 0 ? -1 : 0;
    row[7] = l->inverse[i + l->w] > 0 ? -1 : 0;
}

/* Three coefficients along one axis, moved from fine nodes at -1, 0, 1 to coarse ones at -1, 0, 1 of the
 * (first) parent. `stride` apart in both. */
static void collapse(const float *fine, int stride, bool odd, float *coarse)
{
    float a = fine[0], b = fine[stride], c = fine[2 * stride];
    coarse[0] = odd ? 0 : 0.5f * a;
    coarse[stride] = odd ? a + 0.5f * b : 0.5f * a + b + 0.5f * c;
    coarse[2 * stride] = odd ? 0.5f * b + c : 0.5f * c;
}

/* Adds fine node (x, y)'s part of P^T A P to its parents' stencils. */
static void add_to_parents(struct multigrid_level *coarse, int x, int y, const float row[9])
{
    float wide[9], both[9];
    bool odd_x = x & 1, odd_y = y & 1;
    for (int k = 0; k < 3; k++)
        collapse(row + 3 * k, 1, odd_x, wide + 3 * k);
    for (int k = 0; k < 3; k++)
        collapse(wide + k, 3, odd_y, both + k);
    float weight = (odd_x ? 0.5f : 1) * (odd_y ? 0.5f : 1);
    int parent = (y / 2 + 1) * coarse->w + x / 2 + 1;
    for (int py = 0; py <= odd_y; py++) {
        for (int px = 0; px <= odd_x; px++) {
            float *to = coarse->stencil[parent + py * coarse->w + px];
            for (int ky = py; ky < 3; ky++)
                for (int kx = px; kx < 3; kx++)
                    to[3 * (ky - py) + kx - px] += weight * both[3 * ky + kx];
        }
    }
}

static void find_active(struct multigrid_level *l)
{
    for (int y = 0; y < l->h; y++) {
        for (int x = 0; x < l->w; x++) {
            int i = y * l->w + x;
            if (!(l->stencil[i][4] > 0))
                continue;
            if (!l->hi[y])
                l->lo[y] = x;
            l->hi[y] = x + 1;
            l->inverse[i] = 1 / l->stencil[i][4];
        }
    }
}

static void coarse_level(struct multigrid *m, struct arena *arena, const struct multigrid_level *fine,
                         struct multigrid_level *coarse)
{
    level_init(coarse, arena, coarse_side(fine->w), coarse_side(fine->h));
    size_t nodes = (size_t)coarse->w * coarse->h;
    coarse->stencil = arena_alloc(arena, nodes, sizeof *coarse->stencil);
    coarse->inverse = arena_new(arena, float, nodes);
    coarse->lo = arena_new(arena, int, coarse->h);
    coarse->hi = arena_new(arena, int, coarse->h);
    for (int y = 0; y < fine->h; y++) {
        for (int x = fine->lo[y]; x < fine->hi[y]; x++) {
            float row[9];
            if (!(fine->inverse[y * fine->w + x] > 0))
                continue;
            operator_row(m, fine, y * fine->w + x, row);
            add_to_parents(coarse, x, y, row);
        }
    }
    find_active(coarse);
}

void multigrid_init(struct multigrid *m, struct arena *arena, const struct poisson *poisson)
{
    *m = (struct multigrid){.poisson = poisson, .levels = 1};
    fine_level(m, arena);
    for (; m->levels < MULTIGRID_LEVELS; m->levels++) {
        const struct multigrid_level *fine = &m->level[m->levels - 1];
        if (fine->w <= COARSEST_SIDE && fine->h <= COARSEST_SIDE)
            break;
        coarse_level(m, arena, fine, &m->level[m->levels]);
    }
}

static inline float sum5(const float *u, int w)
{
    return (u[1] + u[-w]) + u[w] + u[-1];
}

static void sweep5(struct multigrid_level *l, bool backward)
{
    int w = l->w;
    for (int k = 0; k < l->h; k++) {
        int y = backward ? l->h - 1 - k : k, lo = y * w + l->lo[y], hi = y * w + l->hi[y];
        if (backward) {
            for (int i = hi - 1; i >= lo; i--)
                l->u[i] = (l->b[i] + sum5(l->u + i, w)) * l->inverse[i];
        } else {
            for (int i = lo; i < hi; i++)
                l->u[i] = (l->b[i] + sum5(l->u + i, w)) * l->inverse[i];
        }
    }
}

/* The off-diagonal part of a 9-point row times u. */
static inline float sum9(const float *s, const float *u, int w)
{
    return (s[0] * u[-w - 1] + s[1] * u[-w] + s[2] * u[-w + 1]) +
           (s[6] * u[w - 1] + s[7] * u[w] + s[8] * u[w + 1]) + s[5] * u[1] + s[3] * u[-1];
}

static void sweep9(struct multigrid_level *l, bool backward)
{
    int w = l->w;
    for (int k = 0; k < l->h; k++) {
        int y = backward ? l->h - 1 - k : k, lo = y * w + l->lo[y], hi = y * w + l->hi[y];
        if (backward) {
            for (int i = hi - 1; i >= lo; i--)
                l->u[i] = (l->b[i] - sum9(l->stencil[i], l->u + i, w)) * l->inverse[i];
        } else {
            for (int i = lo; i < hi; i++)
                l->u[i] = (l->b[i] - sum9(l->stencil[i], l->u + i, w)) * l->inverse[i];
        }
    }
}

static void sweep(struct multigrid_level *l, bool backward)
{
    if (l->stencil)
        sweep9(l, backward);
    else
        sweep5(l, backward);
}

static void find_residual(const struct multigrid *m, struct multigrid_level *l)
{
    int w = l->w;
    for (int y = 0; y < l->h; y++) {
        int lo = y * w + l->lo[y], hi = y * w + l->hi[y];
        if (l->stencil) {
            for (int i = lo; i < hi; i++)
                l->r[i] = l->b[i] - sum9(l->stencil[i], l->u + i, w) - l->stencil[i][4] * l->u[i];
        } else {
            const float *diag = m->poisson->diag;
            for (int i = lo; i < hi; i++)
                l->r[i] = diag[i] > 0 ? l->b[i] + sum5(l->u + i, w) - diag[i] * l->u[i] : 0;
        }
    }
}

/* b of the coarse level = P^T r. */
static void restrict_residual(const struct multigrid_level *fine, struct multigrid_level *coarse)
{
    int w = fine->w;
    for (int y = 0; y < coarse->h; y++) {
        for (int x = coarse->lo[y]; x < coarse->hi[y]; x++) {
            const float *r = fine->r + (ptrdiff_t)2 * (y - 1) * w + 2 * (x - 1);
            int i = y * coarse->w + x;
            coarse->b[i] = r[0] + 0.5f * (r[-1] + r[1] + r[-w] + r[w]) +
                           0.25f * (r[-w - 1] + r[-w + 1] + r[w - 1] + r[w + 1]);
            coarse->u[i] = 0;
        }
    }
}

/* u of the fine level += P u of the coarse one. */
static void add_correction(const struct multigrid_level *coarse, struct multigrid_level *fine)
{
    for (int y = 0; y < fine->h; y++) {
        const float *a = coarse->u + (ptrdiff_t)(y / 2 + 1) * coarse->w, *b = y & 1 ? a + coarse->w : a;
        for (int x = fine->lo[y]; x < fine->hi[y]; x++) {
            int i = y * fine->w + x, left = x / 2 + 1, right = left + (x & 1);
            if (fine->inverse[i] > 0)
                fine->u[i] += 0.25f * ((a[left] + a[right]) + (b[left] + b[right]));
        }
    }
}

static double norm(const struct multigrid_level *l)
{
    double sum = 0;
    for (int y = 0; y < l->h; y++) {
        float row = 0;
        for (int i = y * l->w + l->lo[y]; i < y * l->w + l->hi[y]; i++)
            row += l->r[i] * l->r[i];
        sum += (double)row;
    }
    return sqrt(sum);
}

double multigrid_cycle(struct multigrid *m)
{
    double residual = 0;
    int last = m->levels - 1;
    for (int k = 0; k < last; k++) {
        struct multigrid_level *l = &m->level[k];
        for (int s = 0; s < SWEEPS; s++)
            sweep(l, false);
        find_residual(m, l);
        if (k == 0)
            residual = norm(l) / (double)m->b_norm;
        restrict_residual(l, l + 1);
    }
    for (int s = 0; s < COARSEST_SWEEPS; s++) {
        sweep(&m->level[last], false);
        sweep(&m->level[last], true);
    }
    for (int k = last - 1; k >= 0; k--) {
        struct multigrid_level *l = &m->level[k];
        add_correction(l + 1, l);
        for (int s = 0; s < SWEEPS; s++)
            sweep(l, true);
    }
    return last ? residual : multigrid_residual(m);
}

double multigrid_residual(struct multigrid *m)
{
    find_residual(m, &m->level[0]);
    return norm(&m->level[0]) / (double)m->b_norm;
}
