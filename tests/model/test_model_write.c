#include "test.h"
#include "model_check.h"
#include "shapes.h"

#include <stdlib.h>

static void test_formats_have_names(void **state)
{
    (void)state;
    for (int f = 0; f < MODEL_FORMATS; f++) {
        enum model_format found;
        assert_true(model_format_parse(model_format_name((enum model_format)f), &found));
        assert_int_equal(found, f);
        assert_non_null(strchr(model_format_mime((enum model_format)f), '/'));
    }
    enum model_format untouched = MODEL_PLY;
    assert_false(model_format_parse("STL", &untouched));
    assert_false(model_format_parse("", &untouched));
    assert_int_equal(untouched, MODEL_PLY);
    assert_string_equal(model_format_mime(MODEL_GLB), "model/gltf-binary");
    assert_string_equal(model_format_name(MODEL_FORMATS), "unknown");
}

/* What a mesh may leave out: normals, texture coordinates, colours. */
static struct mesh with_parts(struct mesh m, unsigned parts)
{
    if (!(parts & 1))
        m.normal = NULL;
    if (!(parts & 2))
        m.uv = NULL;
    if (!(parts & 4))
        m.colour = NULL;
    return m;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    static const unsigned char texture_bytes[] = {0xff, 0xd8, 0xff};
    const struct model_texture texture = {texture_bytes, sizeof texture_bytes, "image/jpeg"};
    for (int i = 0; i < SHAPES * MODEL_FORMATS * 16; i++) {
        const struct shape *shape = &shapes[i % SHAPES];
        enum model_format format = (enum model_format)(i / SHAPES % MODEL_FORMATS);
        unsigned parts = (unsigned)(i / SHAPES / MODEL_FORMATS);
        struct mesh m = shape->make(), part = with_parts(m, parts);
        struct model_report r;
        struct buf file;
        buf_init(&file, 1 << 20);
        assert_true(model_write(&part, format, parts & 8 ? &texture : NULL, &file));
        model_check(file.bytes, file.len, &model_default_limits, &r);
        if (!r.valid)
            fail_msg("%s as %s: %s", shape->name, model_format_name(format), r.why);
        assert_string_equal(r.why, "");
        assert_true(r.watertight);
        assert_int_equal(r.format, format);
        assert_int_equal(r.triangles, shape->triangles);
        assert_int_equal(r.vertices, shape->vertices);
        assert_int_equal(r.open_edges, 0);
        assert_int_equal(r.degenerate, 0);
        assert_near(r.volume, shape->volume, shape->volume * 1e-4);
        assert_near(mesh_volume(&m), shape->volume, shape->volume * 1e-4);
        shape_finish(&m);
        buf_finish(&file);
    }
}

static void test_euler_characteristic_survives(void **state)
{
    (void)state;
    static const int expected[SHAPES] = {2, 2, 2, 0};
    for (int i = 0; i < SHAPES; i++) {
        struct mesh m = shapes[i].make();
        struct buf file;
        struct model_report r;
        buf_init(&file, 1 << 20);
        model_write(&m, MODEL_STL, NULL, &file);
        model_check(file.bytes, file.len, &model_default_limits, &r);
        assert_int_equal(r.vertices - r.triangles * 3 / 2 + r.triangles, expected[i]);
        shape_finish(&m);
        buf_finish(&file);
    }
}

static void test_says_when_the_buffer_is_full(void **state)
{
    (void)state;
    struct mesh m = shapes[0].make();
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct buf whole;
        buf_init(&whole, 1 << 20);
        assert_true(model_write(&m, (enum model_format)f, NULL, &whole));
        for (size_t max = 0; max < whole.len; max += 1 + max / 4) {
            struct buf file;
            buf_init(&file, max);
            assert_false(model_write(&m, (enum model_format)f, NULL, &file));
            buf_finish(&file);
        }
        buf_finish(&whole);
    }
    shape_finish(&m);
}

static void test_stl_as_others_read_it(void **state)
{
    (void)state;
    struct mesh m = shapes[0].make();
    struct buf file;
    buf_init(&file, 1 << 20);
    model_write(&m, MODEL_STL, NULL, &file);
    assert_int_equal(file.len, 84 + 8 * 50);
    assert_memory_not_equal(file.bytes, "solid", 5);
    float record[12];
    memcpy(record, file.bytes + 84, sizeof record);
    for (int i = 0; i < 3; i++)
        assert_near(record[i], sqrt(1.0 / 3), 1e-6);
    assert_near(record[3], 1, 0);
    assert_near(record[7], 1, 0);
    assert_near(record[11], 1, 0);
    shape_finish(&m);
    buf_finish(&file);
}

static const char *line_after(const char *text, const char *start)
{
    const char *at = strstr(text, start);
    assert_non_null(at);
    return at;
}

static void assert_line(const char *text, const char *line)
{
    const char *at = line_after(text, line);
    assert_true(at[-1] == '\n' && at[strlen(line)] == '\n');
}

static void test_obj_as_others_read_it(void **state)
{
    (void)state;
    struct vec3 positions[3] = {{-0.5f, 0, 1.25f}, {12.75f, -3, 0.000001f}, {-0.0000001f, 99.999999f, 1}};
    struct vec3 normals[3] = {{0, 0, 1}, {0, -1, 0}, {0.6f, 0.8f, 0}};
    float uv[3][2] = {{0, 0}, {0.5f, 0.25f}, {1, 1}};
    uint8_t colours[3][3] = {{0, 255, 128}, {1, 2, 3}, {51, 102, 153}};
    uint32_t triangles[1][3] = {{0, 1, 2}};
    struct mesh m = {3, 1, positions, normals, uv, colours, triangles};
    struct buf file;
    buf_init(&file, 1 << 20);
    assert_true(model_write(&m, MODEL_OBJ, NULL, &file));
    const char *text = buf_text(&file);
    assert_line(text, "v -0.500000 0.000000 1.250000 0.000 1.000 0.502");
    assert_line(text, "v 12.750000 -3.000000 0.000001 0.004 0.008 0.012");
    assert_line(text,
                "v 0.000000 100.000000 1.000000 0.200 0.400 0.600"); /* the nearest float to 99.999999 */
    assert_line(text, "vt 0.500000 0.750000");
    assert_line(text, "vn 0.6000 0.8000 0.0000");
    assert_line(text, "f 1/1/1 2/2/2 3/3/3");
    buf_clear(&file);
    m.uv = NULL;
    assert_true(model_write(&m, MODEL_OBJ, NULL, &file));
    assert_line(buf_text(&file), "f 1//1 2//2 3//3");
    buf_clear(&file);
    m.normal = NULL;
    m.colour = NULL;
    positions[0].x = 1e9f; /* beyond fixed-point */
    assert_true(model_write(&m, MODEL_OBJ, NULL, &file));
    assert_line(buf_text(&file), "v 1e+09 0 1.25");
    assert_line(buf_text(&file), "f 1 2 3");
    buf_finish(&file);
}

static void test_small_and_large_models_keep_their_precision(void **state)
{
    (void)state;
    static const float scales[] = {1e-6f, 1e-3f, 0.37f, 1, 1000, 1e5f, 1e8f};
    for (int i = 0; i < COUNT(scales) * MODEL_FORMATS; i++) {
        float scale = scales[i / MODEL_FORMATS];
        struct mesh m = shapes[3].make();
        for (int k = 0; k < m.vertex_count; k++) {
            struct vec3 *p = &m.position[k];
            *p = (struct vec3){p->x * scale, p->y * scale, p->z * scale};
        }
        struct buf file;
        struct model_report r;
        buf_init(&file, 1 << 20);
        assert_true(model_write(&m, (enum model_format)(i % MODEL_FORMATS), NULL, &file));
        model_check(file.bytes, file.len, &model_default_limits, &r);
        assert_true(r.valid);
        double volume = shapes[3].volume * (double)scale * (double)scale * (double)scale;
        assert_near(r.volume / volume, 1, 1e-4);
        shape_finish(&m);
        buf_finish(&file);
    }
}

static void test_glb_chunks_are_aligned(void **state)
{
    (void)state;
    for (int size = 0; size < 8; size++) { /* a texture of any length */
        const struct model_texture texture = {"textures", (size_t)size + 1, "image/png"};
        struct mesh m = shapes[1].make();
        struct buf file;
        uint32_t words[5];
        buf_init(&file, 1 << 20);
        assert_true(model_write(&m, MODEL_GLB, &texture, &file));
        memcpy(words, file.bytes, sizeof words);
        assert_int_equal(words[2], file.len);
        assert_int_equal(words[3] % 4, 0);
        assert_int_equal(file.len % 4, 0);
        assert_int_equal(file.bytes[20 + words[3] - 1] == ' ' || file.bytes[20 + words[3] - 1] == '}', 1);
        assert_non_null(strstr(file.bytes + 20, "\"generator\":\"orfeasd\""));
        assert_non_null(strstr(file.bytes + 20, "\"mimeType\":\"image/png\""));
        shape_finish(&m);
        buf_finish(&file);
    }
}

static void test_glb_indices_are_short_while_they_can_be(void **state)
{
    (void)state;
    static const struct {
        int vertices;
        const char *type;
    } rows[] = {{65534, "\"componentType\":5123"}, {65535, "\"componentType\":5125"}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct mesh m = {rows[i].vertices, 1, calloc((size_t)rows[i].vertices, sizeof *m.position)};
        uint32_t triangle[1][3] = {{0, 1, (uint32_t)rows[i].vertices - 1}};
        m.triangle = triangle;
        m.position[1].x = m.position[rows[i].vertices - 1].y = 1;
        struct buf file;
        struct model_report r;
        buf_init(&file, 1 << 22);
        assert_true(model_write(&m, MODEL_GLB, NULL, &file));
        assert_non_null(strstr(file.bytes + 20, rows[i].type));
        model_check(file.bytes, file.len, &model_default_limits, &r);
        assert_int_equal(r.open_edges, 3);
        assert_int_equal(r.vertices, 3);
        free(m.position);
        buf_finish(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_have_names),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_euler_characteristic_survives),
        cmocka_unit_test(test_says_when_the_buffer_is_full),
        cmocka_unit_test(test_stl_as_others_read_it),
        cmocka_unit_test(test_obj_as_others_read_it),
        cmocka_unit_test(test_small_and_large_models_keep_their_precision),
        cmocka_unit_test(test_glb_chunks_are_aligned),
        cmocka_unit_test(test_glb_indices_are_short_while_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
