#include "model_check.h"
#include "surface.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct model_limits model_default_limits = {.max_triangles = 20000000};

/* In the order in which they are asked. Binary STL has no magic, only a count that is plausible; in a text's
 * place the count is not, so OBJ, which has the weakest marks, comes last. */
static const struct {
    enum model_format format;
    soup_sniff *sniff;
    soup_read *read;
} readers[] = {
    {MODEL_GLB, glb_sniff, glb_read},
    {MODEL_PLY, ply_sniff, ply_read},
    {MODEL_STL, stl_sniff, stl_read},
    {MODEL_OBJ, obj_sniff, obj_read},
};

enum { READERS = sizeof readers / sizeof readers[0] };

/* A mesh counts in int, and a triangle may have three vertices of its own. */
static const int64_t most_triangles = INT32_MAX / 3;

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

static void judge(struct soup *s, struct model_report *ret)
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

void model_check(const void *bytes, size_t len, const struct model_limits *limits, struct model_report *ret)
{
    *ret = (struct model_report){.format = MODEL_FORMATS};
    int64_t max = limits->max_triangles < most_triangles ? limits->max_triangles : most_triangles;
    struct soup s = {.max_triangles = max > 0 ? (size_t)max : 0, .why = ret->why};
    int found = 0;
    while (found < READERS && !readers[found].sniff(bytes, len))
        found++;
    if (found == READERS) {
        soup_fail(&s, len ? "it is no STL, OBJ, GLB or PLY file" : "it is empty");
    } else {
        ret->format = readers[found].format;
        if (readers[found].read(bytes, len, &s) && soup_finite(&s))
            judge(&s, ret);
    }
    soup_finish(&s);
}
