#include "test.h"
#include "buf.h"
#include "model_check.h"
#include "pieces.h"
#include "rng.h"
#include "shapes.h"

#include <stdlib.h>

/* Checks memory that ends where the file ends, so that a read beyond it is seen; and the same in pieces. */
static struct model_report check_bytes(const void *bytes, size_t len)
{
    struct model_report r, pieces;
    char *copy = malloc(len + !len);
    memcpy(copy, bytes, len);
    model_check(copy, len, &model_default_limits, &r);
    free(copy);
    check_in_pieces(bytes, len, len / 2, 61, &model_default_limits, &pieces);
    assert_same_report(&r, &pieces, "a file", len / 2, 61);
    assert_true(r.valid == !r.why[0]);
    assert_true(!r.valid || (r.watertight && r.open_edges == 0 && r.triangles > r.degenerate));
    return r;
}

static struct model_report check_text(const char *text)
{
    return check_bytes(text, strlen(text));
}

static struct model_report check_mesh(const struct mesh *m, enum model_format format)
{
    struct buf file;
    buf_init(&file, 1 << 20);
    assert_true(model_write(m, format, NULL, &file));
    struct model_report r = check_bytes(file.bytes, file.len);
    assert_int_equal(r.format, format);
    buf_finish(&file);
    return r;
}

static void test_a_missing_triangle_opens_three_edges(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES * MODEL_FORMATS; i++) {
        struct mesh m = shapes[i % SHAPES].make();
        m.triangle_count--;
        struct model_report r = check_mesh(&m, (enum model_format)(i / SHAPES));
        assert_false(r.valid);
        assert_false(r.watertight);
        assert_int_equal(r.open_edges, 3);
        assert_string_equal(r.why, "the surface is not closed: 3 open edges");
        shape_finish(&m);
    }
}

static void test_a_turned_triangle_is_no_closed_surface(void **state)
{
    (void)state;
    for (int i = 0; i < SHAPES * MODEL_FORMATS; i++) {
        struct mesh m = shapes[i % SHAPES].make();
        uint32_t *t = m.triangle[3], swap = t[0];
        t[0] = t[1];
        t[1] = swap;
        struct model_report r = check_mesh(&m, (enum model_format)(i / SHAPES));
        assert_false(r.valid);
        assert_int_equal(r.open_edges, 6);
        shape_finish(&m);
    }
}

static void test_a_triangle_that_is_there_twice(void **state)
{
    (void)state;
    struct mesh m = shapes[1].make();
    memcpy(m.triangle[0], m.triangle[5], sizeof m.triangle[0]);
    struct model_report r = check_mesh(&m, MODEL_PLY);
    assert_false(r.valid);
    assert_true(r.open_edges > 0);
    shape_finish(&m);
}

static void test_degenerate_triangles_open_nothing(void **state)
{
    (void)state;
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct mesh m = shapes[0].make();
        uint32_t triangles[10][3] = {[8] = {0, 0, 3}, [9] = {1, 2, 1}};
        memcpy(triangles, m.triangle, 8 * sizeof triangles[0]);
        struct mesh more = m;
        more.triangle = triangles;
        more.triangle_count = 10;
        struct model_report r = check_mesh(&more, (enum model_format)f);
        assert_true(r.valid);
        assert_int_equal(r.triangles, 10);
        assert_int_equal(r.degenerate, 2);
        more.triangle += 8;
        more.triangle_count = 2;
        r = check_mesh(&more, (enum model_format)f);
        assert_false(r.valid);
        assert_string_equal(r.why, "no triangle has three different corners");
        shape_finish(&m);
    }
}

static void test_bounds_and_an_inverted_volume(void **state)
{
    (void)state;
    struct mesh m = shapes[1].make();
    for (int i = 0; i < m.triangle_count; i++) {
        uint32_t *t = m.triangle[i], swap = t[0];
        t[0] = t[1];
        t[1] = swap;
    }
    struct model_report r = check_mesh(&m, MODEL_STL);
    assert_true(r.valid);
    assert_near(r.volume, -8000, 1e-6);
    assert_near(r.low[0], -7, 0);
    assert_near(r.high[0], 13, 0);
    assert_near(r.low[1], 1, 0);
    assert_near(r.high[2], 20, 0);
    shape_finish(&m);
}

#define TETRA_V "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\n"
#define PLY_HEAD \
    "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
#define PLY_V "0 0 0\n1 0 0\n0 1 0\n0 0 1\n"
#define PLY_F "element face 4\nproperty list uchar int vertex_index\n"
#define PLY_T "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
#define FACET(a, b, c) \
    "facet normal 0 0 0\n outer loop\n  vertex " a "\n  vertex " b "\n  vertex " c "\n endloop\nendfacet\n"
#define STL_BODY                     \
    FACET("0 0 0", "0 1 0", "1 0 0") \
    FACET("0 0 0", "1 0 0", "0 0 1") \
    FACET("1 0 0", "0 1 0", "0 0 1") FACET("-0.0 0 0", "0 0 1e0", "0 +1.00 0")

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum model_format format;
        const char *why; /* "" when it is a tetrahedron */
    } rows[] = {
        {TETRA_V "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n", MODEL_OBJ, ""},
        {TETRA_V "f -4 -2 -3\nf -4/1 -3/2 -1/3\nf 2//1 3//1 4//1\nf 1/1/1 4/2/2 3/3/3", MODEL_OBJ, ""},
        {"# by hand\r\n\r\no thing\r\n" TETRA_V
         "g a\r\nusemtl b\r\nf 1 3 2\r\nf 1 2 4\r\nf 2 3 4\r\nf 1 4 3\r\n",
         MODEL_OBJ, ""},
        {"f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n" TETRA_V, MODEL_OBJ, ""}, /* vertices may come later */
        {TETRA_V "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 5\n", MODEL_OBJ, "names vertex 5"},
        {TETRA_V "f 1 3 -5\n", MODEL_OBJ, "line 5: a face names vertex -5 of 4"},
        {TETRA_V "f 1 3 0\n", MODEL_OBJ, "names vertex 0"},
        {TETRA_V "f 1 3 99999999999999999999\n", MODEL_OBJ, "is no number"},
        {TETRA_V "f 1 3 2x\n", MODEL_OBJ, "is no number"},
        {TETRA_V "f 1 3\n", MODEL_OBJ, "three corners"},
        {"v 0 0\n", MODEL_OBJ, "three numbers"},
        {"v 0 0 zero\n", MODEL_OBJ, "three numbers"},
        {"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", MODEL_OBJ, "vertex 1 is not a finite point"},
        {"v 0 0 1e999\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", MODEL_OBJ, "not a finite point"},
        {TETRA_V, MODEL_OBJ, "no triangles"},
        {"solid a b c\n" STL_BODY "endsolid a b c\n", MODEL_STL, ""},
        {"solid\n" STL_BODY "endsolid", MODEL_STL, ""},
        {"solid\n" STL_BODY, MODEL_STL, "the text ends"},
        {"solid\nendsolid\n", MODEL_STL, "no triangles"},
        {"solid\n" FACET("0 0 0", "1 0 0", "0 1 zero") "endsolid\n", MODEL_STL, "not three vertices"},
        {"solid\nfacet\nendsolid", MODEL_STL, "no normal"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V PLY_T, MODEL_PLY, ""},
        {PLY_HEAD "property uchar red\n" PLY_F
                  "property float quality\nelement edge 1\nproperty int a\nend_header\n"
                  "0 0 0 1\n1 0 0 2\n0 1 0 3\n0 0 1 4\n3 0 2 1 .5\n3 0 1 3 .5\n3 1 2 3 .5\n3 0 3 2 .5\n7\n",
         MODEL_PLY, ""},
        {PLY_HEAD PLY_F "end_header\n" PLY_V "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 4\n", MODEL_PLY,
         "names vertex 5"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V "3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 -1\n", MODEL_PLY,
         "index that is none"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V "3 0 2 1\n3 0 1 3\n3 1 2 3\n2 0 3 2\n", MODEL_PLY,
         "three corners"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V PLY_T "5\n", MODEL_PLY, "bytes behind"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V "3 0 2 1\n", MODEL_PLY, "the text ends early"},
        {PLY_HEAD PLY_F "end_header\n" PLY_V "3 0 2 1\n3 0 1 3\n3 1 2 3\n999999999 0 1 2\n", MODEL_PLY,
         "longer than"},
        {PLY_HEAD
         "element face 9000000000000000000\nproperty list uchar int vertex_index\nend_header\n" PLY_V,
         MODEL_PLY, "without a count"},
        {PLY_HEAD "element nothing 1000000000000\n" PLY_F "end_header\n" PLY_V PLY_T, MODEL_PLY,
         "more elements are declared"},
        {"ply\nformat binary_big_endian 1.0\nend_header\n", MODEL_PLY, "neither text nor"},
        {"ply\nformat ascii 1.0\nproperty float x\nend_header\n", MODEL_PLY, "without an element"},
        {"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n", MODEL_PLY,
         "without x, y and z"},
        {"ply\nformat ascii 1.0\nelement vertex 1\nproperty quad x\n", MODEL_PLY, "unknown type"},
        {"ply\nend_header\n", MODEL_PLY, "no format"},
        {"ply\n", MODEL_PLY, "does not end"},
        {"<html><body>502 Bad Gateway</body></html>", MODEL_FORMATS, "no STL, OBJ, GLB or PLY"},
        {"{\"error\": \"not found\"}", MODEL_FORMATS, "no STL, OBJ, GLB or PLY"},
        {"", MODEL_FORMATS, "empty"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct model_report r = check_text(rows[i].text);
        if (r.format != rows[i].format || r.valid != !rows[i].why[0] || !strstr(r.why, rows[i].why))
            fail_msg("row %d: format %d, '%s', expected '%s'", i, (int)r.format, r.why, rows[i].why);
        if (r.valid) {
            assert_int_equal(r.triangles, 4);
            assert_int_equal(r.vertices, 4);
            assert_near(r.volume, 1.0 / 6, 1e-7);
        }
    }
}

static void test_polygons_are_cut_into_fans(void **state)
{
    (void)state;
    struct model_report r =
        check_text("v 0 0 0\nv 2 0 0\nv 2 2 0\nv 0 2 0\nv 0 0 2\nv 2 0 2\nv 2 2 2\nv 0 2 2\n"
                   "f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n");
    assert_true(r.valid);
    assert_int_equal(r.triangles, 12);
    assert_near(r.volume, 8, 1e-9);
}

static void test_binary_stl_whose_header_says_solid(void **state)
{
    (void)state;
    struct mesh m = shapes[2].make();
    struct buf file;
    buf_init(&file, 1 << 20);
    model_write(&m, MODEL_STL, NULL, &file);
    memcpy(file.bytes, "solid ", 6);
    assert_true(check_bytes(file.bytes, file.len).valid);
    memcpy(file.bytes, "binary", 6);
    struct model_report r = check_bytes(file.bytes, file.len - 1);
    assert_int_equal(r.format, MODEL_STL);
    assert_string_equal(r.why, "768 triangles take 38484 bytes, the file has 38483");
    shape_finish(&m);
    buf_finish(&file);
}

static void test_the_limit_on_triangles(void **state)
{
    (void)state;
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct mesh m = shapes[3].make();
        struct buf file;
        struct model_report r;
        buf_init(&file, 1 << 20);
        model_write(&m, (enum model_format)f, NULL, &file);
        model_check(file.bytes, file.len, &(struct model_limits){.max_triangles = m.triangle_count}, &r);
        assert_true(r.valid);
        model_check(file.bytes, file.len, &(struct model_limits){.max_triangles = m.triangle_count - 1}, &r);
        assert_false(r.valid);
        assert_non_null(strstr(r.why, "too large to check"));
        shape_finish(&m);
        buf_finish(&file);
    }
}

/* A GLB around this JSON and a binary chunk with a tetrahedron: 4 positions at 0, 12 indices of 16 bits at 48
 * and of 8 bits at 72, 84 bytes in all. */
static void add_glb(const char *json, struct buf *out)
{
    static const float positions[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const uint16_t wide[12] = {0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2};
    uint32_t json_len = ((uint32_t)strlen(json) + 3) & ~3u;
    uint32_t words[] = {0x46546c67, 2, 12 + 8 + json_len + 8 + 84, json_len, 0x4e4f534a};
    buf_add(out, words, sizeof words);
    buf_printf(out, "%-*s", (int)json_len, json);
    buf_add(out, (uint32_t[]){84, 0x004e4942}, 8);
    buf_add(out, positions, sizeof positions);
    buf_add(out, wide, sizeof wide);
    for (int i = 0; i < 12; i++)
        buf_add(out, &wide[i], 1);
}

#define GLTF(meshes, accessors, views)                                                       \
    "{\"asset\":{\"version\":\"2.0\"},\"buffers\":[{\"byteLength\":84}],\"meshes\":[" meshes \
    "],\"accessors\":[" accessors "],\"bufferViews\":[" views "]}"
#define PRIMITIVE(more) "{\"primitives\":[{\"attributes\":{\"POSITION\":0}" more "}]}"
#define POSITIONS "{\"bufferView\":0,\"componentType\":5126,\"count\":4,\"type\":\"VEC3\"},"
#define INDICES(view, type, count) \
    "{\"bufferView\":" view ",\"componentType\":" type ",\"count\":" count ",\"type\":\"SCALAR\"}"
#define VIEWS                                                                              \
    "{\"buffer\":0,\"byteLength\":48},{\"buffer\":0,\"byteOffset\":48,\"byteLength\":24}," \
    "{\"buffer\":0,\"byteOffset\":72,\"byteLength\":12}"
#define SHORTS INDICES("1", "5123", "12")

static void test_glb_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *why;
    } rows[] = {
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS, VIEWS), ""},
        {GLTF(PRIMITIVE(",\"indices\":1,\"mode\":4"), POSITIONS INDICES("2", "5121", "12"), VIEWS), ""},
        {GLTF(PRIMITIVE(",\"indices\":1,\"mode\":5"), POSITIONS SHORTS, VIEWS), "mode 5"},
        {GLTF(PRIMITIVE(",\"indices\":2"), POSITIONS SHORTS, VIEWS), "no accessor 2"},
        {GLTF(PRIMITIVE(",\"indices\":0"), POSITIONS SHORTS, VIEWS), "not of the type SCALAR"},
        {GLTF(PRIMITIVE(",\"indices\":-1"), POSITIONS SHORTS, VIEWS), "no size"},
        {GLTF(PRIMITIVE(",\"indices\":\"1\""), POSITIONS SHORTS, VIEWS), "no size"},
        {GLTF(PRIMITIVE(""), POSITIONS SHORTS, VIEWS), "whole number of triangles"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS INDICES("1", "5123", "13"), VIEWS),
         "beyond its buffer view"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS INDICES("1", "5123", "9223372036854775807"), VIEWS),
         "beyond its buffer view"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS INDICES("1", "5123", "0"), VIEWS), "no elements"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS INDICES("1", "5126", "6"), VIEWS),
         "indices that are floats"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS INDICES("0", "5121", "48"), VIEWS), "index 128 of 4"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS,
              "{\"buffer\":0,\"byteLength\":85},{\"buffer\":0,\"byteOffset\":48,\"byteLength\":24}"),
         "not within the binary chunk"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS,
              "{\"buffer\":0,\"byteOffset\":9223372036854775807,\"byteLength\":9223372036854775807}"),
         "not within the binary chunk"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS, "{\"buffer\":1,\"byteLength\":48}"),
         "not within the binary chunk"},
        {GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS,
              "{\"buffer\":0,\"byteLength\":48,\"byteStride\":8}"),
         "impossible stride"},
        {GLTF("", POSITIONS SHORTS, VIEWS), "no triangles"},
        {GLTF("{\"primitives\":[{}]}", POSITIONS SHORTS, VIEWS), "\"POSITION\" is missing"},
        {"{\"asset\":{\"version\":\"1.0\"}}", "version is not 2"},
        {"{\"asset\":{\"version\":\"2.0\"},\"extensionsRequired\":[\"KHR_draco_mesh_compression\"]}",
         "extension"},
        {"{\"asset\":", "JSON, line 1"},
        {"[]", "version is not 2"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf file;
        buf_init(&file, 1 << 16);
        add_glb(rows[i].json, &file);
        struct model_report r = check_bytes(file.bytes, file.len);
        if (r.valid != !rows[i].why[0] || !strstr(r.why, rows[i].why))
            fail_msg("row %d: '%s', expected '%s'", i, r.why, rows[i].why);
        assert_int_equal(r.format, MODEL_GLB);
        buf_finish(&file);
    }
}

/* Many primitives on the same accessors must not multiply the memory: the file would be small, the work
 * endless. */
static void test_shared_accessors_do_not_multiply(void **state)
{
    (void)state;
    struct buf json, file;
    buf_init(&json, 1 << 20);
    buf_init(&file, 1 << 20);
    buf_add_text(&json, "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[");
    for (int i = 0; i < 3000; i++)
        buf_printf(&json, "%s{\"attributes\":{\"POSITION\":0},\"indices\":1}", i ? "," : "");
    buf_add_text(&json, "]}],\"accessors\":[" POSITIONS SHORTS "],\"bufferViews\":[" VIEWS "]}");
    add_glb(buf_text(&json), &file);
    struct model_report r = check_bytes(file.bytes, file.len);
    assert_false(r.valid);
    assert_int_equal(r.vertices, 4);
    assert_int_equal(r.triangles, 12000);
    buf_clear(&json);
    buf_clear(&file);
    buf_add_text(&json, "{\"asset\":{\"version\":\"2.0\"},\"meshes\":[{\"primitives\":[");
    for (int i = 0; i < 3000; i++)
        buf_printf(&json, "%s{\"attributes\":{\"POSITION\":%d},\"indices\":0}", i ? "," : "", i + 1);
    buf_add_text(&json, "]}],\"accessors\":[" SHORTS);
    for (int i = 0; i < 3000; i++)
        buf_add_text(&json, ",{\"bufferView\":0,\"componentType\":5126,\"count\":400,\"type\":\"VEC3\"}");
    buf_add_text(&json, "],\"bufferViews\":[{\"buffer\":0,\"byteLength\":84,\"byteStride\":12}," VIEWS "]}");
    add_glb(buf_text(&json), &file);
    assert_false(check_bytes(file.bytes, file.len).valid);
    buf_finish(&json);
    buf_finish(&file);
}

static void small_file(enum model_format format, struct buf *out)
{
    struct mesh m = shapes[0].make();
    buf_init(out, 1 << 20);
    assert_true(model_write(&m, format, NULL, out));
    shape_finish(&m);
}

static void test_no_prefix_is_valid(void **state)
{
    (void)state;
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct buf file;
        small_file((enum model_format)f, &file);
        assert_true(check_bytes(file.bytes, file.len).valid);
        for (size_t len = 0; len < file.len; len++) {
            /* An OBJ may lack its last line end, and the last corner what comes behind the slashes. */
            if (check_bytes(file.bytes, len).valid)
                assert_true(f == MODEL_OBJ && len >= file.len - strlen("/1/1\n"));
        }
        buf_finish(&file);
    }
    static const char stl[] = "solid\n" STL_BODY "endsolid\n";
    static const char ply[] = PLY_HEAD PLY_F "end_header\n" PLY_V PLY_T;
    for (size_t len = 0; len < sizeof stl - 2; len++)
        assert_false(check_bytes(stl, len).valid);
    for (size_t len = 0; len < sizeof ply - 2; len++)
        assert_false(check_bytes(ply, len).valid);
}

static void change_bytes(const char *bytes, size_t len, int rounds, struct rng *rng)
{
    char *copy = malloc(len);
    for (int round = 0; round < rounds; round++) {
        memcpy(copy, bytes, len);
        for (int64_t i = rng_range(rng, 1, 6); i > 0; i--) {
            char *at = &copy[rng_range(rng, 0, (int64_t)len - 1)];
            if (rng_range(rng, 0, 2))
                *at ^= (char)(1 << rng_range(rng, 0, 7));
            else /* a character that is likely to mean something */
                *at = "0123456789-+.eE/ \n\t,:[]{}\"\xff"[rng_range(rng, 0, 26)];
        }
        check_bytes(copy, len);
    }
    free(copy);
}

static void test_changed_bytes_never_crash(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "solid\n" STL_BODY "endsolid\n",
        PLY_HEAD PLY_F "end_header\n" PLY_V PLY_T,
        TETRA_V "f -4 -2 -3\nf -4/1 -3/2 -1/3\nf 2//1 3//1 4//1\nf 1/1/1 4/2/2 3/3/3",
    };
    struct rng rng;
    rng_init(&rng, 11, 1);
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct buf file;
        small_file((enum model_format)f, &file);
        change_bytes(file.bytes, file.len, 4000, &rng);
        buf_finish(&file);
    }
    for (int i = 0; i < COUNT(texts); i++)
        change_bytes(texts[i], strlen(texts[i]), 4000, &rng);
    struct buf glb;
    buf_init(&glb, 1 << 16);
    add_glb(GLTF(PRIMITIVE(",\"indices\":1"), POSITIONS SHORTS, VIEWS), &glb);
    change_bytes(glb.bytes, glb.len, 4000, &rng);
    buf_finish(&glb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_triangle_opens_three_edges),
        cmocka_unit_test(test_a_turned_triangle_is_no_closed_surface),
        cmocka_unit_test(test_a_triangle_that_is_there_twice),
        cmocka_unit_test(test_degenerate_triangles_open_nothing),
        cmocka_unit_test(test_bounds_and_an_inverted_volume),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_polygons_are_cut_into_fans),
        cmocka_unit_test(test_binary_stl_whose_header_says_solid),
        cmocka_unit_test(test_the_limit_on_triangles),
        cmocka_unit_test(test_glb_by_hand),
        cmocka_unit_test(test_shared_accessors_do_not_multiply),
        cmocka_unit_test(test_no_prefix_is_valid),
        cmocka_unit_test(test_changed_bytes_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
