/*
 * PLY 1.0, binary little-endian (Greg Turk, Stanford 1994).
 */
#include "model_encode.h"

#include <string.h>

enum { FACE_BYTES = 13 };

static void add_header(const struct mesh *m, struct buf *out)
{
    buf_printf(out,
               "ply\nformat binary_little_endian 1.0\ncomment made by orfeasd\nelement vertex %d\n"
               "property float x\nproperty float y\nproperty float z\n",
               m->vertex_count);
    if (m->normal)
        buf_add_text(out, "property float nx\nproperty float ny\nproperty float nz\n");
    if (m->colour)
        buf_add_text(out, "property uchar red\nproperty uchar green\nproperty uchar blue\n");
    buf_printf(out, "element face %d\nproperty list uchar uint vertex_indices\nend_header\n",
               m->triangle_count);
}

static void add_vertices(const struct mesh *m, struct buf *out)
{
    size_t each = sizeof(struct vec3) * (m->normal ? 2 : 1) + (m->colour ? 3 : 0);
    char *to = buf_reserve(out, each * (size_t)m->vertex_count);
    if (!to)
        return;
    for (int i = 0; i < m->vertex_count; i++) {
        memcpy(to, &m->position[i], sizeof(struct vec3));
        to += sizeof(struct vec3);
        if (m->normal) {
            memcpy(to, &m->normal[i], sizeof(struct vec3));
            to += sizeof(struct vec3);
        }
        if (m->colour) {
            memcpy(to, m->colour[i], 3);
            to += 3;
        }
    }
    buf_commit(out, each * (size_t)m->vertex_count);
}

void ply_write(const struct mesh *m, const struct model_texture *texture, struct buf *out)
{
    (void)texture;
    add_header(m, out);
    add_vertices(m, out);
    size_t bytes = (size_t)m->triangle_count * FACE_BYTES;
    char *to = buf_reserve(out, bytes);
    if (!to)
        return;
    for (int i = 0; i < m->triangle_count; i++, to += FACE_BYTES) {
        to[0] = 3;
        memcpy(to + 1, m->triangle[i], 12);
    }
    buf_commit(out, bytes);
}
