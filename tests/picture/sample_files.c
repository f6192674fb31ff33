#include "sample_files.h"

#include <assert.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <webp/encode.h>

struct picture sample_picture(int width, int height)
{
    struct picture p = {width, height, true, malloc((size_t)width * (size_t)height * 4)};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            sample_png_pixel(SAMPLE_RGBA, x, y, p.rgba + ((size_t)y * (size_t)width + (size_t)x) * 4);
    }
    return p;
}

static const struct {
    int type, depth;
    bool has_trns;
} png_kinds[SAMPLE_PNGS] = {
    [SAMPLE_RGBA] = {PNG_COLOR_TYPE_RGBA, 8, false},
    [SAMPLE_RGB] = {PNG_COLOR_TYPE_RGB, 8, false},
    [SAMPLE_GREY] = {PNG_COLOR_TYPE_GRAY, 8, false},
    [SAMPLE_GREY_ALPHA] = {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false},
    [SAMPLE_GREY_1] = {PNG_COLOR_TYPE_GRAY, 1, false},
    [SAMPLE_PALETTE] = {PNG_COLOR_TYPE_PALETTE, 8, false},
    [SAMPLE_PALETTE_ALPHA] = {PNG_COLOR_TYPE_PALETTE, 8, true},
    [SAMPLE_RGBA_16] = {PNG_COLOR_TYPE_RGBA, 16, false},
    [SAMPLE_RGB_KEY] = {PNG_COLOR_TYPE_RGB, 8, true},
};

static uint8_t pattern(int x, int y, int channel)
{
    return (uint8_t)(x * (7 + channel * 4) + y * (13 - channel * 2) + x * y % (5 + channel));
}

static uint8_t palette_place(int x, int y)
{
    return (uint8_t)((x + y * 3) % 16);
}

void sample_png_pixel(enum sample_png kind, int x, int y, uint8_t ret[4])
{
    for (int i = 0; i < 4; i++)
        ret[i] = pattern(x, y, i);
    int place = palette_place(x, y);
    switch (kind) {
    case SAMPLE_GREY:
    case SAMPLE_GREY_ALPHA:
        ret[1] = ret[2] = ret[0];
        break;
    case SAMPLE_GREY_1:
        ret[0] = ret[1] = ret[2] = (x ^ y) & 1 ? 255 : 0;
        break;
    case SAMPLE_PALETTE:
    case SAMPLE_PALETTE_ALPHA:
        ret[0] = (uint8_t)(place * 16);
        ret[1] = (uint8_t)(255 - place * 16);
        ret[2] = 7;
        ret[3] = (uint8_t)(place * 17);
        break;
    case SAMPLE_RGB_KEY: /* black is transparent */
        if ((x + y) % 3 == 0)
            ret[0] = ret[1] = ret[2] = 0;
        ret[3] = ret[0] | ret[1] | ret[2] ? 255 : 0;
        break;
    default:
        break;
    }
    if (kind == SAMPLE_RGB || kind == SAMPLE_GREY || kind == SAMPLE_GREY_1 || kind == SAMPLE_PALETTE)
        ret[3] = 255;
}

static void png_row(enum sample_png kind, int width, int y, uint8_t *to)
{
    memset(to, 0, (size_t)width * 8);
    for (int x = 0; x < width; x++) {
        uint8_t p[4];
        sample_png_pixel(kind, x, y, p);
        switch (kind) {
        case SAMPLE_RGBA:
            memcpy(to + x * 4, p, 4);
            break;
        case SAMPLE_RGB:
        case SAMPLE_RGB_KEY:
            memcpy(to + x * 3, p, 3);
            break;
        case SAMPLE_GREY:
            to[x] = p[0];
            break;
        case SAMPLE_GREY_ALPHA:
            to[x * 2] = p[0];
            to[x * 2 + 1] = p[3];
            break;
        case SAMPLE_GREY_1:
            to[x / 8] |= (uint8_t)((p[0] & 1) << (7 - x % 8));
            break;
        case SAMPLE_RGBA_16: /* both bytes alike: scaling to 8 bits is exact */
            for (int i = 0; i < 8; i++)
                to[x * 8 + i] = p[i / 2];
            break;
        default:
            to[x] = palette_place(x, y);
        }
    }
}

static void append(png_structp png, png_bytep bytes, size_t len)
{
    buf_add(png_get_io_ptr(png), bytes, len);
}

static void set_palette(png_structp png, png_infop info, enum sample_png kind)
{
    png_color colours[16];
    uint8_t alpha[16];
    for (int i = 0; i < 16; i++) {
        colours[i] = (png_color){(uint8_t)(i * 16), (uint8_t)(255 - i * 16), 7};
        alpha[i] = (uint8_t)(i * 17);
    }
    if (png_kinds[kind].type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, colours, 16);
    if (kind == SAMPLE_PALETTE_ALPHA)
        png_set_tRNS(png, info, alpha, 16, NULL);
    if (kind == SAMPLE_RGB_KEY)
        png_set_tRNS(png, info, NULL, 0, &(png_color_16){0});
}

void sample_png(enum sample_png kind, int width, int height, bool interlaced, struct buf *out)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    uint8_t *row = malloc((size_t)width * 8);
    png_set_write_fn(png, out, append, NULL);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, png_kinds[kind].depth,
                 png_kinds[kind].type, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    set_palette(png, info, kind);
    png_set_gAMA(png, info, 0.7); /* must not change a pixel */
    png_text text = {PNG_TEXT_COMPRESSION_zTXt,
                     (char[]){"Comment"},
                     (char[]){"amphora amphora amphora"},
                     23,
                     0,
                     NULL,
                     NULL};
    png_set_text(png, info, &text, 1);
    png_write_info(png, info);
    for (int pass = 0, passes = png_set_interlace_handling(png); pass < passes; pass++) {
        for (int y = 0; y < height; y++) {
            png_row(kind, width, y, row);
            png_write_row(png, row);
        }
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(row);
}

void sample_gradient(int width, int height, int x, int y, uint8_t ret[3])
{
    ret[0] = (uint8_t)(255 * x / width);
    ret[1] = (uint8_t)(255 * y / height);
    ret[2] = 128;
}

static void add_jpeg(enum sample_jpeg kind, int width, int height, const jpeg_scan_info *scans,
                     int scan_count, struct buf *out)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *file = NULL;
    unsigned long len = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file, &len);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = kind == SAMPLE_CMYK ? 4 : kind == SAMPLE_JPEG_GREY ? 1 : 3;
    jpeg.in_color_space = kind == SAMPLE_CMYK ? JCS_CMYK : kind == SAMPLE_JPEG_GREY ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    if (kind == SAMPLE_PROGRESSIVE)
        jpeg_simple_progression(&jpeg);
    if (scans) {
        jpeg.scan_info = scans;
        jpeg.num_scans = scan_count;
    }
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t *row = calloc((size_t)width, 4);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t rgb[3];
            sample_gradient(width, height, x, y, rgb);
            memcpy(row + x * jpeg.input_components, rgb, kind == SAMPLE_JPEG_GREY ? 1 : 3);
        }
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    buf_add(out, file, len);
    free(file);
    free(row);
}

void sample_jpeg(enum sample_jpeg kind, int width, int height, struct buf *out)
{
    add_jpeg(kind, width, height, NULL, 0, out);
}

/* The place of the first (or, from there, next) marker that begins or ends a scan. */
static size_t find_marker(const struct buf *b, size_t from)
{
    for (size_t i = from; i + 1 < b->len; i++) {
        unsigned char c = (unsigned char)b->bytes[i + 1];
        if ((unsigned char)b->bytes[i] == 0xff && (c == 0xda || c == 0xd9 || c == 0xc4))
            return i;
    }
    return b->len;
}

void sample_scan_bomb(int scans, struct buf *out)
{
    /* The first scan has all bits of the DC coefficients: seeing it again is not even a warning. */
    static const jpeg_scan_info script[] = {{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}};
    struct buf plain;
    buf_init(&plain, 1 << 20);
    add_jpeg(SAMPLE_JPEG_GREY, 16, 16, script, 2, &plain);
    size_t start = find_marker(&plain, 0);
    while ((unsigned char)plain.bytes[start + 1] != 0xda)
        start = find_marker(&plain, start + 2);
    size_t end = find_marker(&plain, start + 2);
    buf_add(out, plain.bytes, start);
    for (int i = 0; i < scans; i++)
        buf_add(out, plain.bytes + start, end - start);
    buf_add(out, plain.bytes + end, plain.len - end);
    buf_finish(&plain);
}

void sample_webp(const struct picture *p, bool lossless, struct buf *out)
{
    uint8_t *file = NULL;
    size_t len = lossless ? WebPEncodeLosslessRGBA(p->rgba, p->width, p->height, p->width * 4, &file)
                          : WebPEncodeRGBA(p->rgba, p->width, p->height, p->width * 4, 90, &file);
    assert(len);
    buf_add(out, file, len);
    WebPFree(file);
}

void sample_animated_webp(struct buf *out)
{
    static const unsigned char header[] = {
        'R', 'I', 'F', 'F', 36,  0,   0,
        0,   'W', 'E', 'B', 'P', 'V', 'P',
        '8', 'X', 10,  0,   0,   0,   2 /* animated */,
        0,   0,   0,   15,  0,   0,   15,
        0,   0,   'A', 'N', 'I', 'M', 6,
        0,   0,   0,   0,   0,   0,   0,
        0,   0,
    };
    buf_add(out, header, sizeof header);
}
