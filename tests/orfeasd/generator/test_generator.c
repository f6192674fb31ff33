/* generator: pictures in, models out; and every way in which that can end. */
#include "test.h"
#include "generator.h"
#include "model_check.h"
#include "picture_draw.h"
#include "png_write.h"
#include "shapes.h"
#include "silhouette.h"

static const struct generator_options standard = {
    .format = MODEL_STL, .quality = 7, .width = 100, .height = 90, .depth = 80};

static void encode(struct buf *png, int w, int h, shape_distance *shape, int backdrop)
{
    struct picture p;
    shape_picture(&p, w, h, shape, backdrop);
    buf_init(png, 1 << 26);
    assert_true(png_write(&p, 1, png));
    picture_finish(&p);
}

static enum generator_error make(struct generator *g, const struct buf *png,
                                 const struct generator_options *options, struct buf *model,
                                 struct generator_result *ret)
{
    return generator_run(g, png->bytes, png->len, options, NULL, NULL, model, ret);
}

static void test_every_format_and_shape(void **state)
{
    (void)state;
    static const struct {
        shape_distance *shape;
        int w, h, backdrop;
        const char *segmentation;
    } rows[] = {
        {shape_ball, 512, 512, -1, "alpha"},  {shape_donut, 300, 200, -1, "alpha"},
        {shape_frame, 200, 200, -1, "alpha"}, {shape_star, 1000, 700, -1, "alpha"},
        {shape_star, 32, 32, -1, "alpha"},    {shape_ball, 320, 240, 250, "border"},
        {shape_bar, 4096, 4, -1, "alpha"},    {shape_bar, 5, 2000, -1, "alpha"},
        {shape_ball, 7, 7, -1, "alpha"},
    };
    struct generator *g = generator_create();
    struct buf model;
    buf_init(&model, 1 << 28);
    for (int i = 0; i < COUNT(rows) * MODEL_FORMATS; i++) {
        int row = i / MODEL_FORMATS;
        struct generator_options options = standard;
        struct generator_result result;
        struct model_report report;
        struct buf png;
        options.format = (enum model_format)(i % MODEL_FORMATS);
        buf_clear(&model);
        encode(&png, rows[row].w, rows[row].h, rows[row].shape, rows[row].backdrop);
        if (make(g, &png, &options, &model, &result) != GENERATOR_OK)
            fail_msg("row %d: %s", row, result.message);
        assert_string_equal(result.segmentation, rows[row].segmentation);
        model_check(model.bytes, model.len, &model_default_limits, &report);
        if (!report.valid || report.degenerate || !(report.volume > 0))
            fail_msg("row %d as %s: %s", row, model_format_name(options.format), report.why);
        assert_int_equal(report.format, options.format);
        assert_int_equal(report.triangles, result.triangles);
        assert_int_equal(report.vertices, result.vertices);
        const double box[3] = {100, 90, 80};
        for (int k = 0; k < 3; k++)
            assert_true((double)(report.high[k] - report.low[k]) <= box[k] * 1.0001);
        buf_finish(&png);
    }
    buf_finish(&model);
    generator_destroy(g);
}

static void test_outline_matches(void **state)
{
    (void)state;
    static const struct {
        shape_distance *shape;
        int w, h, quality;
        double iou;
    } rows[] = {
        {shape_ball, 512, 512, 7, 0.99},  {shape_donut, 512, 512, 7, 0.99},  {shape_star, 512, 512, 7, 0.99},
        {shape_frame, 300, 200, 7, 0.98}, {shape_star, 64, 64, 7, 0.99},     {shape_star, 512, 512, 1, 0.97},
        {shape_star, 16, 16, 10, 0.98},   {shape_star, 700, 500, 10, 0.995},
    };
    struct generator *g = generator_create();
    struct buf model;
    buf_init(&model, 1 << 28);
    for (int i = 0; i < COUNT(rows); i++) {
        struct generator_options options = standard;
        struct generator_result result;
        struct picture truth;
        struct buf png;
        options.format = MODEL_GLB;
        options.quality = rows[i].quality;
        buf_clear(&model);
        encode(&png, rows[i].w, rows[i].h, rows[i].shape, -1);
        shape_picture(&truth, rows[i].w, rows[i].h, rows[i].shape, -1);
        assert_int_equal(make(g, &png, &options, &model, &result), GENERATOR_OK);
        double iou = silhouette_iou(model.bytes, model.len, &truth);
        if (iou < rows[i].iou)
            fail_msg("row %d: IoU %g", i, iou);
        picture_finish(&truth);
        buf_finish(&png);
    }
    buf_finish(&model);
    generator_destroy(g);
}

/* Alpha at a pixel of a picture that is hard to follow. */
typedef int hard_alpha(int x, int y);

static int alpha_lines(int x, int y) /* a pixel wide, slanted, and just visible */
{
    return (x + 2 * y) % 9 == 0 || (x - y + 64) % 11 == 0 ? 128 : 0;
}

static int alpha_dots(int x, int y) /* of three sizes, none of them a large share */
{
    int dx = x % 8 - 3, dy = y % 8 - 3;
    return dx * dx + dy * dy <= 1 + (x / 8 + y / 8) % 3 ? 150 + 20 * (x / 8 % 5) : 40;
}

static int alpha_glass(int x, int y) /* with frames in it, and a pane that is a little too clear */
{
    int frame = x % 40 < 3 || y % 50 < 3 ? 255 : 128;
    return x < 10 || y < 10 || x > 120 || y > 118 ? 0 : x > 90 && y > 90 ? 127 : frame;
}

static int alpha_slits(int x, int y) /* a hole of a pixel is a hole */
{
    return x < 2 || y < 2 || x > 13 || y > 13 ? 0 : x % 4 == 3 && y % 3 == 1 ? 106 : 255;
}

static void hard_picture(struct picture *p, int w, int h, hard_alpha *alpha)
{
    shape_picture(p, w, h, shape_everything, -1);
    for (int i = 0; i < w * h; i++)
        p->rgba[4 * i + 3] = (uint8_t)alpha(i % w, i / w);
}

static void test_outline_of_hard_pictures(void **state)
{
    (void)state;
    static const struct {
        hard_alpha *alpha;
        int w, h;
    } rows[] = {
        {alpha_lines, 16, 16}, {alpha_lines, 32, 32}, {alpha_lines, 48, 33},   {alpha_lines, 256, 200},
        {alpha_dots, 32, 32},  {alpha_dots, 176, 88}, {alpha_dots, 256, 128},  {alpha_glass, 128, 128},
        {alpha_glass, 60, 60}, {alpha_slits, 16, 16}, {alpha_glass, 257, 129}, {alpha_dots, 384, 192},
    };
    struct generator *g = generator_create();
    struct buf png, model;
    buf_init(&png, 1 << 26);
    buf_init(&model, 1 << 28);
    for (int i = 0; i < COUNT(rows); i++) {
        struct generator_options options = standard;
        struct generator_result result;
        struct model_report report;
        struct picture truth;
        options.format = MODEL_GLB;
        hard_picture(&truth, rows[i].w, rows[i].h, rows[i].alpha);
        buf_clear(&png);
        buf_clear(&model);
        assert_true(png_write(&truth, 1, &png));
        assert_int_equal(make(g, &png, &options, &model, &result), GENERATOR_OK);
        model_check(model.bytes, model.len, &model_default_limits, &report);
        if (!report.valid || report.degenerate)
            fail_msg("row %d: %s", i, report.why);
        double iou = silhouette_iou(model.bytes, model.len, &truth);
        if (iou < 0.98)
            fail_msg("row %d: IoU %g", i, iou);
        picture_finish(&truth);
    }
    buf_finish(&png);
    buf_finish(&model);
    generator_destroy(g);
}

static void test_failures(void **state)
{
    (void)state;
    struct buf nothing, uniform, wide, good, model;
    struct generator *g = generator_create();
    struct generator_result result;
    encode(&nothing, 64, 64, shape_nothing, -1);
    encode(&uniform, 64, 64, shape_nothing, 99);
    encode(&wide, 8193, 1, shape_everything, -1);
    encode(&good, 64, 64, shape_ball, -1);
    const struct {
        const void *bytes;
        size_t len;
        enum generator_error error;
    } rows[] = {
        {nothing.bytes, nothing.len, GENERATOR_NO_FOREGROUND},
        {uniform.bytes, uniform.len, GENERATOR_NO_FOREGROUND},
        {wide.bytes, wide.len, GENERATOR_TOO_LARGE},
        {good.bytes, good.len / 2, GENERATOR_BAD_IMAGE},
        {"no picture", 10, GENERATOR_BAD_IMAGE},
        {"", 0, GENERATOR_BAD_IMAGE},
    };
    buf_init(&model, 1 << 28);
    buf_add_text(&model, "before");
    for (int i = 0; i < COUNT(rows); i++) {
        enum generator_error error =
            generator_run(g, rows[i].bytes, rows[i].len, &standard, NULL, NULL, &model, &result);
        if (error != rows[i].error)
            fail_msg("row %d: %s (%s)", i, generator_error_name(error), result.message);
        assert_true(result.message[0]);
        assert_string_equal(buf_text(&model), "before");
    }
    model.max_bytes = 1000;
    assert_int_equal(make(g, &good, &standard, &model, &result), GENERATOR_TOO_LARGE);
    assert_int_equal(model.len, 6);
    buf_finish(&nothing);
    buf_finish(&uniform);
    buf_finish(&wide);
    buf_finish(&good);
    buf_finish(&model);
    generator_destroy(g);
}

struct watch {
    int calls, stop_at;
    int stage;
    double fraction;
};

static bool on_progress(void *context, enum generator_stage stage, double fraction)
{
    struct watch *w = context;
    assert_true((int)stage == w->stage ? fraction >= w->fraction
                                       : (int)stage == w->stage + 1 && w->fraction == 1);
    assert_true(fraction >= 0 && fraction <= 1);
    w->stage = (int)stage;
    w->fraction = fraction;
    return ++w->calls != w->stop_at;
}

/* Stops at each call of the progress function in turn; nothing may be left in the model, or in the generator.
 */
static void test_cancel_anywhere(void **state)
{
    (void)state;
    struct generator *g = generator_create();
    struct generator_options options = standard;
    struct generator_result result;
    struct buf png, model;
    encode(&png, 128, 128, shape_star, -1);
    buf_init(&model, 1 << 28);
    options.format = MODEL_GLB;
    struct watch all = {0};
    assert_int_equal(generator_run(g, png.bytes, png.len, &options, on_progress, &all, &model, &result),
                     GENERATOR_OK);
    assert_int_equal(all.stage, GENERATOR_STAGES - 1);
    assert_true(all.fraction == 1);
    assert_true(all.calls >= 2 * GENERATOR_STAGES + 4); /* inside the long stages too */
    for (int stop = 1; stop <= all.calls; stop++) {
        struct watch w = {.stop_at = stop};
        buf_clear(&model);
        assert_int_equal(generator_run(g, png.bytes, png.len, &options, on_progress, &w, &model, &result),
                         GENERATOR_CANCELLED);
        assert_int_equal(w.calls, stop);
        assert_int_equal(model.len, 0);
    }
    buf_finish(&png);
    buf_finish(&model);
    generator_destroy(g);
}

/* Two generators, one of them with another job's leftovers, give the same bytes. */
static void test_deterministic(void **state)
{
    (void)state;
    struct generator *fresh = generator_create(), *used = generator_create();
    struct generator_result result;
    struct buf png, other, first, second;
    encode(&png, 200, 150, shape_star, 240);
    encode(&other, 300, 300, shape_donut, -1);
    buf_init(&first, 1 << 28);
    buf_init(&second, 1 << 28);
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct generator_options options = standard;
        options.format = (enum model_format)f;
        assert_int_equal(make(used, &other, &options, &second, &result), GENERATOR_OK);
        buf_clear(&first);
        buf_clear(&second);
        assert_int_equal(make(fresh, &png, &options, &first, &result), GENERATOR_OK);
        assert_int_equal(make(used, &png, &options, &second, &result), GENERATOR_OK);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.bytes, second.bytes, first.len);
    }
    buf_finish(&png);
    buf_finish(&other);
    buf_finish(&first);
    buf_finish(&second);
    generator_destroy(fresh);
    generator_destroy(used);
}

/* After one round of all sizes the memory stays as it is, in any order of jobs; and slowly growing jobs do
 * not pile up. */
static void test_memory_is_flat(void **state)
{
    (void)state;
    struct generator *g = generator_create();
    struct generator_options options = standard;
    struct generator_result result;
    struct buf model;
    size_t after_first = 0;
    buf_init(&model, 1 << 28);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            struct buf png;
            int side = round & 1 ? 40 + (i * 17) % 40 * 2 : 40 + 2 * i;
            options.format = (enum model_format)(i % MODEL_FORMATS);
            options.quality = 3 + (i + round) % 5;
            encode(&png, side, side, i & 1 ? shape_ball : shape_star, i % 3 ? -1 : 240);
            buf_clear(&model);
            assert_int_equal(make(g, &png, &options, &model, &result), GENERATOR_OK);
            buf_finish(&png);
        }
        if (round == 0)
            after_first = generator_held_bytes(g);
        assert_true(generator_held_bytes(g) <= (size_t)32 << 20);
    }
    assert_true(generator_held_bytes(g) <= 2 * after_first);
    buf_finish(&model);
    generator_destroy(g);
}

static void test_drawn_picture(void **state)
{
    (void)state;
    struct generator *g = generator_create();
    struct generator_result result;
    struct model_report report;
    struct picture p;
    struct buf png, model;
    picture_draw(&p, 256, 5);
    buf_init(&png, 1 << 26);
    buf_init(&model, 1 << 28);
    assert_true(png_write(&p, 1, &png));
    assert_int_equal(make(g, &png, &standard, &model, &result), GENERATOR_OK);
    model_check(model.bytes, model.len, &model_default_limits, &report);
    assert_true(report.valid);
    assert_int_equal(result.grid, 128);
    assert_true(result.confidence == 1);
    for (int s = 0; s < GENERATOR_STAGES; s++)
        assert_true(result.stage_cpu[s] >= 0);
    picture_finish(&p);
    buf_finish(&png);
    buf_finish(&model);
    generator_destroy(g);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(generator_stage_name(STAGE_IMAGE_LOADING), "image_loading");
    assert_string_equal(generator_stage_name(STAGE_MESH_EXPORT), "mesh_export");
    assert_string_equal(generator_error_name(GENERATOR_NO_FOREGROUND), "no_foreground");
    generator_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_and_shape),
        cmocka_unit_test(test_outline_matches),
        cmocka_unit_test(test_outline_of_hard_pictures),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_cancel_anywhere),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_memory_is_flat),
        cmocka_unit_test(test_drawn_picture),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
