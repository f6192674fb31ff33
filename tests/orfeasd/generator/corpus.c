/*
 * corpus_check - makes models of many pictures, in every format, and checks each.
 *
 *   corpus_check [--out DIR] [--quality Q] [--min-iou X] [--backdrop plain|gradient|noise] PICTURE...
 *
 * A picture passes when all four files are valid and closed, and when the model's outline covers the
 * picture's alpha channel with an intersection over union of X at least (0.98 without the option; only where
 * the alpha is used). With
 * --backdrop the picture is first laid on an opaque background, its own alpha staying the truth: that
 * measures the segmentation. Prints one line per failure and one in the end; exits 1 after any failure.
 */
#include "file.h"
#include "generator.h"
#include "model_check.h"
#include "picture.h"
#include "png_write.h"
#include "rng.h"
#include "silhouette.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INPUT = 64 * 1024 * 1024 };

#define MAX_MODEL ((size_t)1 << 30)

struct corpus {
    const char *out;
    const char *backdrop;
    double min_iou;
    struct generator_options options;
    struct generator *generator;
    struct buf image, model;
    int pictures, failures, measured, above_90;
    double iou_sum, iou_least;
    nsec cpu;
};

static bool failed(const char *path, const char *what, const char *why)
{
    printf("FAIL %s: %s: %s\n", path, what, why);
    return false;
}

static bool write_model(const struct corpus *c, const char *path)
{
    char name[1024];
    const char *base = strrchr(path, '/');
    snprintf(name, sizeof name, "%s/%s.%s", c->out, base ? base + 1 : path,
             model_format_name(c->options.format));
    return file_write(name, c->model.bytes, c->model.len) == 0;
}

static bool check_format(struct corpus *c, const char *path)
{
    const char *format = model_format_name(c->options.format);
    struct generator_result result;
    struct model_report report;
    buf_clear(&c->model);
    enum generator_error error = generator_run(c->generator, c->image.bytes, c->image.len, &c->options, NULL,
                                               NULL, &c->model, &result);
    for (int s = 0; s < GENERATOR_STAGES; s++)
        c->cpu += result.stage_cpu[s];
    if (error != GENERATOR_OK)
        return failed(path, generator_error_name(error), result.message);
    model_check(c->model.bytes, c->model.len, &model_default_limits, &report);
    if (!report.valid)
        return failed(path, format, report.why);
    if (report.triangles != result.triangles || !(report.volume > 0))
        return failed(path, format, "not the promised triangles, or inside out");
    if (c->out && !write_model(c, path))
        return failed(path, format, "can't write the file");
    return true;
}

static bool check_outline(struct corpus *c, const char *path, const struct picture *truth)
{
    char text[32];
    double iou = silhouette_iou(c->model.bytes, c->model.len, truth);
    c->measured++;
    c->above_90 += iou > 0.9;
    c->iou_sum += iou;
    c->iou_least = fmin(c->iou_least, iou);
    snprintf(text, sizeof text, "%.4f", iou);
    return iou >= c->min_iou || failed(path, "outline's IoU", text);
}

static double grey_at(const char *backdrop, const struct picture *p, int x, int y, struct rng *rng)
{
    if (strcmp(backdrop, "plain") == 0)
        return 246;
    double slope = 210 - 70.0 * y / p->height + 25.0 * x / p->width;
    return strcmp(backdrop, "noise") == 0 ? slope + 8 * (2 * rng_unit(rng) - 1) : slope;
}

static bool lay_on_backdrop(struct corpus *c, const struct picture *p)
{
    struct rng rng;
    struct picture flat = {.width = p->width, .height = p->height};
    rng_init(&rng, 1, 1);
    flat.rgba = malloc((size_t)p->width * p->height * 4);
    for (int i = 0; i < p->width * p->height; i++) {
        double a = p->rgba[4 * i + 3] / 255.0,
               grey = grey_at(c->backdrop, p, i % p->width, i / p->width, &rng);
        for (int k = 0; k < 3; k++)
            flat.rgba[4 * i + k] = (uint8_t)fmin(255, fmax(0, a * p->rgba[4 * i + k] + (1 - a) * grey + 0.5));
        flat.rgba[4 * i + 3] = 255;
    }
    buf_clear(&c->image);
    bool done = png_write(&flat, 1, &c->image);
    picture_finish(&flat);
    return done;
}

static bool is_alpha_used(const struct picture *p)
{
    size_t pixels = (size_t)p->width * p->height, clear = 0;
    for (size_t i = 0; i < pixels; i++)
        clear += p->rgba[4 * i + 3] < 128;
    return p->has_alpha && (double)clear >= 0.005 * (double)pixels;
}

static bool check_picture(struct corpus *c, const char *path)
{
    struct picture truth;
    char error[PICTURE_ERROR_TEXT];
    buf_clear(&c->image);
    if (file_read(path, &c->image) != 0)
        return failed(path, "file", "can't read it");
    if (!picture_decode(c->image.bytes, c->image.len, &picture_default_limits, &truth, error))
        return failed(path, "picture", error);
    bool passed = !c->backdrop || lay_on_backdrop(c, &truth);
    for (int f = 0; f < MODEL_FORMATS && passed; f++) {
        c->options.format = (enum model_format)f;
        passed = check_format(c, path);
        if (passed && f == MODEL_GLB && is_alpha_used(&truth))
            passed = check_outline(c, path, &truth);
    }
    picture_finish(&truth);
    return passed;
}

static int usage(void)
{
    fputs("usage: corpus_check [--out DIR] [--quality Q] [--min-iou X] [--backdrop plain|gradient|noise] "
          "PICTURE...\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct corpus c = {.min_iou = 0.98,
                       .iou_least = 1,
                       .options = {.quality = 7, .width = 100, .height = 100, .depth = 100}};
    int i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--out") == 0)
            c.out = argv[i + 1];
        else if (strcmp(argv[i], "--quality") == 0)
            c.options.quality = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--min-iou") == 0)
            c.min_iou = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--backdrop") == 0)
            c.backdrop = argv[i + 1];
        else
            return usage();
    }
    if (i >= argc || c.options.quality < 1 || c.options.quality > 10)
        return usage();
    if (c.out && file_make_dirs(c.out) != 0)
        return usage();
    buf_init(&c.image, MAX_INPUT);
    buf_init(&c.model, MAX_MODEL);
    c.generator = generator_create();
    for (; i < argc; i++, c.pictures++)
        c.failures += !check_picture(&c, argv[i]);
    printf("%d pictures, %d failed; outline's IoU of %d: mean %.4f, least %.4f, %d above 0.9; %.1f CPU ms a "
           "model\n",
           c.pictures, c.failures, c.measured, c.measured ? c.iou_sum / c.measured : 0, c.iou_least,
           c.above_90, nsec_to_sec(c.cpu) * 1e3 / (c.pictures * MODEL_FORMATS));
    generator_destroy(c.generator);
    buf_finish(&c.image);
    buf_finish(&c.model);
    return c.failures ? 1 : 0;
}
