/*
 * Binary glTF 2.0: every primitive of every mesh, as triangles; where the nodes put them is not looked at.
 * The one buffer is the binary chunk. What needs an extension to be read (Draco, quantised positions) is
 * refused.
 *
 * The JSON comes first, but what it points to lies anywhere in the binary chunk: both are kept until the end,
 * each no longer than its chunk is and no more than has come; other chunks are passed over.
 */
#include "buf.h"
#include "reader.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_BYTES = 12,
    CHUNK_HEADER = 8,
    CHUNK_JSON = 0x4e4f534a,
    CHUNK_BIN = 0x004e4942,
    JSON_MAX_BYTES = 16 << 20, /* a parsed tree takes many times its text */
    UBYTE = 5121,
    USHORT = 5123,
    UINT = 5125,
    FLOAT = 5126,
    TRIANGLES = 4,
};

/* The file while it comes. */
struct glb {
    struct reader reader;
    char header[HEADER_BYTES]; /* of the file, and then of each chunk */
    size_t header_len;
    bool begun;    /* the file's header is over */
    bool in_chunk; /* a chunk's header is over */
    bool over;     /* as many bytes came as are declared, or the chunks are wrong */
    uint32_t version, declared;
    uint32_t at;   /* where the next header or the chunk's next byte lies */
    uint32_t left; /* of the chunk */
    size_t chunks;
    struct buf *keep; /* where the chunk goes; NULL: it is passed over */
    struct buf json, bin;
    bool json_is_long;
};

/* The whole of it, at the end. */
struct reading {
    const uint8_t *bin;
    size_t bin_len;
    uint64_t file_len;
    json_t *root;
    json_t *accessors;
    json_t *views;
    int64_t *first_vertex; /* of each accessor whose positions were taken; -1: not yet */
    struct soup *soup;
};

/* An accessor's bytes: `count` elements, each `stride` behind the one before. */
struct data {
    const uint8_t *at;
    size_t stride;
    size_t count;
    int64_t component;
};

static uint32_t word_at(const void *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

bool glb_sniff(const char bytes[4])
{
    return !memcmp(bytes, "glTF", 4);
}

/* ---- the chunks ---- */

static void stop(struct glb *f)
{
    f->over = true;
    buf_finish(&f->json);
    buf_finish(&f->bin);
}

/* Where the chunk goes that begins; those of unknown types are passed over, as the standard demands. */
static struct buf *find_place(struct glb *f, uint32_t type)
{
    bool is_json = type == CHUNK_JSON, is_bin = f->chunks == 1 && type == CHUNK_BIN;
    f->json_is_long = f->json_is_long || (is_json && f->left > JSON_MAX_BYTES);
    if ((is_json && f->json_is_long) || (!is_json && !is_bin))
        return NULL;
    struct buf *to = is_json ? &f->json : &f->bin;
    buf_init(to, f->left);
    return to;
}

static bool begin_chunk(struct glb *f)
{
    struct soup *s = &f->reader.soup;
    uint32_t type = word_at(f->header + 4);
    f->left = word_at(f->header);
    if (f->left > f->declared - f->at)
        return soup_fail(s, "GLB: chunk %zu is longer than the file", f->chunks);
    if ((f->chunks == 0) != (type == CHUNK_JSON))
        return soup_fail(s, "GLB: the first chunk, and no other, must be JSON");
    f->keep = find_place(f, type);
    if (f->keep == &f->bin && f->left > f->reader.max_kept)
        return soup_fail(s, "too large to check: a binary chunk of %u bytes", f->left);
    f->in_chunk = true;
    f->chunks++;
    return true;
}

/* A chunk's header has to fit before the file's end. */
static bool expect_chunk(struct glb *f)
{
    f->in_chunk = false;
    f->over = f->at == f->declared;
    return f->over || f->declared - f->at >= CHUNK_HEADER ||
           soup_fail(&f->reader.soup, "GLB: chunk %zu is longer than the file", f->chunks);
}

static bool begin_file(struct glb *f)
{
    f->begun = true;
    f->version = word_at(f->header + 4);
    f->declared = word_at(f->header + 8);
    if (f->version != 2 || f->declared < HEADER_BYTES + CHUNK_HEADER)
        return false; /* find_wrong_header() says it */
    return expect_chunk(f);
}

static size_t feed_header(struct glb *f, const char *bytes, size_t len)
{
    size_t wanted = f->begun ? CHUNK_HEADER : HEADER_BYTES;
    size_t missing = wanted - f->header_len, n = len < missing ? len : missing;
    memcpy(f->header + f->header_len, bytes, n);
    f->header_len += n;
    f->at += (uint32_t)n;
    if (f->header_len < wanted)
        return n;
    f->header_len = 0;
    if (!(f->begun ? begin_chunk(f) : begin_file(f)) || (f->in_chunk && !f->left && !expect_chunk(f)))
        stop(f);
    return n;
}

static size_t feed_chunk(struct glb *f, const char *bytes, size_t len)
{
    size_t n = len < f->left ? len : f->left;
    if (f->keep)
        buf_add(f->keep, bytes, n);
    f->left -= (uint32_t)n;
    f->at += (uint32_t)n;
    if (f->keep && f->keep->failed)
        soup_fail(&f->reader.soup, "no memory to check it");
    if (f->reader.soup.why[0] || (!f->left && !expect_chunk(f)))
        stop(f);
    return n;
}

static void feed(struct reader *r, const char *bytes, size_t len)
{
    struct glb *f = (struct glb *)r;
    while (len && !f->over) {
        size_t n = f->in_chunk ? feed_chunk(f, bytes, len) : feed_header(f, bytes, len);
        bytes += n;
        len -= n;
    }
}

/* ---- the geometry ---- */

/* A member that is an integer of at least 0, or `otherwise` when it is not there. */
static bool get_size(struct reading *r, const json_t *object, const char *key, int64_t otherwise,
                     int64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    *ret = value ? (int64_t)json_integer_value(value) : otherwise;
    if (*ret < 0 || (value && !json_is_integer(value)))
        return soup_fail(r->soup, "GLB: \"%s\" is missing or no size", key);
    return true;
}

/* offset + length within `size`, all of them not negative. */
static bool fits(int64_t offset, int64_t length, int64_t size)
{
    return offset <= size && length <= size - offset;
}

static bool find_view(struct reading *r, int64_t index, size_t element_bytes, struct data *ret, int64_t *len)
{
    const json_t *view = json_array_get(r->views, (size_t)index);
    int64_t buffer, offset, stride;
    if (!view)
        return soup_fail(r->soup, "GLB: there is no buffer view %lld", (long long)index);
    if (!get_size(r, view, "buffer", -1, &buffer) || !get_size(r, view, "byteOffset", 0, &offset) ||
        !get_size(r, view, "byteLength", -1, len) ||
        !get_size(r, view, "byteStride", (int64_t)element_bytes, &stride))
        return false;
    if (buffer != 0 || !fits(offset, *len, (int64_t)r->bin_len))
        return soup_fail(r->soup, "GLB: buffer view %lld is not within the binary chunk", (long long)index);
    if (stride < (int64_t)element_bytes || stride > 252)
        return soup_fail(r->soup, "GLB: buffer view %lld has an impossible stride", (long long)index);
    ret->at = r->bin + offset;
    ret->stride = (size_t)stride;
    return true;
}

static size_t component_bytes(int64_t component)
{
    return component == UBYTE ? 1 : component == USHORT ? 2 : component == UINT || component == FLOAT ? 4 : 0;
}

static bool find_data(struct reading *r, int64_t index, const char *type, size_t components, struct data *ret)
{
    const json_t *accessor = json_array_get(r->accessors, (size_t)index);
    int64_t view, offset, count, len = 0;
    if (!accessor)
        return soup_fail(r->soup, "GLB: there is no accessor %lld", (long long)index);
    const char *name = json_string_value(json_object_get(accessor, "type"));
    if (!name || strcmp(name, type))
        return soup_fail(r->soup, "GLB: accessor %lld is not of the type %s", (long long)index, type);
    if (json_object_get(accessor, "sparse"))
        return soup_fail(r->soup, "GLB: sparse accessors are not taken");
    if (!get_size(r, accessor, "componentType", -1, &ret->component) ||
        !get_size(r, accessor, "bufferView", -1, &view) || !get_size(r, accessor, "byteOffset", 0, &offset) ||
        !get_size(r, accessor, "count", -1, &count))
        return false;
    size_t element = component_bytes(ret->component) * components;
    if (!element || count < 1)
        return soup_fail(r->soup, "GLB: accessor %lld has no elements of a known type", (long long)index);
    if (!find_view(r, view, element, ret, &len))
        return false;
    /* The last element need not fill its stride. */
    if (!fits(offset, (int64_t)element, len) ||
        count - 1 > (len - offset - (int64_t)element) / (int64_t)ret->stride)
        return soup_fail(r->soup, "GLB: accessor %lld reaches beyond its buffer view", (long long)index);
    ret->at += offset;
    ret->count = (size_t)count;
    return true;
}

/* Primitives often share their positions: each accessor's are taken once. Accessors that overlap could still
 * make gigabytes of a small file, which no honest file does: 12 bytes of it stand for one vertex. */
static bool take_positions(struct reading *r, int64_t index, int64_t *first, size_t *count)
{
    struct data d;
    if (!find_data(r, index, "VEC3", 3, &d))
        return false;
    *count = d.count;
    *first = r->first_vertex[index];
    if (*first >= 0)
        return true;
    if (d.component != FLOAT)
        return soup_fail(r->soup, "GLB: positions that are not floats");
    struct soup *s = r->soup;
    if (d.count > r->file_len / sizeof(struct vec3) - s->vertices)
        return soup_fail(s, "GLB: more positions than the file can hold");
    if (!soup_reserve_vertices(s, d.count))
        return false;
    *first = r->first_vertex[index] = (int64_t)s->vertices;
    for (size_t i = 0; i < d.count; i++)
        memcpy(&s->position[s->vertices + i], d.at + i * d.stride, sizeof(struct vec3));
    s->vertices += d.count;
    return true;
}

static uint32_t index_at(const struct data *d, size_t i)
{
    const uint8_t *at = d->at + i * d->stride;
    uint16_t half;
    if (d->component == UBYTE)
        return *at;
    if (d->component == UINT)
        return word_at(at);
    memcpy(&half, at, sizeof half);
    return half;
}

static bool take_triangles(struct reading *r, const struct data *indices, int64_t first, size_t vertices)
{
    struct soup *s = r->soup;
    size_t corners = indices ? indices->count : vertices;
    if (corners % 3)
        return soup_fail(s, "GLB: %zu corners are no whole number of triangles", corners);
    if (corners / 3 > r->file_len - s->triangles)
        return soup_fail(s, "GLB: more triangles than the file can hold");
    if (!soup_reserve_triangles(s, corners / 3))
        return false;
    for (size_t i = 0; i < corners; i += 3) {
        uint32_t *t = s->triangle[s->triangles];
        for (size_t k = 0; k < 3; k++) {
            uint32_t index = indices ? index_at(indices, i + k) : (uint32_t)(i + k);
            if (index >= vertices)
                return soup_fail(s, "GLB: index %u of %zu vertices", index, vertices);
            t[k] = (uint32_t)first + index;
        }
        s->triangles++;
    }
    return true;
}

static bool take_primitive(struct reading *r, const json_t *primitive)
{
    int64_t mode, positions, index, first;
    size_t vertices;
    struct data indices;
    if (!get_size(r, primitive, "mode", TRIANGLES, &mode))
        return false;
    if (mode != TRIANGLES)
        return soup_fail(r->soup, "GLB: a primitive of mode %lld, not of triangles", (long long)mode);
    if (!get_size(r, json_object_get(primitive, "attributes"), "POSITION", -1, &positions) ||
        !take_positions(r, positions, &first, &vertices))
        return false;
    if (!json_object_get(primitive, "indices"))
        return take_triangles(r, NULL, first, vertices);
    if (!get_size(r, primitive, "indices", -1, &index) || !find_data(r, index, "SCALAR", 1, &indices))
        return false;
    if (indices.component == FLOAT)
        return soup_fail(r->soup, "GLB: indices that are floats");
    return take_triangles(r, &indices, first, vertices);
}

static bool take_meshes(struct reading *r)
{
    size_t i, k;
    json_t *mesh, *primitive;
    const char *version = json_string_value(json_object_get(json_object_get(r->root, "asset"), "version"));
    if (!version || strncmp(version, "2.", 2))
        return soup_fail(r->soup, "GLB: the asset's version is not 2");
    if (json_array_size(json_object_get(r->root, "extensionsRequired")))
        return soup_fail(r->soup, "GLB: it needs an extension to be read");
    json_array_foreach(json_object_get(r->root, "meshes"), i, mesh)
    {
        json_array_foreach(json_object_get(mesh, "primitives"), k, primitive)
        {
            if (!take_primitive(r, primitive))
                return false;
        }
    }
    return true;
}

static bool read_json(struct reading *r, struct glb *f)
{
    json_error_t error;
    if (f->json_is_long)
        return soup_fail(r->soup, "GLB: more than 16 MiB of JSON");
    r->root = json_loadb(buf_text(&f->json), f->json.len, 0, &error);
    buf_finish(&f->json);
    if (!r->root)
        return soup_fail(r->soup, "GLB: JSON, line %d: %.80s", error.line, error.text);
    r->accessors = json_object_get(r->root, "accessors");
    r->views = json_object_get(r->root, "bufferViews");
    size_t count = json_array_size(r->accessors);
    r->first_vertex = malloc((count + 1) * sizeof *r->first_vertex);
    if (!r->first_vertex)
        return soup_fail(r->soup, "no memory to check it");
    for (size_t i = 0; i < count; i++)
        r->first_vertex[i] = -1;
    return true;
}

/* ---- the end ---- */

/* What is wrong with the file's header counts more than what its chunks say. */
static bool find_wrong_header(struct glb *f)
{
    struct soup *s = &f->reader.soup;
    uint64_t total = f->reader.total;
    if (total < HEADER_BYTES + CHUNK_HEADER)
        return soup_overrule(s, "GLB: the file ends in its header");
    if (f->version != 2)
        return soup_overrule(s, "GLB: version %u, not 2", f->version);
    if (f->declared != total)
        return soup_overrule(s, "GLB: %u bytes are declared, the file has %llu", f->declared,
                             (unsigned long long)total);
    return !s->why[0];
}

static void end(struct reader *reader)
{
    struct glb *f = (struct glb *)reader;
    if (!find_wrong_header(f))
        return;
    struct reading r = {.bin = (const uint8_t *)buf_text(&f->bin),
                        .bin_len = f->bin.len,
                        .file_len = reader->total,
                        .soup = &reader->soup};
    if (read_json(&r, f))
        take_meshes(&r);
    json_decref(r.root);
    free(r.first_vertex);
}

static void finish(struct reader *r)
{
    struct glb *f = (struct glb *)r;
    buf_finish(&f->json);
    buf_finish(&f->bin);
}

const struct reader_kind glb_reader = {MODEL_GLB, sizeof(struct glb), feed, end, finish};
