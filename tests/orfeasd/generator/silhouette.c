#include "silhouette.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 20, UINT = 5125 };

struct glb {
    json_t *root;
    const unsigned char *bin;
    size_t bin_len;
};

struct accessor {
    const unsigned char *at;
    int count;
    int component;
};

static bool glb_open(struct glb *g, const unsigned char *bytes, size_t len)
{
    uint32_t json_len;
    *g = (struct glb){0};
    if (len < HEADER + 8 || memcmp(bytes, "glTF", 4) != 0)
        return false;
    memcpy(&json_len, bytes + 12, sizeof json_len);
    if (json_len > len - HEADER - 8)
        return false;
    g->root = json_loadb((const char *)bytes + HEADER, json_len, 0, NULL);
    g->bin = bytes + HEADER + json_len + 8;
    g->bin_len = len - HEADER - json_len - 8;
    return g->root;
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* `size` is that of one element; 0: by the component. */
static bool accessor_open(const struct glb *g, const json_t *index, size_t size, struct accessor *ret)
{
    size_t i = (size_t)json_integer_value(index);
    const json_t *accessor = json_array_get(json_object_get(g->root, "accessors"), i);
    size_t view_index = (size_t)number_of(accessor, "bufferView");
    const json_t *view = json_array_get(json_object_get(g->root, "bufferViews"), view_index);
    if (!json_is_integer(index) || !accessor || !view)
        return false;
    size_t at = (size_t)number_of(view, "byteOffset");
    *ret = (struct accessor){.at = g->bin + at,
                             .count = (int)number_of(accessor, "count"),
                             .component = (int)number_of(accessor, "componentType")};
    size = size ? size : ret->component == UINT ? 4 : 2;
    return at <= g->bin_len && (size_t)ret->count * size <= g->bin_len - at;
}

static int index_at(const struct accessor *a, int i)
{
    uint32_t wide = 0;
    uint16_t narrow = 0;
    if (a->component == UINT)
        memcpy(&wide, a->at + 4 * (size_t)i, sizeof wide);
    else
        memcpy(&narrow, a->at + 2 * (size_t)i, sizeof narrow);
    return (int)(a->component == UINT ? wide : narrow);
}

static double side_of(const double a[2], const double b[2], double x, double y)
{
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
}

static void fill_triangle(unsigned char *seen, int w, int h, double p[3][2])
{
    double low_x = fmin(p[0][0], fmin(p[1][0], p[2][0])), high_x = fmax(p[0][0], fmax(p[1][0], p[2][0]));
    double low_y = fmin(p[0][1], fmin(p[1][1], p[2][1])), high_y = fmax(p[0][1], fmax(p[1][1], p[2][1]));
    for (int y = (int)fmax(0, floor(low_y - 0.5)); y < h && y + 0.5 <= high_y; y++) {
        for (int x = (int)fmax(0, floor(low_x - 0.5)); x < w && x + 0.5 <= high_x; x++) {
            double a = side_of(p[0], p[1], x + 0.5, y + 0.5), b = side_of(p[1], p[2], x + 0.5, y + 0.5),
                   c = side_of(p[2], p[0], x + 0.5, y + 0.5);
            if ((a >= 0 && b >= 0 && c >= 0) || (a <= 0 && b <= 0 && c <= 0))
                seen[(size_t)y * w + x] = 1;
        }
    }
}

static bool draw(const struct glb *g, unsigned char *seen, int w, int h)
{
    const json_t *mesh = json_array_get(json_object_get(g->root, "meshes"), 0);
    const json_t *primitive = json_array_get(json_object_get(mesh, "primitives"), 0);
    struct accessor uv, index;
    if (!accessor_open(g, json_object_get(json_object_get(primitive, "attributes"), "TEXCOORD_0"), 8, &uv) ||
        !accessor_open(g, json_object_get(primitive, "indices"), 0, &index))
        return false;
    for (int t = 0; t + 2 < index.count; t += 3) {
        double p[3][2];
        for (int c = 0; c < 3; c++) {
            float at[2];
            int vertex = index_at(&index, t + c);
            if (vertex >= uv.count)
                return false;
            memcpy(at, uv.at + 8 * (size_t)vertex, sizeof at);
            p[c][0] = (double)at[0] * w;
            p[c][1] = (double)at[1] * h;
        }
        fill_triangle(seen, w, h, p);
    }
    return true;
}

double silhouette_iou(const void *glb, size_t len, const struct picture *truth)
{
    struct glb g;
    size_t pixels = (size_t)truth->width * truth->height, both = 0, either = 0;
    unsigned char *seen = calloc(pixels, 1);
    bool drawn = glb_open(&g, glb, len) && draw(&g, seen, truth->width, truth->height);
    for (size_t i = 0; i < pixels; i++) {
        bool in = truth->rgba[4 * i + 3] >= 128;
        both += in && seen[i];
        either += in || seen[i];
    }
    json_decref(g.root);
    free(seen);
    return !drawn ? -1 : either ? (double)both / (double)either : 1;
}
