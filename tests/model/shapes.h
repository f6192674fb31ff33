/*
 * shapes - closed meshes with known numbers, for the tests of writers and checkers. shape_finish() frees.
 */
#pragma once

#include "mesh.h"

struct shape {
    const char *name;
    struct mesh (*make)(void);
    int vertices, triangles;
    double volume; /* of the mesh, not of what it approximates */
};

enum { SHAPES = 4 };
extern const struct shape shapes[SHAPES]; /* octahedron, cube, ball, torus */

void shape_finish(struct mesh *m);
