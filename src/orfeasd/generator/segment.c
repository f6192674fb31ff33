#include "segment.h"
#include "backdrop.h"
#include "resample.h"

#include <math.h>
#include <string.h>

enum { WORK_SIDE = 320, BINS = 256 };

static const double used_min = 0.005, used_max = 0.995;       /* share of transparent pixels in a used alpha channel */
static const double object_min = 0.01, object_max = 0.99;     /* share of the object in the picture */
static const double otsu_factor = 0.6;    /* found on objects composited on known backgrounds: Otsu alone eats shadows' sides */
static const float nearest_threshold = 4; /* standard deviations of the background's noise */
static const float distance_cap = 60;

static double transparent_share(const struct picture *p)
{
    size_t pixels = (size_t)p->width * p->height, count = 0;
    for (size_t i = 0; i < pixels; i++)
        count += p->rgba[4 * i + 3] < 128;
    return (double)count / (double)pixels;
}

/* The picture at working size. */
struct work {
    int w, h;
    float (*colour)[3]; /* grey, red - blue, green - magenta */
    float *distance;
    uint8_t *background;
};

static void work_init(struct work *k, struct arena *arena, const struct picture *p)
{
    int longer = p->width > p->height ? p->width : p->height;
    double cell = fmax(1, (double)longer / WORK_SIDE);
    k->w = (int)fmax(1, floor(p->width / cell));
    k->h = (int)fmax(1, floor(p->height / cell));
    k->colour = arena_alloc(arena, (size_t)k->w * k->h, sizeof *k->colour);
    k->distance = arena_new(arena, float, (size_t)k->w * k->h);
    k->background = arena_new(arena, uint8_t, (size_t)k->w * k->h);
    struct resample_axis x, y;
    resample_axis_init(&x, arena, p->width, k->w, (double)p->width / k->w, 0);
    resample_axis_init(&y, arena, p->height, k->h, (double)p->height / k->h, 0);
    float *column = arena_new(arena, float, 4 * (size_t)p->width);
    float (*row)[4] = arena_alloc(arena, (size_t)k->w, sizeof *row);
    for (int j = 0; j < k->h; j++) {
        resample_colour_row(&x, &y, j, p, column, row);
        for (int i = 0; i < k->w; i++) {
            float factor = row[i][3] > 0 ? 1 / row[i][3] : 0, *to = k->colour[j * k->w + i];
            float red = row[i][0] * factor, green = row[i][1] * factor, blue = row[i][2] * factor;
            to[0] = (red + green + blue) / 3;
            to[1] = red - blue;
            to[2] = green - (red + blue) / 2;
        }
    }
}

static void find_distances(struct work *k)
{
    struct backdrop b;
    backdrop_fit(&b, k->w, k->h, (const float (*)[3])k->colour);
    for (int y = 0; y < k->h; y++)
        backdrop_distance(&b, y, (const float (*)[3])k->colour + (ptrdiff_t)y * k->w, k->distance + (ptrdiff_t)y * k->w);
    for (int i = 0; i < k->w * k->h; i++)
        k->distance[i] = fminf(k->distance[i], distance_cap);
}

/* Otsu's threshold on the square root of the distance. Also returns the share of the variance that lies between the two
 * classes, 0 to 1. */
static float otsu(const struct work *k, double *ret_separation)
{
    int pixels = k->w * k->h, seen[BINS] = {0};
    float scale = (BINS - 1) / sqrtf(distance_cap);
    double all = 0, squares = 0, best = 0, below = 0, sum = 0;
    int threshold = 0;
    for (int i = 0; i < pixels; i++) {
        int bin = (int)(sqrtf(k->distance[i]) * scale);
        seen[bin]++;
        all += bin;
        squares += (double)bin * bin;
    }
    for (int bin = 0; bin < BINS - 1; bin++) {
        below += seen[bin];
        sum += (double)bin * seen[bin];
        if (below == 0 || below == pixels)
            continue;
        double gap = sum / below - (all - sum) / (pixels - below), between = below * (pixels - below) * gap * gap;
        if (between > best) {
            best = between;
            threshold = bin + 1;
        }
    }
    double total = squares * pixels - all * all;
    *ret_separation = total > 0 ? best / total : 0;
    float root = (float)threshold / scale;
    return root * root;
}

/* Background: below the threshold and connected to the border. Returns its share. */
static double flood_background(struct work *k, struct arena *arena, float threshold)
{
    int w = k->w, h = k->h, top = 0, count = 0;
    int *stack = arena_new(arena, int, w * h);
    for (int i = 0; i < w * h; i++) {
        int x = i % w, y = i / w;
        bool border = x == 0 || y == 0 || x == w - 1 || y == h - 1;
        if (border && k->distance[i] < threshold) {
            k->background[i] = 1;
            stack[top++] = i;
        }
    }
    while (top) {
        int at = stack[--top], x = at % w, y = at / w;
        count++;
        const int next[4] = {x ? at - 1 : at, x < w - 1 ? at + 1 : at, y ? at - w : at, y < h - 1 ? at + w : at};
        for (int n = 0; n < 4; n++) {
            if (k->background[next[n]] || !(k->distance[next[n]] < threshold))
                continue;
            k->background[next[n]] = 1;
            stack[top++] = next[n];
        }
    }
    return (double)count / ((double)w * h);
}

/* Soft around the threshold, so that the contour comes out between pixels; the flood decides the side. */
static void make_matte(struct work *k, float threshold)
{
    for (int i = 0; i < k->w * k->h; i++) {
        float soft = k->distance[i] / (2 * threshold);
        k->distance[i] = k->background[i] ? fminf(soft, 0.45f) : fminf(fmaxf(soft, 0.55f), 1);
    }
}

/* The matte, interpolated, becomes the alpha channel. */
static void write_alpha(const struct work *k, struct picture *p)
{
    for (int y = 0; y < p->height; y++) {
        double fy = fmin(fmax((y + 0.5) * k->h / p->height - 0.5, 0), k->h - 1);
        int top = (int)fy, bottom = top < k->h - 1 ? top + 1 : top;
        const float *a = k->distance + (ptrdiff_t)top * k->w, *b = k->distance + (ptrdiff_t)bottom * k->w;
        float down = (float)(fy - top);
        uint8_t *row = p->rgba + (size_t)y * p->width * 4;
        for (int x = 0; x < p->width; x++) {
            double fx = fmin(fmax((x + 0.5) * k->w / p->width - 0.5, 0), k->w - 1);
            int left = (int)fx, right = left < k->w - 1 ? left + 1 : left;
            float across = (float)(fx - left);
            float upper = a[left] + across * (a[right] - a[left]), lower = b[left] + across * (b[right] - b[left]);
            row[4 * x + 3] = (uint8_t)(255 * (upper + down * (lower - upper)) + 0.5f);
        }
    }
}

static bool by_border(struct picture *p, struct arena *arena, struct segment_result *ret)
{
    struct work k;
    double separation;
    work_init(&k, arena, p);
    find_distances(&k);
    float threshold = fmaxf((float)otsu_factor * otsu(&k, &separation), nearest_threshold);
    double object = 1 - flood_background(&k, arena, threshold);
    if (object < object_min)
        ret->why = "nothing stands out from the picture's border; give it a plain background or an alpha channel";
    else if (object > object_max)
        ret->why = "the object can't be told from the background, the picture's border looks like it; "
                   "leave a margin or give it an alpha channel";
    if (ret->why)
        return false;
    make_matte(&k, threshold);
    write_alpha(&k, p);
    ret->confidence = separation;
    return true;
}

bool segment_run(struct picture *picture, struct arena *arena, struct segment_result *ret)
{
    *ret = (struct segment_result){.method = "alpha", .confidence = 1};
    double transparent = picture->has_alpha ? transparent_share(picture) : 0;
    if (transparent > used_max) {
        ret->why = "the picture is fully transparent, or almost";
        return false;
    }
    if (transparent >= used_min)
        return true;
    *ret = (struct segment_result){.method = "border"};
    return by_border(picture, arena, ret);
}
