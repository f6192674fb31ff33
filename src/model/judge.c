#include "judge.h"
#include "surface.h"

#include <float.h>

static void measure(const struct surface *f, struct model_report *ret)
{
    for (int k = 0; k < 3; k++) {
        ret->low[k] = f->vertices ? FLT_MAX : 0;
        ret->high[k] = f->vertices ? -FLT_MAX : 0;
    }
    for (size_t i = 0; i < f->vertices; i++) {
        const float p[3] = {f->position[i].x, f->position[i].y, f->position[i].z};
        for (int k = 0; k < 3; k++) {
            ret->low[k] = p[k] < ret->low[k] ? p[k] : ret->low[k];
            ret->high[k] = p[k] > ret->high[k] ? p[k] : ret->high[k];
        }
    }
    const struct mesh mesh = {.vertex_count = (int)f->vertices,
                              .triangle_count = (int)f->triangles,
                              .position = f->position,
                              .triangle = f->triangle};
    ret->volume = mesh_volume(&mesh);
}

void judge_soup(struct soup *s, struct model_report *ret)
{
    struct surface f;
    if (!surface_init(&f, s)) {
        soup_fail(s, "no memory to check it");
        return;
    }
    ret->triangles = (int64_t)s->triangles;
    ret->vertices = (int64_t)f.vertices;
    ret->degenerate = (int64_t)f.degenerate;
    ret->open_edges = f.open_edges;
    ret->watertight = f.triangles && !f.open_edges;
    ret->valid = ret->watertight;
    measure(&f, ret);
    if (!s->triangles)
        soup_fail(s, "no triangles");
    else if (!f.triangles)
        soup_fail(s, "no triangle has three different corners");
    else if (f.open_edges)
        soup_fail(s, "the surface is not closed: %lld open edges", (long long)f.open_edges);
    surface_finish(&f);
}
