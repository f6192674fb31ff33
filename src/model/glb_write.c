/*
 * Binary glTF 2.0 (Khronos): one mesh, one primitive, every attribute in a buffer view of its own.
 */
#include "model_encode.h"

#include <math.h>
#include <string.h>

enum { JSON_MAX = 4096, VIEWS = 6, CHUNK_JSON = 0x4e4f534a, CHUNK_BIN = 0x004e4942 };
enum { ARRAY_BUFFER = 34962, ELEMENT_ARRAY_BUFFER = 34963, FLOAT = 5126, USHORT = 5123, UINT = 5125 };

/* One buffer view, and the accessor on it when it has a type. */
struct view {
    const void *bytes; /* NULL: filled by what `fill` says */
    void (*fill)(const struct mesh *m, char *to);
    size_t len;
    size_t at;             /* in the binary chunk, a multiple of 4 */
    int target;            /* 0: none */
    const char *type;      /* NULL: no accessor */
    const char *attribute; /* NULL: not a vertex attribute */
    int component;
    int count;
    bool normalised;
};

struct layout {
    struct view views[VIEWS];
    int count;
    size_t bytes;
    int indices, image; /* places among the views; -1: none */
};

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static int add_view(struct layout *l, struct view view)
{
    view.at = l->bytes;
    l->bytes += padded(view.len);
    l->views[l->count] = view;
    return l->count++;
}

/* glTF's vertex colours are linear: 16 bits keep the darks apart, and four of them keep the stride a multiple
 * of 4. */
static void fill_colours(const struct mesh *m, char *to)
{
    uint16_t linear[256];
    for (int i = 0; i < 256; i++) {
        double c = i / 255.0; /* IEC 61966-2-1 */
        linear[i] = (uint16_t)(65535 * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)) + 0.5);
    }
    for (int i = 0; i < m->vertex_count; i++, to += 8) {
        const uint8_t *c = m->colour[i];
        const uint16_t rgba[4] = {linear[c[0]], linear[c[1]], linear[c[2]], 65535};
        memcpy(to, rgba, sizeof rgba);
    }
}

static void fill_short_indices(const struct mesh *m, char *to)
{
    for (int i = 0; i < m->triangle_count; i++, to += 6) {
        uint16_t corners[3];
        for (int k = 0; k < 3; k++)
            corners[k] = (uint16_t)m->triangle[i][k];
        memcpy(to, corners, sizeof corners);
    }
}

static void add_attribute(struct layout *l, const struct mesh *m, const char *attribute, const char *type,
                          const void *floats, size_t size)
{
    add_view(l, (struct view){.bytes = floats,
                              .len = (size_t)m->vertex_count * size,
                              .target = ARRAY_BUFFER,
                              .type = type,
                              .attribute = attribute,
                              .component = FLOAT,
                              .count = m->vertex_count});
}

static void add_colours(struct layout *l, const struct mesh *m)
{
    add_view(l, (struct view){.fill = fill_colours,
                              .len = (size_t)m->vertex_count * 8,
                              .target = ARRAY_BUFFER,
                              .type = "VEC4",
                              .attribute = "COLOR_0",
                              .component = USHORT,
                              .count = m->vertex_count,
                              .normalised = true});
}

static int add_indices(struct layout *l, const struct mesh *m)
{
    bool is_short = m->vertex_count < 65535; /* 65535 itself is glTF's primitive restart */
    return add_view(l, (struct view){.bytes = is_short ? NULL : m->triangle,
                                     .fill = fill_short_indices,
                                     .len = (size_t)m->triangle_count * (is_short ? 6 : 12),
                                     .target = ELEMENT_ARRAY_BUFFER,
                                     .type = "SCALAR",
                                     .component = is_short ? USHORT : UINT,
                                     .count = m->triangle_count * 3});
}

/* Attributes first, then the indices, then the image: what follows relies on it. */
static void plan_layout(struct layout *l, const struct mesh *m, const struct model_texture *texture)
{
    *l = (struct layout){.image = -1};
    add_attribute(l, m, "POSITION", "VEC3", m->position, sizeof *m->position);
    if (m->normal)
        add_attribute(l, m, "NORMAL", "VEC3", m->normal, sizeof *m->normal);
    if (m->uv && texture)
        add_attribute(l, m, "TEXCOORD_0", "VEC2", m->uv, sizeof *m->uv);
    else if (m->colour)
        add_colours(l, m);
    l->indices = add_indices(l, m);
    if (m->uv && texture)
        l->image = add_view(l, (struct view){.bytes = texture->bytes, .len = texture->len});
}

/* glTF demands the exact bounds; 17 digits give a double, and so a float, exactly. */
static void add_bounds(const struct mesh *m, struct buf *json)
{
    struct vec3 low = m->position[0], high = low;
    for (int i = 1; i < m->vertex_count; i++) {
        struct vec3 p = m->position[i];
        low = (struct vec3){fminf(low.x, p.x), fminf(low.y, p.y), fminf(low.z, p.z)};
        high = (struct vec3){fmaxf(high.x, p.x), fmaxf(high.y, p.y), fmaxf(high.z, p.z)};
    }
    buf_printf(json, ",\"min\":[%.17g,%.17g,%.17g],\"max\":[%.17g,%.17g,%.17g]", (double)low.x, (double)low.y,
               (double)low.z, (double)high.x, (double)high.y, (double)high.z);
}

static void add_accessors(const struct layout *l, const struct mesh *m, struct buf *json)
{
    buf_add_text(json, "\"accessors\":[");
    for (int i = 0; i < l->count && l->views[i].type; i++) { /* the image is the last view */
        const struct view *v = &l->views[i];
        buf_printf(json, "%s{\"bufferView\":%d,\"componentType\":%d,\"count\":%d,\"type\":\"%s\"",
                   i ? "," : "", i, v->component, v->count, v->type);
        if (v->normalised)
            buf_add_text(json, ",\"normalized\":true");
        if (!i)
            add_bounds(m, json);
        buf_add_text(json, "}");
    }
    buf_add_text(json, "],\"bufferViews\":[");
    for (int i = 0; i < l->count; i++) {
        const struct view *v = &l->views[i];
        buf_printf(json, "%s{\"buffer\":0,\"byteOffset\":%zu,\"byteLength\":%zu", i ? "," : "", v->at,
                   v->len);
        if (v->target)
            buf_printf(json, ",\"target\":%d", v->target);
        buf_add_text(json, "}");
    }
    buf_printf(json, "],\"buffers\":[{\"byteLength\":%zu}]", l->bytes);
}

static void add_json(const struct layout *l, const struct mesh *m, const struct model_texture *texture,
                     struct buf *json)
{
    buf_add_text(json, "{\"asset\":{\"version\":\"2.0\",\"generator\":\"orfeasd\"},\"scene\":0,"
                       "\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"mesh\":0,\"name\":\"model\"}],"
                       "\"meshes\":[{\"primitives\":[{\"attributes\":{");
    for (int i = 0; i < l->indices; i++)
        buf_printf(json, "%s\"%s\":%d", i ? "," : "", l->views[i].attribute, i);
    buf_printf(json,
               "},\"indices\":%d,\"material\":0,\"mode\":4}]}],\"materials\":[{\"pbrMetallicRoughness\":{%s"
               "\"metallicFactor\":0,\"roughnessFactor\":0.7}}],",
               l->indices, l->image < 0 ? "" : "\"baseColorTexture\":{\"index\":0},");
    if (l->image >= 0)
        buf_printf(json,
                   "\"textures\":[{\"sampler\":0,\"source\":0}],\"images\":[{\"bufferView\":%d,"
                   "\"mimeType\":\"%s\"}],\"samplers\":[{\"magFilter\":9729,\"minFilter\":9987,"
                   "\"wrapS\":33071,\"wrapT\":33071}],",
                   l->image, texture->mime);
    add_accessors(l, m, json);
    buf_add_text(json, "}");
    buf_add(json, "   ", padded(json->len) - json->len);
}

static void add_words(struct buf *out, const uint32_t *words, size_t count)
{
    buf_add(out, words, count * sizeof *words);
}

static void add_views(const struct layout *l, const struct mesh *m, struct buf *out)
{
    char *to = buf_reserve(out, l->bytes);
    if (!to)
        return;
    for (int i = 0; i < l->count; i++) {
        const struct view *v = &l->views[i];
        if (v->bytes)
            memcpy(to + v->at, v->bytes, v->len);
        else
            v->fill(m, to + v->at);
        memset(to + v->at + v->len, 0, padded(v->len) - v->len);
    }
    buf_commit(out, l->bytes);
}

void glb_write(const struct mesh *m, const struct model_texture *texture, struct buf *out)
{
    struct layout l;
    struct buf json;
    if (!m->vertex_count || !m->triangle_count) { /* glTF has no empty meshes */
        out->failed = true;
        return;
    }
    plan_layout(&l, m, texture);
    buf_init(&json, JSON_MAX);
    add_json(&l, m, texture, &json);
    size_t total = 12 + 8 + json.len + 8 + l.bytes;
    if (json.failed || total > UINT32_MAX)
        out->failed = true;
    add_words(out, (uint32_t[]){0x46546c67, 2, (uint32_t)total, (uint32_t)json.len, CHUNK_JSON}, 5);
    buf_add(out, json.bytes, json.len);
    add_words(out, (uint32_t[]){(uint32_t)l.bytes, CHUNK_BIN}, 2);
    add_views(&l, m, out);
    buf_finish(&json);
}
