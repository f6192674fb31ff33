/* segment: whose alpha is used, what stands out from a background, and what does not. */
#include "test.h"
#include "segment.h"
#include "rng.h"
#include "shapes.h"

#include <stdlib.h>

static void run(struct picture *p, struct segment_result *ret)
{
    struct arena arena;
    arena_init(&arena, "test", (size_t)1 << 28);
    bool found = segment_run(p, &arena, ret);
    assert_int_equal(found, !ret->why);
    arena_finish(&arena);
}

static void test_alpha_is_used(void **state)
{
    (void)state;
    struct picture p;
    struct segment_result result;
    shape_picture(&p, 64, 64, shape_ball, -1);
    uint8_t *before = malloc(64 * 64 * 4);
    memcpy(before, p.rgba, 64 * 64 * 4);
    run(&p, &result);
    assert_null(result.why);
    assert_string_equal(result.method, "alpha");
    assert_memory_equal(before, p.rgba, 64 * 64 * 4);
    free(before);
    picture_finish(&p);
}

static double iou_with(const struct picture *p, shape_distance *inside)
{
    int both = 0, either = 0;
    for (int i = 0; i < p->width * p->height; i++) {
        bool is = p->rgba[4 * i + 3] >= 128;
        bool should = inside(i % p->width + 0.5, i / p->width + 0.5, p->width, p->height) > 0;
        both += is && should;
        either += is || should;
    }
    return (double)both / either;
}

/* Makes the background shaded and noisy. */
static void roughen(struct picture *p, double slope, double noise)
{
    struct rng rng;
    rng_init(&rng, 3, 3);
    for (int i = 0; i < p->width * p->height; i++) {
        double more = slope * (i / p->width) / p->height + noise * (2 * rng_unit(&rng) - 1);
        for (int c = 0; c < 3; c++)
            p->rgba[4 * i + c] = (uint8_t)fmin(255, fmax(0, p->rgba[4 * i + c] + more));
    }
}

static void test_object_on_a_background(void **state)
{
    (void)state;
    static const struct {
        shape_distance *shape;
        int w, h, grey;
        double slope, noise, iou;
    } rows[] = {
        {shape_ball, 400, 300, 245, 0, 0, 0.98}, {shape_star, 300, 400, 245, 0, 6, 0.95},
        {shape_ball, 600, 600, 60, 80, 8, 0.97}, {shape_star, 200, 200, 200, -90, 4, 0.95},
        {shape_ball, 40, 40, 250, 0, 2, 0.9},    {shape_donut, 300, 300, 235, -30, 3, 0.97},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct picture p;
        struct segment_result result;
        shape_picture(&p, rows[i].w, rows[i].h, rows[i].shape, rows[i].grey);
        roughen(&p, rows[i].slope, rows[i].noise);
        run(&p, &result);
        assert_null(result.why);
        assert_string_equal(result.method, "border");
        if (!(result.confidence > 0.5 && result.confidence <= 1))
            fail_msg("row %d: confidence %g", i, result.confidence);
        double iou = iou_with(&p, rows[i].shape);
        if (iou < rows[i].iou)
            fail_msg("row %d: IoU %g", i, iou);
        picture_finish(&p);
    }
}

static void test_nothing_stands_out(void **state)
{
    (void)state;
    static const struct {
        shape_distance *shape;
        int w, h, backdrop;
        double slope, noise;
        const char *part;
    } rows[] = {
        {shape_nothing, 50, 50, -1, 0, 0, "transparent"},
        {shape_nothing, 50, 50, 200, 0, 0, "stands out"},
        {shape_nothing, 300, 200, 120, 60, 10, "stands out"},
        {shape_everything, 50, 50, -1, 0, 0, "stands out"},
        {shape_nothing, 1, 1, 10, 0, 0, "stands out"},
        {shape_everything, 1, 1, -1, 0, 0, "stands out"},
        {shape_nothing, 900, 1, 10, 0, 5, "stands out"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct picture p;
        struct segment_result result;
        shape_picture(&p, rows[i].w, rows[i].h, rows[i].shape, rows[i].backdrop);
        if (rows[i].backdrop >= 0)
            roughen(&p, rows[i].slope, rows[i].noise);
        run(&p, &result);
        if (!result.why || !strstr(result.why, rows[i].part))
            fail_msg("row %d: %s", i, result.why ? result.why : "found something");
        picture_finish(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha_is_used),
        cmocka_unit_test(test_object_on_a_background),
        cmocka_unit_test(test_nothing_stands_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
