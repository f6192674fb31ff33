#include "mesher.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Corners 0 to 3 clockwise on the picture from the top left, edges 4 to 7 clockwise from the top one. The
 * first is where the fan starts: always a corner, and the middle one of three. */
struct polygon {
    int points;
    int8_t point[6];
};

static const struct polygon polygon_of_case[16] = {
    {0, {0}},          {3, {0, 4, 7}},          {3, {1, 5, 4}},          {4, {0, 1, 5, 7}},
    {3, {2, 6, 5}},    {6, {0, 4, 5, 2, 6, 7}}, {4, {1, 2, 6, 4}},       {5, {1, 2, 6, 7, 0}},
    {3, {3, 7, 6}},    {4, {3, 0, 4, 6}},       {6, {1, 5, 6, 3, 7, 4}}, {5, {0, 1, 5, 6, 3}},
    {4, {2, 3, 7, 5}}, {5, {3, 0, 4, 5, 2}},    {5, {2, 3, 7, 4, 1}},    {4, {0, 1, 2, 3}},
};

enum { DIAGONAL = 5, OTHER_DIAGONAL = 10 };

static int cell_case(const float *a, int w)
{
    return (a[0] > CONTOUR_ISO) | (a[1] > CONTOUR_ISO) << 1 | (a[w + 1] > CONTOUR_ISO) << 2 |
           (a[w] > CONTOUR_ISO) << 3;
}

/* A cell with two opposite corners inside falls apart into two triangles when its middle is outside. */
static bool is_split(int kind, const float *a, int w)
{
    return (kind == DIAGONAL || kind == OTHER_DIAGONAL) && !(a[0] + a[1] + a[w] + a[w + 1] > 4 * CONTOUR_ISO);
}

struct builder {
    const struct mesher_grid *grid;
    struct mesher_shape *shape;
    int contour;
    int *node;   /* per node: its front vertex */
    int *across; /* the vertex on the edge to its right */
    int *down;   /* the vertex on the edge below it */
    uint32_t (*front)[3], (*back)[3];
};

static void count(const struct mesher_grid *g, struct mesher_shape *s, int *ret_contour)
{
    int inside = 0, contour = 0, triangles = 0;
    for (int y = 0; y < g->h - 1; y++) {
        const float *a = g->alpha + (ptrdiff_t)y * g->w;
        for (int x = 0; x < g->w - 1; x++, a++) {
            int kind = cell_case(a, g->w);
            if (!kind)
                continue;
            inside += kind & 1;
            contour += ((kind ^ kind >> 1) & 1) + ((kind ^ kind >> 3) & 1);
            triangles += is_split(kind, a, g->w) ? 2 : polygon_of_case[kind].points - 2;
        }
    }
    s->inside = inside;
    s->mesh.vertex_count = 2 * inside + contour;
    s->mesh.triangle_count = 2 * triangles;
    *ret_contour = contour;
}

/* The vertex on the edge from node i to node i + step, one of which is inside. */
static int add_contour(struct builder *b, int i, int step, int vertex)
{
    const struct mesher_grid *g = b->grid;
    bool here = g->alpha[i] > CONTOUR_ISO;
    int in = here ? i : i + step, out = here ? i + step : i;
    float t = contour_place(g->rule, g->alpha[in], g->alpha[out]);
    float from_i = here ? t : 1 - t;
    float x = (float)(i % g->w), y = (float)(i / g->w);
    b->shape->mesh.position[vertex] =
        (struct vec3){x + (step == 1 ? from_i : 0), -(y + (step == 1 ? 0 : from_i)), 0};
    b->shape->node[vertex] = in;
    return vertex;
}

static void add_node(struct builder *b, int i, int x, int y, int vertex)
{
    struct mesher_shape *s = b->shape;
    float u = b->grid->u[i], z = u > MESHER_Z_MIN * MESHER_Z_MIN ? sqrtf(u) : MESHER_Z_MIN;
    s->mesh.position[vertex] = (struct vec3){(float)x, (float)-y, z};
    s->mesh.position[vertex + s->inside] = (struct vec3){(float)x, (float)-y, -z};
    s->node[vertex] = s->node[vertex + s->inside] = i;
    b->node[i] = vertex;
}

static void add_vertices(struct builder *b)
{
    const struct mesher_grid *g = b->grid;
    int next = 0, contour = 2 * b->shape->inside;
    for (int y = 0; y < g->h - 1; y++) {
        for (int x = 0; x < g->w - 1; x++) {
            int i = y * g->w + x;
            bool here = g->alpha[i] > CONTOUR_ISO;
            if (here)
                add_node(b, i, x, y, next++);
            if (here != (g->alpha[i + 1] > CONTOUR_ISO))
                b->across[i] = add_contour(b, i, 1, contour++);
            if (here != (g->alpha[i + g->w] > CONTOUR_ISO))
                b->down[i] = add_contour(b, i, g->w, contour++);
        }
    }
}

/* Clockwise on the picture is counter-clockwise from behind: the back keeps the order, the front turns it. */
static void add_fan(struct builder *b, const int corner[8], const int8_t *point, int points)
{
    int inside = b->shape->inside;
    for (int k = 1; k < points - 1; k++) {
        int code[3] = {point[0], point[k], point[k + 1]};
        uint32_t front[3], back[3];
        for (int c = 0; c < 3; c++) {
            front[c] = (uint32_t)corner[code[c]];
            back[c] = (uint32_t)(corner[code[c]] + (code[c] < 4 ? inside : 0));
        }
        memcpy(*b->front++, (uint32_t[3]){front[0], front[2], front[1]}, sizeof front);
        memcpy(*b->back++, back, sizeof back);
    }
}

static void add_cell(struct builder *b, int i, int kind)
{
    const struct mesher_grid *g = b->grid;
    int w = g->w;
    const int corner[8] = {b->node[i],   b->node[i + 1], b->node[i + w + 1], b->node[i + w],
                           b->across[i], b->down[i + 1], b->across[i + w],   b->down[i]};
    if (is_split(kind, g->alpha + i, w)) {
        for (int bit = 1; bit < 16; bit <<= 1)
            if (kind & bit)
                add_fan(b, corner, polygon_of_case[bit].point, polygon_of_case[bit].points);
    } else {
        add_fan(b, corner, polygon_of_case[kind].point, polygon_of_case[kind].points);
    }
}

void mesher_build(struct mesher_shape *ret, struct arena *arena, const struct mesher_grid *grid)
{
    size_t nodes = (size_t)grid->w * grid->h;
    *ret = (struct mesher_shape){0};
    struct builder b = {.grid = grid, .shape = ret};
    count(grid, ret, &b.contour);
    struct mesh *m = &ret->mesh;
    m->position = arena_new(arena, struct vec3, m->vertex_count);
    ret->node = arena_new(arena, int, m->vertex_count);
    m->triangle = arena_alloc(arena, (size_t)m->triangle_count, sizeof *m->triangle);
    b.front = m->triangle;
    b.back = m->triangle + m->triangle_count / 2;
    b.node = arena_new(arena, int, nodes);
    b.across = arena_new(arena, int, nodes);
    b.down = arena_new(arena, int, nodes);
    add_vertices(&b);
    for (int y = 0; y < grid->h - 1; y++) {
        for (int i = y * grid->w; i < (y + 1) * grid->w - 1; i++) {
            int kind = cell_case(grid->alpha + i, grid->w);
            if (kind)
                add_cell(&b, i, kind);
        }
    }
}

static struct vec3 unit(struct vec3 v)
{
    float factor = 1 / sqrtf(v.x * v.x + v.y * v.y + v.z * v.z);
    return (struct vec3){v.x * factor, v.y * factor, v.z * factor};
}

/* From node i the next value of u in a direction, 0 at the contour, and how far away it is. */
static float next_u(const struct mesher_grid *g, int i, int step, float *ret_distance)
{
    bool inside = g->alpha[i + step] > CONTOUR_ISO;
    *ret_distance = inside ? 1 : contour_place(g->rule, g->alpha[i], g->alpha[i + step]);
    return inside ? g->u[i + step] : 0;
}

/* Of the parabola through three values at uneven distances: exact for u = R^2 - r^2. */
static float slope_of_u(const struct mesher_grid *g, int i, int step)
{
    float p, q, before = next_u(g, i, -step, &p), after = next_u(g, i, step, &q), here = g->u[i];
    return ((after - here) * p * p - (before - here) * q * q) / (p * q * (p + q));
}

/* Away from the inside of z^2 - u; z is never 0, so there is a length. */
static struct vec3 node_normal(const struct mesher_grid *g, int i, float z)
{
    return unit((struct vec3){-slope_of_u(g, i, 1), slope_of_u(g, i, g->w), 2 * z});
}

/* In the plane. Along the edge that leads from node i to the contour vertex at `p` u falls to 0, so there is
 * a length here too. */
static struct vec3 contour_normal(const struct mesher_grid *g, int i, struct vec3 p)
{
    float x = p.x - (float)(i % g->w), y = p.y + (float)(i / g->w);
    float u = fmaxf(g->u[i], MESHER_Z_MIN * MESHER_Z_MIN);
    if (fabsf(x) > fabsf(y))
        return unit((struct vec3){u / x, slope_of_u(g, i, g->w), 0});
    return unit((struct vec3){-slope_of_u(g, i, 1), u / y, 0});
}

void mesher_add_normals(struct mesher_shape *s, struct arena *arena, const struct mesher_grid *grid)
{
    struct mesh *m = &s->mesh;
    m->normal = arena_new(arena, struct vec3, m->vertex_count);
    for (int v = 0; v < s->inside; v++) {
        struct vec3 n = m->normal[v] = node_normal(grid, s->node[v], m->position[v].z);
        m->normal[v + s->inside] = (struct vec3){n.x, n.y, -n.z};
    }
    for (int v = 2 * s->inside; v < m->vertex_count; v++)
        m->normal[v] = contour_normal(grid, s->node[v], m->position[v]);
}

void mesher_add_uv(struct mesher_shape *s, struct arena *arena, const double origin[2], const double scale[2])
{
    struct mesh *m = &s->mesh;
    m->uv = arena_alloc(arena, (size_t)m->vertex_count, sizeof *m->uv);
    for (int v = 0; v < m->vertex_count; v++) {
        m->uv[v][0] = (float)(((double)m->position[v].x - origin[0]) * scale[0]);
        m->uv[v][1] = (float)((-(double)m->position[v].y - origin[1]) * scale[1]);
    }
}

void mesher_fit(struct mesher_shape *s, const double box[3])
{
    struct mesh *m = &s->mesh;
    struct vec3 low = m->position[0], high = low;
    for (int v = 1; v < m->vertex_count; v++) {
        struct vec3 p = m->position[v];
        low = (struct vec3){fminf(low.x, p.x), fminf(low.y, p.y), fminf(low.z, p.z)};
        high = (struct vec3){fmaxf(high.x, p.x), fmaxf(high.y, p.y), fmaxf(high.z, p.z)};
    }
    double scale = fmin(box[0] / (double)(high.x - low.x), box[1] / (double)(high.y - low.y));
    scale = fmin(scale, box[2] / (double)(high.z - low.z));
    float k = (float)scale, x = (low.x + high.x) / 2, y = (low.y + high.y) / 2;
    for (int v = 0; v < m->vertex_count; v++) {
        struct vec3 p = m->position[v];
        m->position[v] = (struct vec3){(p.x - x) * k, (p.y - y) * k, p.z * k};
    }
}
