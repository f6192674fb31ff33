#include "texture.h"
#include "jpeg_write.h"

#include <math.h>

enum { PIXELS_PER_NODE = 4, JPEG_QUALITY = 88, PROGRESS_ROWS = 32 };

void texture_init(struct texture *t, struct arena *arena, const struct picture *picture,
                  const struct grid *grid)
{
    *t = (struct texture){.picture = picture, .grid = grid};
    t->colour = arena_alloc(arena, (size_t)grid->w * grid->h, sizeof *t->colour);
    float *column = arena_new(arena, float, 4 * (size_t)picture->width);
    for (int y = 0; y < grid->h; y++)
        resample_colour_row(&grid->x, &grid->y, y, picture, column, t->colour + (ptrdiff_t)y * grid->w);
}

static uint8_t to_byte(float value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5f);
}

void texture_colour_mesh(const struct texture *t, struct arena *arena, struct mesh *mesh, const int *node)
{
    mesh->colour = arena_alloc(arena, (size_t)mesh->vertex_count, sizeof *mesh->colour);
    for (int v = 0; v < mesh->vertex_count; v++) {
        const float *c = t->colour[node[v]];
        float factor = c[3] > 0 ? 1 / c[3] : 0;
        for (int k = 0; k < 3; k++)
            mesh->colour[v][k] = to_byte(c[k] * factor);
    }
}

struct plane {
    int w, h;
    float (*at)[4];
};

/* Every pixel of `coarse` is the sum of four of `fine`. */
static struct plane halve(struct arena *arena, const struct plane *fine)
{
    struct plane coarse = {.w = (fine->w + 1) / 2, .h = (fine->h + 1) / 2};
    coarse.at = arena_alloc(arena, (size_t)coarse.w * coarse.h, sizeof *coarse.at);
    for (int y = 0; y < fine->h; y++)
        for (int x = 0; x < fine->w; x++)
            for (int c = 0; c < 4; c++)
                coarse.at[y / 2 * coarse.w + x / 2][c] += fine->at[y * fine->w + x][c];
    return coarse;
}

/* Below full cover the coarse colour, which is opaque, shows through. */
static void fill_from(struct plane *fine, const struct plane *coarse)
{
    for (int y = 0; y < fine->h; y++) {
        for (int x = 0; x < fine->w; x++) {
            float *to = fine->at[y * fine->w + x], missing = 1 - fminf(to[3], 1);
            const float *from = coarse->at[y / 2 * coarse->w + x / 2];
            if (missing > 0)
                for (int c = 0; c < 4; c++)
                    to[c] += missing * from[c];
        }
    }
}

static void make_opaque(struct plane *p)
{
    for (int i = 0; i < p->w * p->h; i++) {
        float sum = p->at[i][3], factor = sum > 1 ? 1 / sum : 1;
        for (int c = 0; c < 4; c++)
            p->at[i][c] *= factor;
    }
}

/* Pull and push: makes every node opaque. */
static void fill(struct texture *t, struct arena *arena)
{
    struct plane level[24] = {{.w = t->grid->w, .h = t->grid->h, .at = t->colour}};
    int last = 0;
    for (; level[last].w > 1 || level[last].h > 1; last++)
        level[last + 1] = halve(arena, &level[last]);
    for (int i = 0; i < 4; i++)
        level[last].at[0][i] /= fmaxf(level[last].at[0][3], 1e-6f);
    for (int k = last - 1; k >= 0; k--) {
        make_opaque(&level[k]);
        fill_from(&level[k], &level[k + 1]);
    }
}

struct composer {
    const struct texture *texture;
    struct resample_axis x, y;
    float *column;
    float (*own)[4];   /* a row of the picture */
    float (*under)[4]; /* a row of nodes, between two rows of them */
    int *left;         /* per column of the texture: the node left of it */
    float *right;      /* and how far it is from there to the next */
    uint8_t (*rgb)[3];
};

/* Where a pixel of the texture lies between two nodes. */
static int node_before(double position, int pixels, int across, const struct grid *g, int nodes,
                       float *ret_fraction)
{
    double at = (position + 0.5) / across * pixels / g->cell + g->origin;
    int node = (int)at;
    node = node > nodes - 2 ? nodes - 2 : node;
    *ret_fraction = (float)(at - node);
    return node;
}

static void compose_row(struct composer *c, int row)
{
    const struct texture *t = c->texture;
    const struct grid *g = t->grid;
    float down;
    int above = node_before(row, t->picture->height, c->y.nodes, g, g->h, &down);
    for (int i = 0; i < g->w; i++)
        for (int k = 0; k < 3; k++) {
            float a = t->colour[above * g->w + i][k], b = t->colour[(above + 1) * g->w + i][k];
            c->under[i][k] = a + down * (b - a);
        }
    resample_colour_row(&c->x, &c->y, row, t->picture, c->column, c->own);
    for (int i = 0; i < c->x.nodes; i++) {
        const float *own = c->own[i], *a = c->under[c->left[i]], *b = c->under[c->left[i] + 1];
        float missing = own[3] < 1 ? 1 - own[3] : 0, right = c->right[i];
        for (int k = 0; k < 3; k++)
            c->rgb[i][k] = to_byte(own[k] + missing * (a[k] + right * (b[k] - a[k])));
    }
}

static void composer_init(struct composer *c, struct arena *arena, const struct texture *t)
{
    const struct picture *p = t->picture;
    int longer = p->width > p->height ? p->width : p->height;
    double cell = fmax(1, (double)longer / (PIXELS_PER_NODE * t->grid->longer));
    int w = (int)fmax(1, floor(p->width / cell)), h = (int)fmax(1, floor(p->height / cell));
    *c = (struct composer){.texture = t};
    resample_axis_init(&c->x, arena, p->width, w, (double)p->width / w, -0.5);
    resample_axis_init(&c->y, arena, p->height, h, (double)p->height / h, -0.5);
    c->column = arena_new(arena, float, 4 * (size_t)p->width);
    c->own = arena_alloc(arena, (size_t)w, sizeof *c->own);
    c->under = arena_alloc(arena, (size_t)t->grid->w, sizeof *c->under);
    c->rgb = arena_alloc(arena, (size_t)w, sizeof *c->rgb);
    c->left = arena_new(arena, int, w);
    c->right = arena_new(arena, float, w);
    for (int i = 0; i < w; i++)
        c->left[i] = node_before(i, p->width, w, t->grid, t->grid->w, &c->right[i]);
}

bool texture_write_jpeg(struct texture *t, struct arena *arena, texture_progress *progress, void *context,
                        struct buf *out)
{
    struct composer c;
    struct jpeg_write jpeg;
    fill(t, arena);
    composer_init(&c, arena, t);
    if (!jpeg_write_start(&jpeg, c.x.nodes, c.y.nodes, JPEG_QUALITY, out))
        return false;
    bool going = true;
    for (int row = 0; row < c.y.nodes && going; row++) {
        compose_row(&c, row);
        going = jpeg_write_row(&jpeg, c.rgb[0]);
        if (going && row % PROGRESS_ROWS == 0)
            going = progress(context, (double)row / c.y.nodes);
    }
    return jpeg_write_end(&jpeg, going);
}
