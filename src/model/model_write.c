#include "model_encode.h"

#include <string.h>

static const struct {
    const char *name;
    const char *mime;
    model_encode *encode;
} formats[MODEL_FORMATS] = {
    [MODEL_STL] = {"stl", "model/stl", stl_write},
    [MODEL_OBJ] = {"obj", "model/obj", obj_write},
    [MODEL_GLB] = {"glb", "model/gltf-binary", glb_write},
    [MODEL_PLY] = {"ply", "application/ply", ply_write}, /* not registered, but what others say */
};

const char *model_format_name(enum model_format format)
{
    return (unsigned)format < MODEL_FORMATS ? formats[format].name : "unknown";
}

const char *model_format_mime(enum model_format format)
{
    return (unsigned)format < MODEL_FORMATS ? formats[format].mime : "application/octet-stream";
}

bool model_format_parse(const char *name, enum model_format *ret)
{
    for (int i = 0; i < MODEL_FORMATS; i++) {
        if (!strcmp(formats[i].name, name)) {
            *ret = (enum model_format)i;
            return true;
        }
    }
    return false;
}

bool model_write(const struct mesh *m, enum model_format format, const struct model_texture *texture,
                 struct buf *out)
{
    formats[format].encode(m, texture, out);
    return !out->failed;
}
