#include "picture_draw.h"
#include "amphora.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
    SAMPLES = 4,         /* a side of a pixel */
    BANDS = 16,          /* at most */
    TILE = 8,            /* a side of an ornament's cell */
    STREAM = 0x616d7068, /* of random numbers, for this purpose alone */
};

/* One cell of each ornament: it repeats around the vase. X is paint. */
enum ornament { KEY, ZIGZAG, RAYS, TONGUES, DOTS, CHECKER, WAVES, LEAVES, ORNAMENTS, SOLID = ORNAMENTS };

static const char tiles[ORNAMENTS][TILE][TILE + 1] = {
    [KEY] = {"XXXXXXX.", "X.....X.", "X.XXX.X.", "X.X...X.", "X.XXXXX.", "X.......", "X.......", "XXXXXXXX"},
    [CHECKER] = {"XXXX....", "XXXX....", "XXXX....", "XXXX....", "....XXXX", "....XXXX", "....XXXX",
                 "....XXXX"},
};

struct band {
    double from, to; /* in heights of the vase */
    enum ornament ornament;
    int count; /* of cells around */
    bool inverted;
};

struct colour {
    double c[3]; /* linear light */
};

struct painting {
    struct amphora vase;
    struct band bands[BANDS];
    int band_count;
    struct colour clay, paint, accent;
    uint64_t grain;
    double to_light[3], halfway[3], fill[3];
};

/* sRGB, in the order clay, paint, accent. */
static const uint8_t palettes[][3][3] = {
    {{205, 112, 58}, {36, 26, 24}, {130, 44, 34}},   /* black figures on terracotta */
    {{46, 36, 34}, {208, 118, 64}, {232, 214, 186}}, /* red figures on black gloss */
    {{232, 217, 188}, {92, 48, 30}, {178, 92, 48}},  /* on white ground */
    {{44, 142, 156}, {22, 48, 92}, {226, 206, 148}}, /* faience */
    {{126, 146, 92}, {48, 58, 34}, {222, 210, 160}}, /* celadon */
    {{222, 190, 132}, {140, 44, 38}, {52, 58, 74}},  /* Minoan */
};

/* Gamma 2 for the display's curve: a square and a root are exact on every machine, a power is not. */
static struct colour linear(const uint8_t srgb[3])
{
    struct colour ret;
    for (int i = 0; i < 3; i++)
        ret.c[i] = srgb[i] / 255.0 * (srgb[i] / 255.0);
    return ret;
}

static void normalise(double v[3])
{
    double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int i = 0; i < 3; i++)
        v[i] /= length;
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void choose_light(struct painting *p, struct rng *rng)
{
    p->to_light[0] = -0.35 - 0.3 * rng_unit(rng);
    p->to_light[1] = -0.45 - 0.3 * rng_unit(rng);
    p->to_light[2] = 0.75;
    normalise(p->to_light);
    p->halfway[0] = p->to_light[0];
    p->halfway[1] = p->to_light[1];
    p->halfway[2] = p->to_light[2] + 1; /* the viewer is on the z axis */
    normalise(p->halfway);
    p->fill[0] = 0.8;
    p->fill[1] = 0.1;
    p->fill[2] = 0.35;
    normalise(p->fill);
}

/* A band whose cells are about as wide as high. */
static void add_band(struct painting *p, double from, double to, enum ornament ornament)
{
    assert(p->band_count < BANDS);
    double span = p->vase.bottom - p->vase.top;
    double around = 6.283185307179586 * amphora_radius(&p->vase, (from + to) / 2);
    int count = (int)(around / ((to - from) * span) + 0.5);
    int least = ornament == RAYS ? 14 : 4;
    p->bands[p->band_count++] = (struct band){from, to, ornament, count < least ? least : count, false};
}

/* One of the six ornaments, and by this chance with paint and ground exchanged. */
static void add_frieze(struct painting *p, double from, double to, const enum ornament choice[6],
                       double chance, struct rng *rng)
{
    add_band(p, from, to, choice[rng_range(rng, 0, 5)]);
    p->bands[p->band_count - 1].inverted = rng_unit(rng) < chance;
}

static void choose_bands(struct painting *p, struct rng *rng)
{
    static const enum ornament shoulder[6] = {TONGUES, TONGUES, TONGUES, RAYS, TONGUES, LEAVES};
    static const enum ornament small[6] = {ZIGZAG, DOTS, CHECKER, WAVES, LEAVES, KEY};
    static const enum ornament large[6] = {KEY, WAVES, LEAVES, ZIGZAG, DOTS, KEY};
    add_band(p, 0, 0.06, SOLID);
    add_frieze(p, 0.115, 0.185, small, 0, rng);
    double at = 0.245 + 0.02 * rng_unit(rng);
    add_band(p, at, at + 0.006, SOLID);
    add_frieze(p, at + 0.012, at + 0.075, shoulder, 0.3, rng);
    add_band(p, at + 0.081, at + 0.087, SOLID);
    at += 0.115;
    double high = 0.10 + 0.05 * rng_unit(rng);
    add_band(p, at, at + 0.008, SOLID);
    add_frieze(p, at + 0.016, at + 0.016 + high, large, 0.4, rng);
    at += high + 0.024;
    add_band(p, at, at + 0.008, SOLID);
    at += 0.024 + 0.02 * rng_unit(rng);
    add_frieze(p, at, at + 0.05, small, 0.3, rng);
    at += 0.058;
    add_band(p, at, at + 0.008, SOLID);
    at += 0.02;
    if (at < 0.70)
        add_band(p, at, at + 0.05, SOLID);
    add_band(p, 0.76, 0.90, RAYS);
    add_band(p, 0.905, 0.912, SOLID);
    add_band(p, 0.952, 1.01, SOLID);
}

/* Is there paint at (u, v) of a cell, both from 0 to 1? */
static bool painted(enum ornament ornament, double u, double v)
{
    double side = u < 0.5 ? u : 1 - u, x = u - 0.5, y = v - 0.5, wave;
    switch (ornament) {
    case KEY:
    case CHECKER:
        return tiles[ornament][(int)(v * TILE)][(int)(u * TILE)] == 'X';
    case ZIGZAG:
        wave = v - 2 * side * 0.66 - 0.17;
        return wave > -0.17 && wave < 0.17;
    case RAYS:
        return side * 2 > 1 - v;
    case TONGUES: /* a strip with a round end */
        return v < 0.62 ? x > -0.33 && x < 0.33 : x * x + (v - 0.62) * (v - 0.62) < 0.33 * 0.33;
    case DOTS:
        return x * x + y * y < 0.30 * 0.30;
    case WAVES: /* a running wave: parabolas, alternately up and down */
        wave = u < 0.5 ? 8 * u * (0.5 - u) : -8 * (u - 0.5) * (1 - u);
        wave = v - 0.5 - wave * 0.8;
        return wave > -0.14 && wave < 0.14;
    case LEAVES: /* two arcs meeting in points, and a stem */
        wave = 0.42 * (1 - 4 * x * x);
        return (y > -wave && y < wave && !(y > -0.035 && y < 0.035)) ||
               (side < 0.06 && y > -0.06 && y < 0.06);
    default:
        return true;
    }
}

/* Noise on a lattice, smoothly interpolated, -1 to 1. */
static double grain_at(uint64_t seed, int64_t x, int64_t y)
{
    uint64_t h = seed ^ (uint64_t)x * 0x9e3779b97f4a7c15u ^ (uint64_t)y * 0xc2b2ae3d27d4eb4fu;
    h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 32) * 0x94d049bb133111ebu;
    return (double)(int64_t)(h >> 11) / 4503599627370496.0 - 1;
}

static double grain(uint64_t seed, double x, double y)
{
    x += 1000; /* so that truncation is the floor */
    y += 1000;
    int64_t ix = (int64_t)x, iy = (int64_t)y;
    double u = x - (double)ix, v = y - (double)iy;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    double high = grain_at(seed, ix, iy) * (1 - u) + grain_at(seed, ix + 1, iy) * u;
    double low = grain_at(seed, ix, iy + 1) * (1 - u) + grain_at(seed, ix + 1, iy + 1) * u;
    return high * (1 - v) + low * v;
}

/* The surface's own colour on the body; *gloss is 0 for clay and 1 for paint. */
static struct colour body_colour(const struct painting *p, const struct amphora_hit *hit, double *gloss)
{
    const struct colour *found = &p->clay;
    *gloss = 0;
    for (int i = 0; i < p->band_count; i++) {
        const struct band *b = &p->bands[i];
        if (hit->height < b->from || hit->height >= b->to)
            continue;
        double v = (hit->height - b->from) / (b->to - b->from), u = (hit->turn + 1) * b->count;
        if (painted(b->ornament, u - (double)(int)u, v) != b->inverted) {
            found = b->ornament == DOTS || b->ornament == LEAVES ? &p->accent : &p->paint;
            *gloss = 1;
        }
    }
    struct colour ret = *found;
    double shade = 1 + 0.05 * grain(p->grain, hit->turn * 90, hit->height * 40) +
                   0.06 * grain(p->grain + 1, hit->turn * 12, hit->height * 90);
    for (int i = 0; i < 3; i++)
        ret.c[i] *= shade;
    return ret;
}

/* Lambert's law with a key light, a fill light and the sky, and a highlight after Blinn 1977. */
static struct colour lit(const struct painting *p, const struct colour *surface, const double normal[3],
                         double gloss)
{
    double key = dot(normal, p->to_light), fill = dot(normal, p->fill), shine = dot(normal, p->halfway);
    double light = 0.20 - 0.08 * normal[1] + (key > 0 ? 0.95 * key : 0) + (fill > 0 ? 0.16 * fill : 0);
    double highlight = 0;
    if (shine > 0) {
        double s4 = shine * shine * shine * shine, s16 = s4 * s4 * s4 * s4, s64 = s16 * s16 * s16 * s16;
        highlight = 0.05 * s16 + (0.10 + 0.45 * gloss) * s64;
    }
    struct colour ret;
    for (int i = 0; i < 3; i++)
        ret.c[i] = surface->c[i] * light + highlight;
    return ret;
}

static struct colour seen(const struct painting *p, const struct amphora_hit *hit)
{
    struct colour surface = p->paint;
    double gloss = 0.8;
    if (hit->part == AMPHORA_BODY) {
        surface = body_colour(p, hit, &gloss);
    } else if (hit->part == AMPHORA_INSIDE) { /* the far wall catches light, the near one is in the dark */
        for (int i = 0; i < 3; i++)
            surface.c[i] = p->clay.c[i] * (0.03 + 0.30 * hit->depth * hit->depth);
        return surface;
    }
    return lit(p, &surface, hit->normal, gloss);
}

static uint8_t to_byte(double light)
{
    double v = sqrt(light < 0 ? 0 : light) * 255 + 0.5;
    return v >= 255 ? 255 : (uint8_t)v;
}

struct pixel {
    struct colour sum;
    struct colour low, high;
    int samples, hits;
};

static void add_sample(const struct painting *p, double x, double y, struct pixel *pixel)
{
    struct amphora_hit hit = amphora_look(&p->vase, x, y);
    pixel->samples++;
    if (hit.part == AMPHORA_NOTHING)
        return;
    pixel->hits++;
    struct colour colour = seen(p, &hit);
    for (int i = 0; i < 3; i++) {
        double c = colour.c[i] > 1 ? 1 : colour.c[i];
        pixel->sum.c[i] += c;
        if (pixel->hits == 1 || c < pixel->low.c[i])
            pixel->low.c[i] = c;
        if (pixel->hits == 1 || c > pixel->high.c[i])
            pixel->high.c[i] = c;
    }
}

/* No edge runs through the pixel, as far as the samples tell. */
static bool is_even(const struct pixel *pixel)
{
    bool even = !pixel->hits || pixel->hits == pixel->samples;
    for (int i = 0; i < 3; i++)
        even = even && pixel->high.c[i] - pixel->low.c[i] < 0.02;
    return even;
}

/* The mean over the samples that hit; alpha is how many did, so that no background bleeds into the colour.
 * The corner samples come first, the others only where they differ. */
static void draw_pixel(const struct painting *p, int side, int x, int y, uint8_t rgba[4])
{
    static const uint8_t order[SAMPLES * SAMPLES] = {0, 3, 12, 15, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14};
    struct pixel pixel = {.samples = 0};
    for (int i = 0; i < SAMPLES * SAMPLES && (i != 4 || !is_even(&pixel)); i++) {
        double sx = (x + ((double)(order[i] % SAMPLES) + 0.5) / SAMPLES) / side - 0.5;
        double sy = (y + ((double)(order[i] / SAMPLES) + 0.5) / SAMPLES) / side;
        add_sample(p, sx, sy, &pixel);
    }
    for (int i = 0; i < 3; i++)
        rgba[i] = pixel.hits ? to_byte(pixel.sum.c[i] / pixel.hits) : 0;
    rgba[3] = (uint8_t)((pixel.hits * 255 + pixel.samples / 2) / pixel.samples);
}

void picture_draw(struct picture *ret, int side, uint64_t seed)
{
    assert(side >= 32 && side <= 4096);
    struct rng rng;
    struct painting p = {0};
    rng_init(&rng, seed, STREAM);
    amphora_init(&p.vase, &rng);
    const uint8_t(*palette)[3] =
        palettes[rng_range(&rng, 0, (int)(sizeof palettes / sizeof palettes[0]) - 1)];
    p.clay = linear(palette[0]);
    p.paint = linear(palette[1]);
    p.accent = linear(palette[2]);
    p.grain = rng_next(&rng);
    choose_light(&p, &rng);
    choose_bands(&p, &rng);

    *ret = (struct picture){side, side, true, malloc((size_t)side * (size_t)side * 4)};
    if (!ret->rgba)
        abort(); /* the contract has no failure: at most 64 MiB, asked for at the start */
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++)
            draw_pixel(&p, side, x, y, ret->rgba + ((size_t)y * (size_t)side + (size_t)x) * 4);
    }
}
