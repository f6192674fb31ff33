/*
 * texture - the picture's colours on the model: one per vertex, or a whole texture as a JPEG.
 *
 * Outside the object a texture continues its colours (each pixel takes them from the nearest scale at which
 * there are any, coarse to fine), so that no background shows through at the rim when a viewer interpolates.
 */
#pragma once

#include "buf.h"
#include "grid.h"
#include "mesh.h"

#include <stdbool.h>

/* Colour times alpha (0 to 255) and alpha, per node. */
struct texture {
    const struct picture *picture;
    const struct grid *grid;
    float (*colour)[4];
};

/* Called with the share of the work that is done, 0 to 1; false stops it. */
typedef bool texture_progress(void *context, double fraction);

void texture_init(struct texture *t, struct arena *arena, const struct picture *picture,
                  const struct grid *grid);

/* mesh->colour from the arena; node[v] as in struct mesher_shape. */
void texture_colour_mesh(const struct texture *t, struct arena *arena, struct mesh *mesh, const int *node);

/* Appends a JPEG of the whole picture, its longer side four pixels a node, but never more than the picture's.
 * False when `progress` said so or the buffer ran out. Changes t->colour. */
bool texture_write_jpeg(struct texture *t, struct arena *arena, texture_progress *progress, void *context,
                        struct buf *out);
