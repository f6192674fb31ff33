#include "grid.h"

#include <assert.h>
#include <math.h>

enum { MIN_ACROSS = 8, MAX_PER_PIXEL = 5, QUALITIES = 10 };

static const int nodes_of_quality[QUALITIES] = {32, 48, 64, 80, 96, 112, 128, 192, 256, 512};

int grid_nodes(int quality)
{
    assert(quality >= 1 && quality <= QUALITIES);
    return nodes_of_quality[quality - 1];
}

/* Pixels a node. The middle term keeps MIN_ACROSS nodes across a narrow picture, within the square's budget.
 */
static double cell_size(int width, int height, int nodes)
{
    double longer = fmax(width, height), shorter = fmin(width, height);
    double narrow = fmax(shorter / MIN_ACROSS, sqrt(longer * shorter) / nodes);
    return fmax(fmin(longer / nodes, narrow), 1.0 / MAX_PER_PIXEL);
}

static int nodes_along(int pixels, double cell)
{
    return (int)ceil(pixels / cell - 1e-6);
}

void grid_init(struct grid *g, struct arena *arena, const struct picture *picture, int quality)
{
    double cell = cell_size(picture->width, picture->height, grid_nodes(quality));
    int across = nodes_along(picture->width, cell), down = nodes_along(picture->height, cell);
    *g = (struct grid){.w = across + 2 * GRID_PAD,
                       .h = down + 2 * GRID_PAD,
                       .longer = across > down ? across : down,
                       .cell = cell,
                       .rule = cell >= 1 ? CONTOUR_COVERAGE : CONTOUR_LINEAR};
    g->alpha = arena_new(arena, float, (size_t)g->w * g->h);
    resample_axis_init(&g->x, arena, picture->width, g->w, cell, GRID_PAD);
    resample_axis_init(&g->y, arena, picture->height, g->h, cell, GRID_PAD);
    resample_alpha(&g->x, &g->y, arena, picture, g->alpha);
}

struct component {
    int first; /* one of its nodes */
    int size;
    bool inside;
};

/* Floods one component over `label` (0: not visited yet); `stack` holds every node at most once. */
static struct component flood(const struct grid *g, int *label, int *stack, int start, int name)
{
    const int step[4] = {-1, 1, -g->w, g->w};
    struct component c = {.first = start, .inside = g->alpha[start] > CONTOUR_ISO};
    int top = 0, nodes = g->w * g->h;
    stack[top++] = start;
    label[start] = name;
    while (top) {
        int at = stack[--top], column = at % g->w;
        c.size++;
        for (int s = 0; s < 4; s++) {
            int next = at + step[s];
            if (next < 0 || next >= nodes || (s == 0 && column == 0) || (s == 1 && column == g->w - 1))
                continue;
            if (label[next] || (g->alpha[next] > CONTOUR_ISO) != c.inside)
                continue;
            label[next] = name;
            stack[top++] = next;
        }
    }
    return c;
}

/* A dropped component becomes empty, a filled hole full. */
static float cleaned_alpha(const struct component *c, int largest, int inside, double min_share,
                           double max_hole)
{
    if (c->inside && c->size < largest && c->size < min_share * inside)
        return 0;
    if (!c->inside && c->size < max_hole * inside)
        return 1;
    return -1;
}

int grid_clean(struct grid *g, struct arena *arena, double min_share, double max_hole)
{
    int nodes = g->w * g->h, count = 0, inside = 0, largest = 0;
    int *label = arena_new(arena, int, nodes), *stack = arena_new(arena, int, nodes);
    struct component *found = arena_new(arena, struct component, nodes + 1);
    for (int i = 0; i < nodes; i++) {
        if (label[i])
            continue;
        struct component c = flood(g, label, stack, i, ++count);
        found[count] = c;
        inside += c.inside ? c.size : 0;
        largest = c.inside && c.size > largest ? c.size : largest;
    }
    int left = 0;
    for (int i = 0; i < nodes; i++) {
        float alpha =
            label[i] == 1 ? -1 : cleaned_alpha(&found[label[i]], largest, inside, min_share, max_hole);
        if (alpha >= 0)
            g->alpha[i] = alpha;
        left += g->alpha[i] > CONTOUR_ISO;
    }
    return left;
}
