/*
 * mesher - heights on a grid become a closed surface, by construction and not by repair.
 *
 * Marching squares on alpha. Every inside node gives two vertices, at +z and -z; every grid edge between an
 * inside and an outside node gives one vertex at z = 0 that front and back share. Front and back have the
 * same triangles, mirrored. Inside a cell the polygon is cut from a corner that is a node, so no cut joins
 * two contour vertices (it would belong to four triangles). So each directed edge exists once and its reverse
 * once, whatever the mask; heights never come into it. Two opposite inside corners are joined when the mean
 * of the four alphas is inside.
 *
 * Vertices: `inside` front nodes, the same number of back nodes, then the contour. Triangles: the front, then
 * the back.
 */
#pragma once

#include "arena.h"
#include "contour.h"
#include "mesh.h"

struct mesher_grid {
    int w, h; /* the outermost nodes must be outside */
    const float *alpha;
    enum contour_rule rule;
    const float *u; /* height squared, in node distances squared */
};

struct mesher_shape {
    struct mesh
        mesh;   /* x to the right, y up, z to the viewer; unit: node distance, (0, 0) is the top left node */
    int inside; /* inside nodes */
    int *node;  /* per vertex: its node, for a contour vertex the inside one of its edge */
};

/* Heights below this, in node distances, are raised to it: front and back never touch. */
#define MESHER_Z_MIN 0.1f

/* Fills position, triangle and node from the arena; the other arrays are NULL. */
void mesher_build(struct mesher_shape *ret, struct arena *arena, const struct mesher_grid *grid);

/* Vertex normals from the gradient of z^2 - u; on the contour they lie in the plane. Those of the triangles
 * would show as ribs near a steep rim, where triangles are long and narrow. Call it before mesher_fit(). */
void mesher_add_normals(struct mesher_shape *s, struct arena *arena, const struct mesher_grid *grid);

/* uv = (position - origin) * scale, v downwards; call it before mesher_fit(). */
void mesher_add_uv(struct mesher_shape *s, struct arena *arena, const double origin[2],
                   const double scale[2]);

/* Scales by one factor, so that the mesh just fits into the box, and centres it on the origin. */
void mesher_fit(struct mesher_shape *s, const double box[3]);
