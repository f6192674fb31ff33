/* texture and jpeg_write: colours are the object's, inside and around it. */
#include "test.h"
#include "jpeg_write.h"
#include "shapes.h"
#include "texture.h"

#include <stdlib.h>

static bool go_on(void *context, double fraction)
{
    double *last = context;
    assert_true(fraction >= *last && fraction <= 1);
    *last = fraction;
    return true;
}

static bool stop(void *context, double fraction)
{
    (void)context;
    (void)fraction;
    return false;
}

struct fixture {
    struct arena arena;
    struct picture picture;
    struct grid grid;
    struct texture texture;
    struct buf out;
};

static void fixture_init(struct fixture *f, int w, int h, size_t max_bytes)
{
    arena_init(&f->arena, "test", (size_t)1 << 28);
    buf_init(&f->out, max_bytes);
    shape_picture(&f->picture, w, h, shape_donut, -1);
    grid_init(&f->grid, &f->arena, &f->picture, 5);
    texture_init(&f->texture, &f->arena, &f->picture, &f->grid);
}

static void fixture_finish(struct fixture *f)
{
    arena_finish(&f->arena);
    picture_finish(&f->picture);
    buf_finish(&f->out);
}

/* The background is black and transparent, the object orange: in the texture everything must be orange. */
static void test_no_background_in_the_texture(void **state)
{
    (void)state;
    static const int sizes[][2] = {{512, 512}, {100, 300}, {33, 20}, {96, 96}};
    for (int i = 0; i < COUNT(sizes); i++) {
        struct fixture f;
        struct picture back;
        char error[PICTURE_ERROR_TEXT];
        double last = 0;
        fixture_init(&f, sizes[i][0], sizes[i][1], 1 << 20);
        assert_true(texture_write_jpeg(&f.texture, &f.arena, go_on, &last, &f.out));
        assert_true(picture_decode(f.out.bytes, f.out.len, &picture_default_limits, &back, error));
        assert_true(back.width <= sizes[i][0] && back.height <= sizes[i][1]);
        assert_near((double)back.width / back.height, (double)sizes[i][0] / sizes[i][1], 0.02);
        for (int k = 0; k < back.width * back.height; k++) {
            const uint8_t *c = back.rgba + 4 * k;
            if (c[0] < 160 || c[1] < 80 || c[1] > 160 || c[2] > 70)
                fail_msg("%dx%d, pixel %d: %d %d %d", back.width, back.height, k, c[0], c[1], c[2]);
        }
        picture_finish(&back);
        fixture_finish(&f);
    }
}

static void test_vertices_have_the_pictures_colours(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, 96, 96, 1 << 20); /* a node is a pixel */
    int node[96 * 96], pixel[96 * 96], count = 0;
    for (int i = 0; i < 96 * 96; i++) {
        if (f.picture.rgba[4 * i + 3] < 128)
            continue;
        pixel[count] = i;
        node[count++] = (i / 96 + GRID_PAD) * f.grid.w + i % 96 + GRID_PAD;
    }
    struct mesh mesh = {.vertex_count = count};
    texture_colour_mesh(&f.texture, &f.arena, &mesh, node);
    for (int v = 0; v < count; v++)
        assert_memory_equal(mesh.colour[v], f.picture.rgba + 4 * pixel[v], 3);
    fixture_finish(&f);
}

static void test_stops(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, 200, 200, 1 << 20);
    assert_false(texture_write_jpeg(&f.texture, &f.arena, stop, NULL, &f.out));
    assert_false(f.out.failed);
    fixture_finish(&f);
    double last = 0;
    for (size_t room = 0; room < 40000;
         room += 20000) { /* less than the encoder's first chunk, and than the file */
        fixture_init(&f, 512, 512, room);
        f.out.max_bytes = room;
        last = 0;
        if (!texture_write_jpeg(&f.texture, &f.arena, go_on, &last, &f.out))
            assert_true(f.out.failed);
        else
            assert_true(room > 0);
        fixture_finish(&f);
    }
}

static void test_jpeg_out_of_room_later(void **state)
{
    (void)state;
    struct jpeg_write jpeg;
    struct buf out;
    uint8_t row[3 * 512];
    bool going = true;
    unsigned noise = 1;
    buf_init(&out, 20000);
    assert_true(jpeg_write_start(&jpeg, 512, 512, 95, &out));
    for (int y = 0; y < 512 && going; y++) {
        for (int x = 0; x < 3 * 512; x++)
            row[x] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
        going = jpeg_write_row(&jpeg, row);
    }
    assert_false(going);
    assert_false(jpeg_write_end(&jpeg, going));
    assert_true(out.failed);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_background_in_the_texture),
        cmocka_unit_test(test_vertices_have_the_pictures_colours),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_jpeg_out_of_room_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
