/*
 * make_seeds - writes the seeds that are no text: small pictures and models of all kinds.
 *
 *   make_seeds CORPUS      into CORPUS/picture and CORPUS/model
 */
#include "file.h"
#include "model_write.h"
#include "sample_files.h"
#include "shapes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 6 };

static bool save(const char *corpus, const char *name, int number, struct buf *seed)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", corpus, name, number);
    int error = seed->failed ? ENOMEM : file_write(path, seed->bytes, seed->len);
    if (error)
        fprintf(stderr, "%s: %s\n", path, strerror(error));
    buf_clear(seed);
    return !error;
}

static bool save_models(const char *corpus, struct buf *seed)
{
    bool ok = true;
    struct mesh m = shapes[0].make();
    for (int f = 0; f < MODEL_FORMATS; f++) {
        model_write(&m, (enum model_format)f, NULL, seed);
        char name[64];
        snprintf(name, sizeof name, "model/%s", model_format_name((enum model_format)f));
        ok &= save(corpus, name, 0, seed);
    }
    shape_finish(&m);
    return ok;
}

static bool save_pictures(const char *corpus, struct buf *seed)
{
    bool ok = true;
    for (int kind = 0; kind < SAMPLE_PNGS; kind++) {
        sample_png((enum sample_png)kind, SIDE, SIDE, kind % 2, seed);
        ok &= save(corpus, "picture/png", kind, seed);
    }
    for (int kind = 0; kind < SAMPLE_JPEGS; kind++) {
        sample_jpeg((enum sample_jpeg)kind, SIDE, SIDE, seed);
        ok &= save(corpus, "picture/jpeg", kind, seed);
    }
    struct picture p = sample_picture(SIDE, SIDE);
    for (int lossless = 0; lossless < 2; lossless++) {
        sample_webp(&p, lossless, seed);
        ok &= save(corpus, "picture/webp", lossless, seed);
    }
    picture_finish(&p);
    sample_animated_webp(seed);
    return save(corpus, "picture/webp-animated", 0, seed) && ok;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds CORPUS\n");
        return 2;
    }
    struct buf seed;
    buf_init(&seed, 1 << 20);
    bool ok = save_models(argv[1], &seed);
    ok &= save_pictures(argv[1], &seed);
    buf_finish(&seed);
    return ok ? 0 : 1;
}
