/*
 * model_write - a mesh as a file: binary STL, OBJ (with vertex colours), binary glTF 2.0, binary PLY.
 */
#pragma once

#include "buf.h"
#include "mesh.h"

#include <stdbool.h>

enum model_format { MODEL_STL, MODEL_OBJ, MODEL_GLB, MODEL_PLY, MODEL_FORMATS };

const char *model_format_name(enum model_format format); /* "stl" ...; also the file's extension */
const char *model_format_mime(enum model_format format); /* "model/stl" ... */
/* By name, in lower case. False when there is none. */
bool model_format_parse(const char *name, enum model_format *ret);

struct model_texture { /* goes into a GLB; ignored by the others */
    const void *bytes; /* a whole JPEG or PNG file */
    size_t len;
    const char *mime; /* "image/jpeg" or "image/png" */
};

/* `texture` may be NULL. Returns false when the buffer ran out. */
bool model_write(const struct mesh *m, enum model_format format, const struct model_texture *texture,
                 struct buf *out);
