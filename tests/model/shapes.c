#include "shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 16, AROUND = 24 };

static struct mesh allocated(int vertices, int triangles)
{
    size_t v = (size_t)vertices, t = (size_t)triangles;
    struct mesh m = {vertices, triangles};
    m.position = calloc(v, sizeof *m.position);
    m.normal = calloc(v, sizeof *m.normal);
    m.uv = calloc(v, sizeof *m.uv);
    m.colour = calloc(v, sizeof *m.colour);
    m.triangle = calloc(t, sizeof *m.triangle);
    return m;
}

void shape_finish(struct mesh *m)
{
    free(m->position);
    free(m->normal);
    free(m->uv);
    free(m->colour);
    free(m->triangle);
    *m = (struct mesh){0};
}

static void set_vertex(struct mesh *m, int i, struct vec3 p, struct vec3 n, float u, float v)
{
    float length = sqrtf(n.x * n.x + n.y * n.y + n.z * n.z);
    m->position[i] = p;
    m->normal[i] = (struct vec3){n.x / length, n.y / length, n.z / length};
    m->uv[i][0] = u;
    m->uv[i][1] = v;
    for (int k = 0; k < 3; k++)
        m->colour[i][k] = (uint8_t)(i * (k + 3) * 37);
}

static struct mesh octahedron(void)
{
    static const struct vec3 corners[6] = {{1, 0, 0},  {-1, 0, 0}, {0, 1, 0},
                                           {0, -1, 0}, {0, 0, 1},  {0, 0, -1}};
    static const uint32_t faces[8][3] = {{0, 2, 4}, {2, 1, 4}, {1, 3, 4}, {3, 0, 4},
                                         {2, 0, 5}, {1, 2, 5}, {3, 1, 5}, {0, 3, 5}};
    struct mesh m = allocated(6, 8);
    for (int i = 0; i < 6; i++)
        set_vertex(&m, i, corners[i], corners[i], (corners[i].x + 1) / 2, (corners[i].y + 1) / 2);
    memcpy(m.triangle, faces, sizeof faces);
    return m;
}

static struct mesh cube(void)
{
    static const uint32_t faces[12][3] = {{0, 2, 1}, {1, 2, 3}, {4, 5, 6}, {5, 7, 6}, {0, 1, 4}, {1, 5, 4},
                                          {2, 6, 3}, {3, 6, 7}, {0, 4, 2}, {2, 4, 6}, {1, 3, 5}, {3, 7, 5}};
    struct mesh m = allocated(8, 12);
    for (int i = 0; i < 8; i++) {
        struct vec3 p = {(float)(i & 1), (float)(i >> 1 & 1), (float)(i >> 2)};
        set_vertex(&m, i, (struct vec3){p.x * 20 - 7, p.y * 20 + 1, p.z * 20}, /* not around the origin */
                   (struct vec3){p.x - 0.5f, p.y - 0.5f, p.z - 0.5f}, p.x, p.y);
    }
    memcpy(m.triangle, faces, sizeof faces);
    return m;
}

static void add_triangle(struct mesh *m, int *count, int a, int b, int c)
{
    uint32_t *t = m->triangle[(*count)++];
    t[0] = (uint32_t)a;
    t[1] = (uint32_t)b;
    t[2] = (uint32_t)c;
}

/* Two poles and RINGS rings between them. */
static struct mesh ball(void)
{
    struct mesh m = allocated(2 + RINGS * AROUND, 2 * RINGS * AROUND);
    int count = 0, south = 1 + RINGS * AROUND;
    set_vertex(&m, 0, (struct vec3){0, 0, 0.05f}, (struct vec3){0, 0, 1}, 0.5f, 0);
    set_vertex(&m, south, (struct vec3){0, 0, -0.05f}, (struct vec3){0, 0, -1}, 0.5f, 1);
    for (int i = 0; i < RINGS * AROUND; i++) {
        double down = M_PI * (i / AROUND + 1) / (RINGS + 1), turn = 2 * M_PI * (i % AROUND) / AROUND;
        struct vec3 n = {(float)(sin(down) * cos(turn)), (float)(sin(down) * sin(turn)), (float)cos(down)};
        set_vertex(&m, 1 + i, (struct vec3){n.x * 0.05f, n.y * 0.05f, n.z * 0.05f}, n,
                   (float)(i % AROUND) / AROUND, (float)(i / AROUND + 1) / (RINGS + 1));
    }
    for (int k = 0; k < AROUND; k++) {
        int next = (k + 1) % AROUND, last = 1 + (RINGS - 1) * AROUND;
        add_triangle(&m, &count, 0, 1 + k, 1 + next);
        add_triangle(&m, &count, south, last + next, last + k);
        for (int ring = 0; ring < RINGS - 1; ring++) {
            int a = 1 + ring * AROUND, b = a + AROUND;
            add_triangle(&m, &count, a + k, b + k, b + next);
            add_triangle(&m, &count, a + k, b + next, a + next);
        }
    }
    return m;
}

static struct mesh torus(void)
{
    struct mesh m = allocated(RINGS * AROUND, 2 * RINGS * AROUND);
    int count = 0;
    for (int i = 0; i < RINGS * AROUND; i++) {
        double a = 2 * M_PI * (i / AROUND) / RINGS, b = 2 * M_PI * (i % AROUND) / AROUND;
        struct vec3 n = {(float)(cos(a) * cos(b)), (float)(sin(a) * cos(b)), (float)sin(b)};
        struct vec3 p = {(float)(30 * cos(a)) + 10 * n.x, (float)(30 * sin(a)) + 10 * n.y, 10 * n.z};
        set_vertex(&m, i, p, n, (float)(i / AROUND) / RINGS, (float)(i % AROUND) / AROUND);
    }
    for (int i = 0; i < RINGS * AROUND; i++) {
        int ring = i / AROUND, k = i % AROUND, next = (k + 1) % AROUND, beyond = (ring + 1) % RINGS * AROUND;
        add_triangle(&m, &count, i, beyond + k, beyond + next);
        add_triangle(&m, &count, i, beyond + next, ring * AROUND + next);
    }
    return m;
}

/* The ball is a pile of frustums of 24-gons, h/3 (A + B + sqrt(A B)) each; the torus' volume was taken with
 * admesh from an STL file of this mesh. */
const struct shape shapes[SHAPES] = {
    {"octahedron", octahedron, 6, 8, 4.0 / 3},
    {"cube", cube, 8, 12, 8000},
    {"ball", ball, 2 + RINGS *AROUND, 2 * RINGS *AROUND, 5.132312041e-04},
    {"torus", torus, RINGS *AROUND, 2 * RINGS *AROUND, 57050.387},
};
