#include "shapes.h"
#include "rng.h"

#include <math.h>
#include <stdlib.h>

double shape_radius(int side)
{
    return 0.45 * side;
}

static double clamp01(double x)
{
    return fmin(1, fmax(0, x));
}

/* Linear over four nodes, so that an edge's two alphas tell exactly where the contour cuts it. */
static double ramp(double inside)
{
    return clamp01(0.5 + inside / 4);
}

static double alpha_at(const struct shape_case *c, int x, int y, struct rng *rng)
{
    double dx = x - (c->w - 1) / 2.0, dy = y - (c->h - 1) / 2.0, r = hypot(dx, dy), size = shape_radius(c->h);
    switch (c->kind) {
    case SHAPE_DISK:
        return ramp(size - r);
    case SHAPE_ELLIPSE: { /* half axes size and size / 2; the distance to first order */
        double f = hypot(dx / size, dy / (size / 2)),
               slope = hypot(dx / (size * size), dy / (size * size / 4));
        return slope > 0 ? ramp((1 - f) * f / slope) : 1;
    }
    case SHAPE_RING:
        return ramp(fmin(size - r, r - size / 2));
    case SHAPE_STRIP:
        return ramp(10.3 - fabs(dy));
    case SHAPE_NOISE:
        return rng_unit(rng);
    case SHAPE_LINES:
        return fmod(x + 3.0 * y, 17) < 2 || fmod(x - y + 1000.0, 23) < 1 ? 0.9 : 0.1;
    case SHAPE_DOT:
        return r < 1 ? 1 : 0;
    case SHAPE_CORNER: /* two squares that touch at a corner */
        return (dx < 0) == (dy < 0) && fabs(dx) < 4 && fabs(dy) < 4 ? 1 : 0;
    }
    return 0;
}

float *shape_alpha(const struct shape_case *c)
{
    struct rng rng;
    rng_init(&rng, 7, 1);
    float *alpha = calloc((size_t)c->w * c->h, sizeof *alpha);
    for (int y = 2; y < c->h - 2; y++)
        for (int x = 2; x < c->w - 2; x++)
            alpha[y * c->w + x] = (float)alpha_at(c, x, y, &rng);
    return alpha;
}

double shape_ball(double x, double y, int w, int h)
{
    return 0.4 * fmin(w, h) - hypot(x - w / 2.0, y - h / 2.0);
}

double shape_donut(double x, double y, int w, int h)
{
    double r = hypot(x - w / 2.0, y - h / 2.0), side = fmin(w, h);
    return fmin(0.45 * side - r, r - 0.2 * side);
}

/* Touches all four borders. */
double shape_frame(double x, double y, int w, int h)
{
    return 0.15 * fmin(w, h) - fmin(fmin(x, w - x), fmin(y, h - y));
}

/* For pictures of any proportions. */
double shape_bar(double x, double y, int w, int h)
{
    return fmin(fmin(x - 0.1 * w, 0.9 * w - x), fmin(y - 0.1 * h, 0.9 * h - y));
}

double shape_star(double x, double y, int w, int h)
{
    double dx = x - w / 2.0, dy = y - h / 2.0;
    return fmin(w, h) * (0.3 + 0.12 * cos(5 * atan2(dy, dx))) - hypot(dx, dy);
}

double shape_everything(double x, double y, int w, int h)
{
    return x + y + w + h;
}

double shape_nothing(double x, double y, int w, int h)
{
    return -(x + y + w + h);
}

void shape_picture(struct picture *ret, int w, int h, shape_distance *inside, int backdrop)
{
    *ret = (struct picture){
        .width = w, .height = h, .has_alpha = backdrop < 0, .rgba = malloc((size_t)w * h * 4)};
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            uint8_t *p = ret->rgba + 4 * ((size_t)y * w + x);
            double a = clamp01(0.5 + inside(x + 0.5, y + 0.5, w, h));
            const double colour[3] = {240 - 60.0 * y / h, 140 - 40.0 * x / w, 30};
            for (int c = 0; c < 3; c++)
                p[c] = (uint8_t)lround(backdrop < 0 ? (a > 0 ? colour[c] : 0)
                                                    : a * colour[c] + (1 - a) * backdrop);
            p[3] = backdrop < 0 ? (uint8_t)lround(255 * a) : 255;
        }
    }
}
