/*
 * Binary STL: 80 bytes of header, which must not begin with "solid", the number of triangles, and 50 bytes
 * each.
 */
#include "model_encode.h"

#include <math.h>
#include <string.h>

enum { HEADER_BYTES = 80, RECORD_BYTES = 50 };

static struct vec3 face_normal(struct vec3 a, struct vec3 b, struct vec3 c)
{
    float ux = b.x - a.x, uy = b.y - a.y, uz = b.z - a.z, vx = c.x - a.x, vy = c.y - a.y, vz = c.z - a.z;
    struct vec3 n = {uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx};
    float square = n.x * n.x + n.y * n.y + n.z * n.z, scale = square > 0 ? 1 / sqrtf(square) : 0;
    return (struct vec3){n.x * scale, n.y * scale, n.z * scale};
}

void stl_write(const struct mesh *m, const struct model_texture *texture, struct buf *out)
{
    (void)texture;
    size_t bytes = HEADER_BYTES + 4 + (size_t)m->triangle_count * RECORD_BYTES;
    char *to = buf_reserve(out, bytes);
    if (!to)
        return;
    uint32_t count = (uint32_t)m->triangle_count;
    memset(to, 0, HEADER_BYTES);
    memcpy(to, "binary STL of orfeasd", 21);
    memcpy(to + HEADER_BYTES, &count, 4);
    to += HEADER_BYTES + 4;
    for (uint32_t i = 0; i < count; i++, to += RECORD_BYTES) {
        struct vec3 record[4];
        for (int k = 0; k < 3; k++)
            record[k + 1] = m->position[m->triangle[i][k]];
        record[0] = face_normal(record[1], record[2], record[3]);
        memcpy(to, record, sizeof record);
        memset(to + sizeof record, 0, RECORD_BYTES - sizeof record);
    }
    buf_commit(out, bytes);
}
