#include "topology.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double area_of(const struct mesh *m, const uint32_t t[3])
{
    const struct vec3 a = m->position[t[0]], b = m->position[t[1]], c = m->position[t[2]];
    double p[3] = {b.x - a.x, b.y - a.y, b.z - a.z}, q[3] = {c.x - a.x, c.y - a.y, c.z - a.z};
    return sqrt(pow(p[1] * q[2] - p[2] * q[1], 2) + pow(p[2] * q[0] - p[0] * q[2], 2) +
                pow(p[0] * q[1] - p[1] * q[0], 2)) /
           2;
}

static bool all_finite(const struct vec3 *v, int count)
{
    for (int i = 0; v && i < count; i++)
        if (!isfinite(v[i].x) || !isfinite(v[i].y) || !isfinite(v[i].z))
            return false;
    return true;
}

struct topology topology_of(const struct mesh *m)
{
    struct topology s = {.finite = all_finite(m->position, m->vertex_count) &&
                                   all_finite(m->normal, m->vertex_count),
                         .smallest = INFINITY,
                         .volume = mesh_volume(m)};
    size_t edges = 3 * (size_t)m->triangle_count;
    uint64_t *edge = malloc(edges * sizeof *edge);
    for (int t = 0; t < m->triangle_count; t++) {
        for (int c = 0; c < 3; c++)
            edge[3 * t + c] = (uint64_t)m->triangle[t][c] << 32 | m->triangle[t][(c + 1) % 3];
        s.smallest = fmin(s.smallest, area_of(m, m->triangle[t]));
    }
    qsort(edge, edges, sizeof *edge, compare);
    for (size_t i = 0; i < edges; i++) {
        uint64_t reverse = edge[i] << 32 | edge[i] >> 32;
        s.duplicate += i && edge[i] == edge[i - 1];
        s.open += !bsearch(&reverse, edge, edges, sizeof *edge, compare);
    }
    s.euler = (long)m->vertex_count - (long)(edges / 2) + m->triangle_count;
    free(edge);
    return s;
}

static int root_of(int *parent, int i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(int *parent, int a, int b)
{
    parent[root_of(parent, a)] = root_of(parent, b);
}

void topology_expected(const float *alpha, int w, int h, int *ret_pieces, int *ret_holes)
{
    int *parent = malloc((size_t)w * h * sizeof *parent), count[2] = {0};
    for (int i = 0; i < w * h; i++)
        parent[i] = i;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int i = y * w + x;
            bool in = alpha[i] > 0.5f;
            if (x + 1 < w && (alpha[i + 1] > 0.5f) == in)
                join(parent, i, i + 1);
            if (y + 1 < h && (alpha[i + w] > 0.5f) == in)
                join(parent, i, i + w);
            if (x + 1 == w || y + 1 == h || (alpha[i + 1] > 0.5f) == in || (alpha[i + w] > 0.5f) == in ||
                (alpha[i + w + 1] > 0.5f) != in)
                continue;
            if ((alpha[i] + alpha[i + 1] + alpha[i + w] + alpha[i + w + 1] > 2) == in)
                join(parent, i, i + w + 1);
            else
                join(parent, i + 1, i + w);
        }
    }
    for (int i = 0; i < w * h; i++)
        count[alpha[i] > 0.5f] += parent[i] == i;
    *ret_pieces = count[1];
    *ret_holes = count[0] - 1;
    free(parent);
}
