/* grid and resample: nodes for any size of picture, nothing lost on the way, specks and pinholes. */
#include "test.h"
#include "grid.h"
#include "rng.h"
#include "shapes.h"

#include <string.h>

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
        {512, 512, 7, 128}, {500, 333, 7, 128}, {300, 300, 9, 300}, {256, 256, 7, 128}, {48, 48, 7, 144},
        {128, 128, 7, 128}, {200, 200, 7, 128}, {100, 100, 7, 100}, {32, 32, 7, 127},   {16, 16, 7, 80},
        {1, 1, 10, 5},      {4096, 4, 7, 4096}, {4, 1024, 7, 2047}, {64, 64, 1, 32},    {3000, 2000, 10, 512},
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
                        g.alpha[k] <= (g.cell < 1 ? CONTOUR_ISO : 1e-6f)); /* between pixels it fades out */
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
    struct grid g = {.w = w, .h = h, .cell = 1, .alpha = arena_new(arena, float, w *h)};
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
    /* Of 26: the speck goes, the single hole is filled, that of two stays. */
    assert_int_equal(grid_clean(&g, &arena, &(struct grid_losses){0.07, 1}), 26);
    for (int i = 0; i < 72; i++)
        assert_int_equal(g.alpha[i] > CONTOUR_ISO, after[i] == '#');
    arena_finish(&arena);
}

/* A picture that is made of small parts keeps them, but for the smallest that do not matter together. */
static void test_small_parts_stay(void **state)
{
    (void)state;
    enum { PARTS = 100, SIDE = 60 };
    static const struct {
        double each, together;
        int left; /* of 100 parts with 4 nodes and 10 specks with 1 */
    } rows[] = {{0.05, 2, 4}, {0.05, 0.03, 400}, {0.005, 1, 400}, {0.05, 0.011, 406}, {0.05, 0, 410}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        char text[SIDE * SIDE];
        arena_init(&arena, "test", 1 << 24);
        memset(text, '.', sizeof text);
        for (int k = 0; k < PARTS + 10; k++) {
            int at = (2 + k / 14 * 4) * SIDE + 2 + k % 14 * 4;
            text[at] = '#';
            if (k < PARTS)
                text[at + 1] = text[at + SIDE] = text[at + SIDE + 1] = '#';
        }
        struct grid g = grid_of_text(&arena, text, SIDE, SIDE);
        assert_int_equal(grid_clean(&g, &arena, &(struct grid_losses){rows[i].each, rows[i].together}),
                         rows[i].left);
        arena_finish(&arena);
    }
}

static void noise_picture(struct picture *p, int w, int h, const uint8_t *values, int count)
{
    struct rng rng;
    rng_init(&rng, 5, (uint64_t)w);
    shape_picture(p, w, h, shape_everything, -1);
    for (int i = 0; i < w * h; i++)
        p->rgba[4 * i + 3] = values[rng_range(&rng, 0, count - 1)];
}

/* In a small picture the node on a pixel's centre has the pixel's own alpha, so 127 is outside and 128 inside
 * whatever lies around; and the picture's edges are outside. */
static void test_small_pictures_are_exact(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 127, 128, 255};
    static const struct {
        int w, h, quality, per_pixel;
    } rows[] = {{16, 16, 7, 5},  {24, 20, 7, 5},  {32, 32, 7, 4},  {48, 30, 7, 3}, {64, 64, 7, 2},
                {100, 90, 7, 1}, {128, 40, 7, 1}, {180, 70, 7, 1}, {9, 9, 1, 4},   {256, 250, 10, 2}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct picture p;
        struct grid g;
        arena_init(&arena, "test", 1 << 28);
        noise_picture(&p, rows[i].w, rows[i].h, values, COUNT(values));
        grid_init(&g, &arena, &p, rows[i].quality);
        assert_near(g.cell * rows[i].per_pixel, 1, 1e-9);
        for (int k = 0; k < p.width * p.height; k++) {
            double x = (k % p.width + 0.5) / g.cell + g.origin, y = (k / p.width + 0.5) / g.cell + g.origin;
            assert_near(x, round(x), 1e-6);
            float alpha = g.alpha[lround(y) * g.w + lround(x)];
            assert_near(alpha, p.rgba[4 * k + 3] / 255.0, 1e-4);
            assert_int_equal(alpha > CONTOUR_ISO, p.rgba[4 * k + 3] >= 128);
        }
        for (int k = 0; k < g.w * g.h; k++) {
            int x = k % g.w, y = k / g.w;
            bool rim = x < GRID_PAD || y < GRID_PAD || x >= g.w - GRID_PAD || y >= g.h - GRID_PAD;
            assert_true(!rim || !(g.alpha[k] > CONTOUR_ISO));
        }
        picture_finish(&p);
        arena_finish(&arena);
    }
}

static double inside_area(const struct grid *g)
{
    int inside = 0;
    for (int k = 0; k < g->w * g->h; k++)
        inside += g->alpha[k] > CONTOUR_ISO;
    return inside * g->cell * g->cell;
}

static double thin_ring(double x, double y, int w, int h)
{
    return 0.8 - fabs(shape_ball(x, y, w, h));
}

/* Glass is as large as it looks, lines get the nodes that they need, all else those of its quality. */
static void test_glass_and_lines(void **state)
{
    (void)state;
    static const struct {
        shape_distance *shape;
        int side, quality;
        int most;    /* alpha; what is more becomes it */
        double cell; /* expected */
    } rows[] = {
        {shape_ball, 512, 7, 255, 4},           {shape_star, 256, 7, 255, 2},  {shape_ball, 512, 7, 128, 4},
        {shape_star, 300, 7, 130, 300 / 128.0}, {thin_ring, 512, 7, 255, 1},   {thin_ring, 256, 7, 140, 1},
        {thin_ring, 1024, 7, 255, 2},           {thin_ring, 1024, 10, 255, 2},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct picture p;
        struct grid g;
        double area = 0;
        arena_init(&arena, "test", 1 << 28);
        shape_picture(&p, rows[i].side, rows[i].side, rows[i].shape, -1);
        for (int k = 0; k < p.width * p.height; k++) {
            uint8_t *alpha = &p.rgba[4 * k + 3];
            *alpha = (uint8_t)(*alpha < rows[i].most ? *alpha : rows[i].most);
            area += *alpha >= 128;
        }
        grid_init(&g, &arena, &p, rows[i].quality);
        assert_near(g.cell, rows[i].cell, 1e-9);
        if (g.cell == 1 || rows[i].shape != thin_ring)
            assert_near(inside_area(&g) / area, 1, 0.01);
        picture_finish(&p);
        arena_finish(&arena);
    }
}

/* Lines are drawn out only where the default quality or a better one is asked for: none is coarser than the one below. */
static void test_better_is_never_coarser(void **state)
{
    (void)state;
    shape_distance *const shapes[] = {shape_ball, shape_star, thin_ring};
    for (int i = 0; i < COUNT(shapes); i++) {
        struct picture p;
        int last = 0;
        shape_picture(&p, 700, 700, shapes[i], -1);
        for (int quality = 1; quality <= 10; quality++) {
            struct arena arena;
            struct grid g;
            arena_init(&arena, "test", 1 << 28);
            grid_init(&g, &arena, &p, quality);
            if (quality < 7)
                assert_int_equal(g.longer, grid_nodes(quality));
            assert_true(g.longer >= last && g.longer >= grid_nodes(quality));
            last = g.longer;
            arena_finish(&arena);
        }
        picture_finish(&p);
    }
}

static void test_largest_piece_stays(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    struct grid one = grid_of_text(&arena, "............#............", 5, 5);
    assert_int_equal(grid_clean(&one, &arena, &(struct grid_losses){10, 10}), 1);
    struct grid none = grid_of_text(&arena, ".........................", 5, 5);
    assert_int_equal(grid_clean(&none, &arena, &(struct grid_losses){0.1, 0.1}), 0);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_grow_with_quality),  cmocka_unit_test(test_area_is_kept),
        cmocka_unit_test(test_specks_and_holes),         cmocka_unit_test(test_small_parts_stay),
        cmocka_unit_test(test_small_pictures_are_exact), cmocka_unit_test(test_glass_and_lines),
        cmocka_unit_test(test_better_is_never_coarser),
        cmocka_unit_test(test_largest_piece_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
