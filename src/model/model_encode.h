/*
 * model_encode - the writers behind model_write(), one per format. Internal to this folder.
 *
 * Each appends a whole file; whether it fit is in `out->failed`. All binary formats are little-endian, and so
 * are the machines this is built for: numbers are copied as they lie in memory.
 */
#pragma once

#include "model_write.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model files are written and read as they lie in a little-endian memory"
#endif

typedef void model_encode(const struct mesh *m, const struct model_texture *texture, struct buf *out);

model_encode stl_write, obj_write, glb_write, ply_write;
