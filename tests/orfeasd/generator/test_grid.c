/* grid and resample: nodes for any size of picture, nothing lost on the way, specks and pinholes. */
#include "test.h"
#include "grid.h"
#include "shapes.h"

static void test_nodes_grow_with_quality(void **state)
{
    (void)state;
    for (int q = 2; q <= 10; q++)
        assert_true(grid_nodes(q) > grid_nodes(q - 1));
    assert_int_equal(grid_nodes(7), 128);
    assert_int_equal(grid_nodes(10), 512);
}

/* What covers the picture covers the grid: the sum of alpha times the cell's area is the object's. */
static void test_area_is_kept(void **state)
{
    (void)state;
    static const struct {
        int w, h, quality;
        int longer; /* nodes expected along the longer side */
    } rows[] = {
        {512, 512, 7, 128}, {500, 333, 7, 128}, {300, 300, 9, 256}, {256, 256, 7, 128},    {128, 128, 7, 128},
        {200, 200, 7, 128}, {100, 100, 7, 128}, {32, 32, 7, 128},   {16, 16, 7, 80},       {1, 1, 10, 5},
        {4096, 4, 7, 4096}, {4, 1024, 7, 2048}, {64, 64, 1, 32},    {3000, 2000, 10, 512},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct picture picture;
        struct grid g;
        double sum = 0, truth = 0;
        arena_init(&arena, "test", (size_t)1 << 28);
        shape_picture(&picture, rows[i].w, rows[i].h, rows[i].w == 1 ? shape_everything : shape_bar, -1);
        grid_init(&g, &arena, &picture, rows[i].quality);
        for (int k = 0; k < g.w * g.h; k++) {
            int x = k % g.w, y = k / g.w;
            bool rim = x < GRID_PAD || y < GRID_PAD || x >= g.w - GRID_PAD || y >= g.h - GRID_PAD;
            assert_true(g.alpha[k] >= 0 && g.alpha[k] <= 1.0001f);
            assert_true(!rim ||
                        g.alpha[k] < (g.cell < 1 ? CONTOUR_ISO : 1e-6f)); /* between pixels it fades out */
            sum += (double)g.alpha[k];
        }
        for (int k = 0; k < picture.width * picture.height; k++)
            truth += picture.rgba[4 * k + 3] / 255.0;
        if (fabs(sum * g.cell * g.cell / truth - 1) > (g.cell < 1 && rows[i].w == 1 ? 0.6 : 0.01))
            fail_msg("%dx%d: area %g, not %g", rows[i].w, rows[i].h, sum * g.cell * g.cell, truth);
        assert_int_equal(g.longer, rows[i].longer);
        picture_finish(&picture);
        arena_finish(&arena);
    }
}

/* A text picture: '#' inside. */
static struct grid grid_of_text(struct arena *arena, const char *text, int w, int h)
{
    struct grid g = {.w = w, .h = h, .alpha = arena_new(arena, float, w *h)};
    for (int i = 0; i < w * h; i++)
        g.alpha[i] = text[i] == '#' ? 1 : 0;
    return g;
}

static void test_specks_and_holes(void **state)
{
    (void)state;
    static const char before[] = "............"
                                 ".######.#..."
                                 ".#.##.#....."
                                 ".####.#.##.."
                                 ".######.##.."
                                 "............";
    static const char after[] = "............"
                                ".######....."
                                ".####.#....."
                                ".####.#.##.."
                                ".######.##.."
                                "............";
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    struct grid g = grid_of_text(&arena, before, 12, 6);
    assert_int_equal(grid_clean(&g, &arena, 0.1, 0.07),
                     26); /* of 26: the speck goes, the single hole is filled */
    for (int i = 0; i < 72; i++)
        assert_int_equal(g.alpha[i] > CONTOUR_ISO, after[i] == '#');
    arena_finish(&arena);
}

static void test_largest_piece_stays(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    struct grid one = grid_of_text(&arena, "............#............", 5, 5);
    assert_int_equal(grid_clean(&one, &arena, 10, 10), 1);
    struct grid none = grid_of_text(&arena, ".........................", 5, 5);
    assert_int_equal(grid_clean(&none, &arena, 0.1, 0.1), 0);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_grow_with_quality),
        cmocka_unit_test(test_area_is_kept),
        cmocka_unit_test(test_specks_and_holes),
        cmocka_unit_test(test_largest_piece_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
