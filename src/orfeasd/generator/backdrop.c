#include "backdrop.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 6, MANY = 150, TERMS = BACKDROP_TERMS, CHANNELS = BACKDROP_CHANNELS };

/* Variance that is added in every direction: 2.5 levels of rounding and compression. */
static const double noise_floor = 2.5 * 2.5;
static const double strip_share = 0.03;

/* Sums over the border, weighted. */
struct sums {
    double normal[TERMS][TERMS + CHANNELS];
    double weight;
    double covariance[CHANNELS][CHANNELS];
};

static void terms_at(const struct backdrop *b, int x, int y, double t[TERMS])
{
    double u = 2.0 * x / b->w - 1, v = 2.0 * y / b->h - 1;
    t[0] = 1;
    t[1] = u;
    t[2] = v;
    t[3] = u * u;
    t[4] = u * v;
    t[5] = v * v;
}

static void residual_at(const struct backdrop *b, const double t[TERMS], const float *colour,
                        double r[CHANNELS])
{
    for (int c = 0; c < CHANNELS; c++) {
        r[c] = (double)colour[c];
        for (int k = 0; k < TERMS; k++)
            r[c] -= b->factor[c][k] * t[k];
    }
}

static double distance_squared(const struct backdrop *b, const double r[CHANNELS])
{
    double sum = 0;
    for (int i = 0; i < CHANNELS; i++)
        for (int k = 0; k < CHANNELS; k++)
            sum += r[i] * b->precision[i][k] * r[k];
    return sum;
}

static void add_pixel(const struct backdrop *b, struct sums *s, int x, int y, const float *colour)
{
    double t[TERMS], r[CHANNELS];
    terms_at(b, x, y, t);
    residual_at(b, t, colour, r);
    double weight = 1 / (1 + distance_squared(b, r) / 4);
    s->weight += weight;
    for (int i = 0; i < TERMS; i++) {
        for (int k = 0; k < TERMS; k++)
            s->normal[i][k] += weight * t[i] * t[k];
        for (int c = 0; c < CHANNELS; c++)
            s->normal[i][TERMS + c] += weight * t[i] * (double)colour[c];
    }
    for (int i = 0; i < CHANNELS; i++)
        for (int k = 0; k < CHANNELS; k++)
            s->covariance[i][k] += weight * r[i] * r[k];
}

/* Gauss-Jordan on a symmetric positive matrix, `columns` wide; a pivot that is nothing leaves its unknown at
 * 0. */
static void eliminate(double *m, int rows, int columns)
{
    for (int p = 0; p < rows; p++) {
        double pivot = m[p * columns + p];
        if (!(fabs(pivot) > 1e-9)) {
            memset(m + (long)p * columns, 0, sizeof *m * (size_t)columns);
            continue;
        }
        for (int k = 0; k < columns; k++)
            m[p * columns + k] /= pivot;
        for (int r = 0; r < rows; r++) {
            double factor = m[r * columns + p];
            if (r == p || factor == 0)
                continue;
            for (int k = 0; k < columns; k++)
                m[r * columns + k] -= factor * m[p * columns + k];
        }
    }
}

static void solve(struct backdrop *b, struct sums *s)
{
    for (int k = 1; k < TERMS; k++)
        s->normal[k][k] += 1e-3 * s->weight; /* a trace of ridge, for pictures a few pixels wide */
    eliminate(s->normal[0], TERMS, TERMS + CHANNELS);
    for (int c = 0; c < CHANNELS; c++)
        for (int k = 0; k < TERMS; k++)
            b->factor[c][k] = s->normal[k][TERMS + c];
}

/* `spread` widens the first rounds' covariance, which comes before any fit. */
static void set_precision(struct backdrop *b, const struct sums *s, double spread)
{
    double m[CHANNELS][2 * CHANNELS] = {0};
    for (int i = 0; i < CHANNELS; i++) {
        for (int k = 0; k < CHANNELS; k++)
            m[i][k] = s ? s->covariance[i][k] / s->weight : 0;
        m[i][i] += noise_floor + spread;
        m[i][CHANNELS + i] = 1;
    }
    eliminate(m[0], CHANNELS, 2 * CHANNELS);
    for (int i = 0; i < CHANNELS; i++)
        for (int k = 0; k < CHANNELS; k++)
            b->precision[i][k] = m[i][CHANNELS + k];
}

static void add_border(const struct backdrop *b, struct sums *s, const float (*colour)[CHANNELS])
{
    int shorter = b->w < b->h ? b->w : b->h, strip = (int)ceil(strip_share * shorter);
    int step = shorter >= MANY ? 2 : 1; /* neighbours say the same; a quarter of a large border is plenty */
    strip = strip < 2 ? 2 : strip;
    for (int y = 0; y < b->h; y += step) {
        int full = y < strip || y >= b->h - strip;
        for (int x = 0; x < b->w; x += step) {
            if (!full && x >= strip && x < b->w - strip && b->w - strip > strip)
                x = b->w - strip;
            add_pixel(b, s, x, y, colour[y * b->w + x]);
        }
    }
}

/* Per channel the border's median: where the iteration starts. */
static void start_at_median(struct backdrop *b, const float (*colour)[CHANNELS])
{
    int stop = b->w * b->h;
    for (int c = 0; c < CHANNELS; c++) {
        int seen[1024] = {0}, total = 0, at = 0, sum = 0;
        for (int i = 0; i < stop; i++) {
            int x = i % b->w, y = i / b->w;
            if (x > 1 && x < b->w - 2 && y > 1 && y < b->h - 2)
                continue;
            int bin = (int)(colour[i][c] + 512);
            seen[bin < 0 ? 0 : bin > 1023 ? 1023 : bin]++;
            total++;
        }
        while (at < 1023 && (sum += seen[at]) * 2 < total)
            at++;
        b->factor[c][0] = at - 511.5;
    }
}

void backdrop_fit(struct backdrop *b, int w, int h, const float (*colour)[CHANNELS])
{
    *b = (struct backdrop){.w = w, .h = h};
    start_at_median(b, colour);
    set_precision(b, NULL, 20 * 20);
    for (int round = 0; round < ROUNDS; round++) {
        struct sums s = {0};
        add_border(b, &s, colour);
        solve(b, &s);
        set_precision(b, &s, 0);
    }
}

void backdrop_distance(const struct backdrop *b, int y, const float (*row)[CHANNELS], float *out)
{
    for (int x = 0; x < b->w; x++) {
        double t[TERMS], r[CHANNELS];
        terms_at(b, x, y, t);
        residual_at(b, t, row[x], r);
        out[x] = (float)sqrt(fmax(0, distance_squared(b, r)));
    }
}
