/*
 * bench_generator - what a job costs: CPU milliseconds per stage, for every quality.
 *
 *   bench_generator [--format stl|obj|glb|ply] [--quality Q] [--runs N] [PICTURE]
 *
 * Each figure is the median of N runs (7 without the option) after one to warm up. Without a picture it draws
 * one, 512x512 with alpha, as a PNG.
 */
#include "file.h"
#include "generator.h"
#include "picture_draw.h"
#include "png_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 512, MAX_RUNS = 101, MAX_INPUT = 64 * 1024 * 1024 };

#define MAX_MODEL ((size_t)1 << 30)

struct bench {
    struct generator *generator;
    struct buf image, model;
    struct generator_options options;
    int runs;
};

static int compare(const void *a, const void *b)
{
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

static double median_ms(nsec *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare);
    return (double)times[count / 2] / 1e6;
}

static bool bench_row(struct bench *b)
{
    static nsec stage[GENERATOR_STAGES][MAX_RUNS], total[MAX_RUNS];
    struct generator_result result;
    for (int run = -1; run < b->runs; run++) {
        buf_clear(&b->model);
        enum generator_error error = generator_run(b->generator, b->image.bytes, b->image.len, &b->options,
                                                   NULL, NULL, &b->model, &result);
        if (error != GENERATOR_OK) {
            fprintf(stderr, "%s: %s\n", generator_error_name(error), result.message);
            return false;
        }
        if (run < 0)
            continue;
        total[run] = 0;
        for (int s = 0; s < GENERATOR_STAGES; s++) {
            stage[s][run] = result.stage_cpu[s];
            total[run] += result.stage_cpu[s];
        }
    }
    printf("%7d %5d %9d %8zu", b->options.quality, result.grid, result.triangles, b->model.len / 1024);
    for (int s = 0; s < GENERATOR_STAGES; s++)
        printf(" %8.2f", median_ms(stage[s], b->runs));
    printf(" %8.2f\n", median_ms(total, b->runs));
    return true;
}

static bool read_image(struct bench *b, const char *path)
{
    struct picture picture;
    if (path)
        return file_read(path, &b->image) == 0;
    picture_draw(&picture, SIDE, 1);
    bool done = png_write(&picture, 6, &b->image);
    picture_finish(&picture);
    return done;
}

static int usage(void)
{
    fputs("usage: bench_generator [--format stl|obj|glb|ply] [--quality Q] [--runs N] [PICTURE]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct bench b = {.options = {.format = MODEL_STL, .width = 100, .height = 100, .depth = 100}, .runs = 7};
    const char *path = NULL;
    int only = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--format") == 0 && i + 1 < argc &&
            model_format_parse(argv[i + 1], &b.options.format))
            i++;
        else if (strcmp(argv[i], "--quality") == 0 && i + 1 < argc && (only = atoi(argv[i + 1])) >= 1 &&
                 only <= 10)
            i++;
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc && (b.runs = atoi(argv[i + 1])) >= 1 &&
                 b.runs <= MAX_RUNS)
            i++;
        else if (argv[i][0] != '-' && !path)
            path = argv[i];
        else
            return usage();
    }
    buf_init(&b.image, MAX_INPUT);
    buf_init(&b.model, MAX_MODEL);
    b.generator = generator_create();
    bool done = read_image(&b, path);
    if (!done)
        fprintf(stderr, "%s: can't read it\n", path ? path : "the drawn picture");
    printf("%s, CPU ms, median of %d\n", model_format_name(b.options.format), b.runs);
    printf("quality  grid triangles      KiB     load  prepare    shape  texture   export    total\n");
    for (int quality = only ? only : 1; done && quality <= (only ? only : 10); quality++) {
        b.options.quality = quality;
        done = bench_row(&b);
    }
    generator_destroy(b.generator);
    buf_finish(&b.image);
    buf_finish(&b.model);
    return done ? 0 : 1;
}
