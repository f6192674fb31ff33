#include "amphora.h"

#include <math.h>

enum { KNOTS = 13, BISECTIONS = 12 };

struct knot {
    double height, radius;
};

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_unit(rng);
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void choose_knots(struct knot knots[KNOTS], struct rng *rng)
{
    double neck = between(rng, 0.060, 0.085), lip = neck + between(rng, 0.025, 0.045);
    double belly = between(rng, 0.195, 0.250), belly_at = between(rng, 0.40, 0.52);
    double shoulder_at = between(rng, 0.22, 0.27), stem = between(rng, 0.042, 0.060);
    double foot = stem + between(rng, 0.030, 0.055);
    double below = belly * between(rng, 0.86, 0.92), taper = 0.35 * between(rng, 0.7, 1.0);
    const struct knot chosen[KNOTS] = {
        {0, lip},
        {0.025, lip + 0.006},
        {0.05, lip - 0.004},
        {0.075, neck + 0.006},
        {0.14, neck},
        {shoulder_at, neck + 0.010},
        {shoulder_at + 0.08, neck + 0.62 * (belly - neck)},
        {belly_at, belly},
        {belly_at + 0.16, below},
        {0.82, stem + taper * (belly - stem)},
        {0.93, stem},
        {0.955, foot - 0.004},
        {1, foot + 0.004},
    };
    for (int i = 0; i < KNOTS; i++)
        knots[i] = chosen[i];
}

/* Tangents that keep the curve from overshooting: harmonic means, Fritsch and Butland 1984. */
static void choose_tangents(const struct knot knots[KNOTS], double tangents[KNOTS])
{
    tangents[0] = tangents[KNOTS - 1] = 0;
    for (int i = 1; i < KNOTS - 1; i++) {
        double before = (knots[i].radius - knots[i - 1].radius) / (knots[i].height - knots[i - 1].height);
        double after = (knots[i + 1].radius - knots[i].radius) / (knots[i + 1].height - knots[i].height);
        tangents[i] = before * after > 0 ? 2 * before * after / (before + after) : 0;
    }
}

/* Cubic Hermite interpolation of the knots, tabulated. */
static void build_profile(struct amphora *a, const struct knot knots[KNOTS])
{
    double tangents[KNOTS], span = a->bottom - a->top;
    choose_tangents(knots, tangents);
    for (int i = 0, k = 0; i <= AMPHORA_PROFILE; i++) {
        double height = (double)i / AMPHORA_PROFILE;
        while (k < KNOTS - 2 && height > knots[k + 1].height)
            k++;
        double step = knots[k + 1].height - knots[k].height, t = (height - knots[k].height) / step;
        double m0 = tangents[k] * step, m1 = tangents[k + 1] * step, p0 = knots[k].radius,
               p1 = knots[k + 1].radius;
        a->radius[i] = p0 + t * (m0 + t * (3 * (p1 - p0) - 2 * m0 - m1 + t * (2 * (p0 - p1) + m0 + m1)));
        a->slope[i] =
            (m0 + t * (2 * (3 * (p1 - p0) - 2 * m0 - m1) + t * 3 * (2 * (p0 - p1) + m0 + m1))) / step / span;
        a->widest = larger(a->widest, a->radius[i]);
    }
}

/* A Bezier curve from the neck up and out and down to the shoulder. */
static void build_handle(struct amphora *a, struct rng *rng)
{
    double span = a->bottom - a->top, from = between(rng, 0.08, 0.12), to = between(rng, 0.30, 0.34);
    double reach = larger(a->widest * between(rng, 0.86, 1.0), 0.17), lift = between(rng, 0.00, 0.07);
    const double p[4][2] = {
        {amphora_radius(a, from) - 0.008, a->top + from * span},
        {reach, a->top + from * span - lift},
        {reach * 1.06, a->top + (to - 0.13) * span},
        {amphora_radius(a, to) - 0.012, a->top + to * span},
    };
    a->handle_radius = between(rng, 0.014, 0.019);
    for (int c = 0; c < 2; c++) {
        a->handle_low[c] = 1;
        a->handle_high[c] = 0;
    }
    for (int i = 0; i <= AMPHORA_HANDLE; i++) {
        double t = (double)i / AMPHORA_HANDLE, s = 1 - t;
        for (int c = 0; c < 2; c++) {
            double at = s * s * (s * p[0][c] + 3 * t * p[1][c]) + t * t * (3 * s * p[2][c] + t * p[3][c]);
            a->handle[i][c] = at;
            a->handle_low[c] = smaller(a->handle_low[c], at - a->handle_radius);
            a->handle_high[c] = larger(a->handle_high[c], at + a->handle_radius);
        }
    }
}

void amphora_init(struct amphora *a, struct rng *rng)
{
    struct knot knots[KNOTS];
    /* One draw a declarator or statement: C does not say which of two in an expression comes first. */
    *a = (struct amphora){.top = between(rng, 0.075, 0.11)};
    a->bottom = between(rng, 0.89, 0.92);
    a->per_span = 1 / (a->bottom - a->top);
    a->tilt = between(rng, 0.14, 0.20);
    choose_knots(knots, rng);
    build_profile(a, knots);
    build_handle(a, rng);
}

static double in_table(const double *table, double height)
{
    double at = smaller(larger(height, 0), 1) * AMPHORA_PROFILE;
    int i = (int)at;
    if (i >= AMPHORA_PROFILE)
        return table[AMPHORA_PROFILE];
    return table[i] + (table[i + 1] - table[i]) * (at - i);
}

double amphora_radius(const struct amphora *a, double height)
{
    return in_table(a->radius, height);
}

/* arcsin(s) / 2 pi, Abramowitz and Stegun 4.4.45, to 1e-5. */
static double turn_of_sine(double s)
{
    double m = s < 0 ? -s : s;
    double rest = sqrt(1 - m) * (1.5707288 + m * (-0.2121144 + m * (0.0742610 - m * 0.0187293)));
    double turn = (1.5707963267948966 - rest) / 6.283185307179586;
    return s < 0 ? -turn : turn;
}

/* z of the surface at height y, 0 beside it. */
static double front(const struct amphora *a, double x, double y)
{
    double r = amphora_radius(a, (y - a->top) * a->per_span), square = r * r - x * x;
    return square > 0 ? sqrt(square) : 0;
}

static bool look_at_body(const struct amphora *a, double x, double y, struct amphora_hit *hit, double *z)
{
    /* y = at + tilt * front(at) has a root here: the left side is above at the one end and below at the
     * other. */
    double low = y - a->tilt * a->widest, high = y;
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = (low + high) / 2;
        if (middle + a->tilt * front(a, x, middle) < y)
            low = middle;
        else
            high = middle;
    }
    double at = (low + high) / 2, height = (at - a->top) * a->per_span;
    *z = front(a, x, at);
    if (height < 0 || height > 1 || *z <= 0)
        return false;
    double r = amphora_radius(a, height), slope = in_table(a->slope, height),
           length = sqrt(1 + slope * slope);
    *hit = (struct amphora_hit){.part = AMPHORA_BODY,
                                .normal = {x / r / length, -slope / length, *z / r / length},
                                .height = height,
                                .turn = turn_of_sine(smaller(larger(x / r, -1), 1))};
    return true;
}

/* The mouth is an ellipse: its rim, and behind it the dark inside. */
static bool look_at_mouth(const struct amphora *a, double x, double y, struct amphora_hit *hit)
{
    double outer = a->radius[0], inner = outer - 0.020, down = (y - a->top) / a->tilt;
    double square = x * x + down * down;
    if (square > outer * outer)
        return false;
    if (square > inner * inner) {
        *hit = (struct amphora_hit){.part = AMPHORA_RIM, .normal = {0, -0.96, 0.28}};
    } else {
        double edge = sqrt(inner * inner - x * x);
        *hit = (struct amphora_hit){.part = AMPHORA_INSIDE,
                                    .normal = {-x / inner, 0, sqrt(1 - x * x / inner / inner)},
                                    .depth = (edge - down) / (2 * edge + 1e-9)};
    }
    return true;
}

static bool look_at_handle(const struct amphora *a, double x, double y, struct amphora_hit *hit, double *z)
{
    double side = x < 0 ? -1 : 1, px = x * side, least = a->handle_radius * a->handle_radius, dx = 0, dy = 0;
    bool found = false;
    if (px < a->handle_low[0] || px > a->handle_high[0] || y < a->handle_low[1] || y > a->handle_high[1])
        return false;
    for (int i = 0; i < AMPHORA_HANDLE; i++) {
        const double *p = a->handle[i], *q = a->handle[i + 1];
        double ux = q[0] - p[0], uy = q[1] - p[1];
        double t = ((px - p[0]) * ux + (y - p[1]) * uy) / (ux * ux + uy * uy);
        t = smaller(larger(t, 0), 1);
        double ex = px - p[0] - t * ux, ey = y - p[1] - t * uy, square = ex * ex + ey * ey;
        if (square < least) {
            least = square;
            dx = ex;
            dy = ey;
            found = true;
        }
    }
    if (!found)
        return false;
    double r = a->handle_radius;
    *z = sqrt(r * r - least);
    *hit = (struct amphora_hit){.part = AMPHORA_ARM, .normal = {side * dx / r, dy / r, *z / r}};
    return true;
}

struct amphora_hit amphora_look(const struct amphora *a, double x, double y)
{
    struct amphora_hit hit = {.part = AMPHORA_NOTHING}, handle;
    double z = -1, handle_z;
    if (look_at_mouth(a, x, y, &hit))
        return hit;
    if (x > -a->widest && x < a->widest)
        look_at_body(a, x, y, &hit, &z);
    if (look_at_handle(a, x, y, &handle, &handle_z) && (hit.part == AMPHORA_NOTHING || handle_z > z))
        return handle;
    return hit;
}
