#include "mesh.h"

double mesh_volume(const struct mesh *m)
{
    double sixfold = 0;
    for (int i = 0; i < m->triangle_count; i++) {
        struct vec3 a = m->position[m->triangle[i][0]], b = m->position[m->triangle[i][1]],
                    c = m->position[m->triangle[i][2]];
        double bx = b.x, by = b.y, bz = b.z, cx = c.x, cy = c.y, cz = c.z;
        sixfold += a.x * (by * cz - bz * cy) + a.y * (bz * cx - bx * cz) + a.z * (bx * cy - by * cx);
    }
    return sixfold / 6;
}
