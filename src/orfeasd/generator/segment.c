#include "segment.h"
#include "backdrop.h"
#include "resample.h"

#include <math.h>
#include <string.h>

enum { WORK_SIDE = 320 };
enum { OBJECT, BACKGROUND, VISITED }; /* VISITED: near, but object; only while holes are looked for */

static const double used_min = 0.005,
                    used_max = 0.995; /* share of transparent pixels in a used alpha channel */
static const double object_min = 0.01, object_max = 0.99; /* share of the object in the picture */
/* In standard deviations of the background. Among independent normal pixels one in a thousand is farther
 * away. */
static const float threshold = 4;
static const double hole_min = 0.004;    /* share of the picture */
static const double hole_distance = 1.5; /* mean */

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
    resample_axis_init(&x, arena, p->width, k->w, (double)p->width / k->w, -0.5);
    resample_axis_init(&y, arena, p->height, k->h, (double)p->height / k->h, -0.5);
    float *column = arena_new(arena, float, 4 * (size_t)p->width);
    float(*row)[4] = arena_alloc(arena, (size_t)k->w, sizeof *row);
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
    backdrop_fit(&b, k->w, k->h, (const float(*)[3])k->colour);
    for (int y = 0; y < k->h; y++)
        backdrop_distance(&b, y, (const float(*)[3])k->colour + (ptrdiff_t)y * k->w,
                          k->distance + (ptrdiff_t)y * k->w);
}

/* Floods the background from `start`, through pixels nearer than the threshold. Returns how many became
 * background; they stand in `queue` then. */
static int flood_from(struct work *k, int *queue, int start)
{
    int w = k->w, h = k->h, count = 0;
    if (k->background[start] || !(k->distance[start] < threshold))
        return 0;
    k->background[start] = BACKGROUND;
    queue[count++] = start;
    for (int done = 0; done < count; done++) {
        int at = queue[done], x = at % w, y = at / w;
        const int next[4] = {x ? at - 1 : at, x < w - 1 ? at + 1 : at, y ? at - w : at,
                             y < h - 1 ? at + w : at};
        for (int n = 0; n < 4; n++) {
            if (k->background[next[n]] || !(k->distance[next[n]] < threshold))
                continue;
            k->background[next[n]] = BACKGROUND;
            queue[count++] = next[n];
        }
    }
    return count;
}

/* Background that the object encloses, like that between a wheel's spokes. Only when it is large, and as near
 * as noise is: bright parts of an object before a bright background should stay. Returns its size, 0 when it
 * stays. */
static int flood_hole(struct work *k, int *queue, int start)
{
    int count = flood_from(k, queue, start);
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)k->distance[queue[i]];
    if (!count || (count > hole_min * k->w * k->h && sum < hole_distance * count))
        return count;
    for (int i = 0; i < count; i++)
        k->background[queue[i]] = VISITED;
    return 0;
}

/* Returns the object's share of the picture. */
static double find_background(struct work *k, struct arena *arena)
{
    int w = k->w, h = k->h, count = 0;
    int *queue = arena_new(arena, int, w *h);
    for (int x = 0; x < w; x++)
        count += flood_from(k, queue, x) + flood_from(k, queue, (h - 1) * w + x);
    for (int y = 0; y < h; y++)
        count += flood_from(k, queue, y * w) + flood_from(k, queue, y * w + w - 1);
    for (int i = 0; i < w * h; i++)
        count += flood_hole(k, queue, i);
    for (int i = 0; i < w * h; i++)
        k->background[i] = k->background[i] == BACKGROUND;
    return 1 - (double)count / ((double)w * h);
}

/* How much of the object is far from the background's colour, times how much of the picture's border is
 * background. */
static double confidence_of(const struct work *k)
{
    int w = k->w, h = k->h, object = 0, clear = 0, border = 0, free_border = 0;
    for (int i = 0; i < w * h; i++) {
        int x = i % w, y = i / w;
        object += !k->background[i];
        clear += !k->background[i] && k->distance[i] > 2 * threshold;
        if (x == 0 || y == 0 || x == w - 1 || y == h - 1) {
            border++;
            free_border += k->background[i];
        }
    }
    return object ? (double)clear / object * free_border / border : 0;
}

/* Soft around the threshold, so that the contour comes out between pixels; the flood decides the side. */
static void make_matte(struct work *k)
{
    for (int i = 0; i < k->w * k->h; i++) {
        float soft = k->distance[i] / (2 * threshold);
        k->distance[i] = k->background[i] ? fminf(soft, 0.45f) : fminf(fmaxf(soft, 0.55f), 1);
    }
}

/* Between which two of `nodes` does pixel `p` of `pixels` lie? */
static int node_before(int p, int pixels, int nodes, float *ret_fraction)
{
    double at = fmin(fmax((p + 0.5) * nodes / pixels - 0.5, 0), nodes - 1);
    int before = (int)at > nodes - 2 && nodes > 1 ? nodes - 2 : (int)at;
    *ret_fraction = (float)(at - before);
    return before;
}

/* The matte, interpolated, becomes the alpha channel. */
static void write_alpha(const struct work *k, struct arena *arena, struct picture *p)
{
    int *left = arena_new(arena, int, p->width), next = k->w > 1;
    float *across = arena_new(arena, float, p->width), *line = arena_new(arena, float, k->w), down;
    for (int x = 0; x < p->width; x++)
        left[x] = node_before(x, p->width, k->w, &across[x]);
    for (int y = 0; y < p->height; y++) {
        const float *a = k->distance + (ptrdiff_t)node_before(y, p->height, k->h, &down) * k->w;
        const float *b = k->h > 1 ? a + k->w : a;
        uint8_t *row = p->rgba + (size_t)y * p->width * 4;
        for (int i = 0; i < k->w; i++)
            line[i] = 255 * (a[i] + down * (b[i] - a[i])) + 0.5f;
        for (int x = 0; x < p->width; x++) {
            const float *at = line + left[x];
            row[4 * x + 3] = (uint8_t)(at[0] + across[x] * (at[next] - at[0]));
        }
    }
}

static bool by_border(struct picture *p, struct arena *arena, struct segment_result *ret)
{
    struct work k;
    work_init(&k, arena, p);
    find_distances(&k);
    double object = find_background(&k, arena);
    if (object < object_min)
        ret->why =
            "nothing stands out from the picture's border; give it a plain background or an alpha channel";
    else if (object > object_max)
        ret->why = "the object can't be told from the background, the picture's border looks like it; "
                   "leave a margin or give it an alpha channel";
    if (ret->why)
        return false;
    ret->confidence = confidence_of(&k);
    make_matte(&k);
    write_alpha(&k, arena, p);
    return true;
}

bool segment_run(struct picture *picture, struct arena *arena, struct segment_result *ret)
{
    *ret = (struct segment_result){.method = "alpha", .is_drawn = true, .confidence = 1};
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
