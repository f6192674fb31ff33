#include "poisson.h"

static float diagonal(const float *alpha, int w, enum contour_rule rule, float lambda)
{
    const int step[4] = {-1, 1, -w, w};
    float sum = lambda;
    for (int s = 0; s < 4; s++) {
        float other = alpha[step[s]];
        sum += other > CONTOUR_ISO ? 1 : 1 / contour_place(rule, *alpha, other);
    }
    return sum;
}

void poisson_init(struct poisson *p, struct arena *arena, int w, int h, const float *alpha,
                  enum contour_rule rule, float lambda)
{
    *p = (struct poisson){.w = w, .h = h};
    p->lo = arena_new(arena, int, h);
    p->hi = arena_new(arena, int, h);
    p->diag = arena_new(arena, float, (size_t)w *h);
    p->inverse = arena_new(arena, float, (size_t)w *h);
    for (int y = 1; y < h - 1; y++) {
        for (int x = 1; x < w - 1; x++) {
            int i = y * w + x;
            if (!(alpha[i] > CONTOUR_ISO))
                continue;
            if (!p->hi[y])
                p->lo[y] = x;
            p->hi[y] = x + 1;
            p->diag[i] = diagonal(alpha + i, w, rule, lambda);
            p->inverse[i] = 1 / p->diag[i];
            p->unknowns++;
        }
    }
}
