/*
 * mesh - an indexed triangle mesh, as the generator makes it and as a downloaded file is read back.
 *
 * Right-handed, counter-clockwise seen from outside. Arrays are the owner's: an arena's or malloc'd, as the
 * function that fills it says.
 */
#pragma once

#include <stdint.h>

struct vec3 {
    float x, y, z;
};

struct mesh {
    int vertex_count;
    int triangle_count;
    struct vec3 *position;
    struct vec3 *normal;  /* unit length, or NULL */
    float (*uv)[2];       /* origin top left, or NULL */
    uint8_t (*colour)[3]; /* sRGB, or NULL */
    uint32_t (*triangle)[3];
};

/* Signed volume by the divergence theorem; positive when the triangles face outwards. */
double mesh_volume(const struct mesh *m);
