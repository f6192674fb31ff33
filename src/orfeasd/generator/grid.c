#include "grid.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
    MIN_ACROSS = 8,
    MAX_PER_PIXEL = 5,
    MAX_FINER = 4,
    MAX_REFINED = 512,
    QUALITIES = 10,
    DEFAULT_QUALITY = 7
};

static const double aligned_below = 1.5; /* pixels a node */
static const double vague_share = 0.05, vague_step_share = 0.025;

static const int nodes_of_quality[QUALITIES] = {32, 48, 64, 80, 96, 112, 128, 192, 256, 512};

int grid_nodes(int quality)
{
    assert(quality >= 1 && quality <= QUALITIES);
    return nodes_of_quality[quality - 1];
}

/* Pixels a node. `narrow` keeps MIN_ACROSS nodes across a narrow picture, within the square's budget. From
 * two thirds of a node a pixel upwards it is a whole number of them. */
static double cell_size(int width, int height, int nodes)
{
    double longer = fmax(width, height), shorter = fmin(width, height);
    double narrow = fmax(shorter / MIN_ACROSS, sqrt(longer * shorter) / nodes);
    double cell = fmin(longer / nodes, narrow);
    return cell < aligned_below ? 1 / fmin(fmax(round(1 / cell), 1), MAX_PER_PIXEL) : cell;
}

/* An even number of nodes a pixel starts and ends on the pixel's edges. The picture's own edges are outside
 * then: half of an opaque pixel is not above CONTOUR_ISO. */
static bool is_on_edges(double cell)
{
    return cell < 1 && lround(1 / cell) % 2 == 0;
}

static int nodes_along(int pixels, double cell)
{
    return (int)ceil(pixels / cell - 1e-6) - is_on_edges(cell);
}

static void sample(struct grid *g, struct arena *arena, const struct picture *picture, double cell, bool step)
{
    int across = nodes_along(picture->width, cell), down = nodes_along(picture->height, cell);
    *g = (struct grid){.w = across + 2 * GRID_PAD,
                       .h = down + 2 * GRID_PAD,
                       .longer = across > down ? across : down,
                       .cell = cell,
                       .origin = GRID_PAD - (is_on_edges(cell) ? 1 : 0.5),
                       .rule = cell >= 1 ? CONTOUR_COVERAGE : CONTOUR_LINEAR};
    g->alpha = arena_new(arena, float, (size_t)g->w * g->h);
    resample_axis_init(&g->x, arena, picture->width, g->w, cell, g->origin);
    resample_axis_init(&g->y, arena, picture->height, g->h, cell, g->origin);
    resample_alpha(&g->x, &g->y, arena, picture, step, g->alpha);
}

static bool can_halve(double cell, const struct picture *picture, int nodes)
{
    double side = fmin(MAX_FINER * nodes, MAX_REFINED);
    return 4 * (picture->width / cell) * (picture->height / cell) <= side * side;
}

/* How much of the object lies in cells that are neither full nor empty, each counted by what it is away from
 * the nearer of them. An outline that is smooth at this size crosses few cells; thin lines and glass do not
 * stay below the limit. */
static bool is_vague(const struct grid *g, double share)
{
    int sum = 0, away = 0; /* in 256ths: whole numbers may be added in any order, several at once */
    for (int i = 0; i < g->w * g->h; i++) {
        int alpha = (int)(g->alpha[i] * 256);
        sum += alpha;
        away += alpha < 128 ? alpha : 256 - alpha;
    }
    return away > share * sum;
}

/* Alpha is how much of a pixel the object covers, and its mean how much of a cell, so the contour follows
 * between the pixels. That fails where alpha says how clear a thing is, as of glass or a shadow: there only
 * the side of 1/2 on which a pixel lies counts. Returns whether it did. */
static bool sample_clear(struct grid *g, struct arena *arena, const struct picture *picture, double cell)
{
    sample(g, arena, picture, cell, false);
    bool vague = cell > 1 && is_vague(g, vague_share);
    if (vague)
        sample(g, arena, picture, cell, true);
    return vague;
}

/* What is vague even so is thin, and needs finer cells; down to single pixels, which are exact. How fine is a
 * matter of the picture alone, from the default quality upwards: a better one never gets fewer nodes. Below,
 * a coarse shape is what was asked for. */
void grid_init(struct grid *g, struct arena *arena, const struct picture *picture, int quality)
{
    double cell = cell_size(picture->width, picture->height, grid_nodes(quality));
    if (quality >= DEFAULT_QUALITY) {
        int nodes = grid_nodes(DEFAULT_QUALITY);
        bool finer = sample_clear(g, arena, picture, cell_size(picture->width, picture->height, nodes));
        while (finer && g->cell > 1 && is_vague(g, vague_step_share) && can_halve(g->cell, picture, nodes))
            sample(g, arena, picture, fmax(1, g->cell / 2), g->cell > 2);
        if (g->cell <= cell)
            return;
    }
    sample_clear(g, arena, picture, cell);
}

struct component {
    int size; /* in nodes, but a whole pixel at least: one that differs from those around it has few nodes */
    bool inside;
    bool turned; /* inside becomes outside, and the other way round */
};

/* Floods one component over `label` (0: not visited yet); `stack` holds every node at most once. */
static struct component flood(const struct grid *g, int *label, int *stack, int start, int name)
{
    const int step[4] = {-1, 1, -g->w, g->w};
    struct component c = {.inside = g->alpha[start] > CONTOUR_ISO};
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
    if (c.size * g->cell * g->cell < 1)
        c.size = (int)(1 / (g->cell * g->cell) + 0.5);
    return c;
}

static int compare_sizes(const void *a, const void *b)
{
    const struct component *const *x = a, *const *y = b;
    return ((*x)->size > (*y)->size) - ((*x)->size < (*y)->size);
}

/* Turns the smallest of those that are `inside`, or of those that are not. */
static void turn_small(struct component **smallest, int count, bool inside, double together)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        if (smallest[i]->inside != inside)
            continue;
        sum += smallest[i]->size;
        if (!(sum < together))
            return;
        smallest[i]->turned = true;
    }
}

/* The component that starts at the first node is the outside that reaches the border. */
int grid_clean(struct grid *g, struct arena *arena, const struct grid_losses *losses)
{
    int nodes = g->w * g->h, count = 0, inside = 0, left = 0;
    int *label = arena_new(arena, int, nodes), *stack = arena_new(arena, int, nodes);
    struct component *found = arena_new(arena, struct component, nodes + 1), *largest = &found[0];
    for (int i = 0; i < nodes; i++) {
        if (label[i])
            continue;
        struct component *c = &found[++count];
        *c = flood(g, label, stack, i, count);
        inside += c->inside ? c->size : 0;
        largest = c->inside && c->size > largest->size ? c : largest;
    }
    struct component **smallest = arena_new(arena, struct component *, count);
    int small = 0;
    for (int k = 2; k <= count; k++)
        if (&found[k] != largest && found[k].size < losses->each * inside)
            smallest[small++] = &found[k];
    qsort(smallest, (size_t)small, sizeof(struct component *), compare_sizes);
    turn_small(smallest, small, true, losses->together * inside);
    turn_small(smallest, small, false, losses->together * inside);
    for (int i = 0; i < nodes; i++) {
        if (found[label[i]].turned)
            g->alpha[i] = found[label[i]].inside ? 0 : 1;
        left += g->alpha[i] > CONTOUR_ISO;
    }
    return left;
}
