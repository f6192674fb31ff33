/*
 * sample_files - picture files in all variants, made by the libraries' own encoders, for the tests of the
 * readers.
 *
 * Each appends to a buffer that the caller owns.
 */
#pragma once

#include "buf.h"
#include "picture.h"

/* side x side pixels with structure and all kinds of alpha; the caller frees with picture_finish(). */
struct picture sample_picture(int width, int height);

enum sample_png {
    SAMPLE_RGBA,
    SAMPLE_RGB,
    SAMPLE_GREY,
    SAMPLE_GREY_ALPHA,
    SAMPLE_GREY_1,
    SAMPLE_PALETTE,
    SAMPLE_PALETTE_ALPHA,
    SAMPLE_RGBA_16,
    SAMPLE_RGB_KEY,
    SAMPLE_PNGS
};
/* Pixel (x, y) of each variant is what sample_png_pixel() says. */
void sample_png(enum sample_png kind, int width, int height, bool interlaced, struct buf *out);
void sample_png_pixel(enum sample_png kind, int x, int y, uint8_t ret[4]);

enum sample_jpeg { SAMPLE_YCBCR, SAMPLE_JPEG_GREY, SAMPLE_PROGRESSIVE, SAMPLE_CMYK, SAMPLE_JPEGS };
/* A smooth gradient, see sample_gradient(). */
void sample_jpeg(enum sample_jpeg kind, int width, int height, struct buf *out);
void sample_gradient(int width, int height, int x, int y, uint8_t ret[3]);
/* A small file whose first scan is there `scans` times. */
void sample_scan_bomb(int scans, struct buf *out);

void sample_webp(const struct picture *p, bool lossless, struct buf *out);
/* Only the header of an animation: enough to refuse it. */
void sample_animated_webp(struct buf *out);
