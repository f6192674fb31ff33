/*
 * PNG through libpng. Only the chunks that decide about pixels are looked at (IHDR, PLTE, tRNS, IDAT, IEND):
 * colour profiles and texts are where compressed bombs hide, and colour management is not our subject.
 *
 * libpng reports errors by longjmp. Every call into it is made from guarded(), whose frame holds no variable
 * that changes; all state is in struct reading, which lives in the caller's frame.
 */
#include "picture_codec.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CACHED_CHUNKS = 64, MAX_CHUNK_BYTES = 1 << 20 };

struct reading {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    const struct picture_limits *limits;
    char *error;
    png_structp png;
    png_infop info;
    int width, height;
    bool has_alpha;
    uint8_t *rgba;
    jmp_buf failed;
};

static bool png_matches(const uint8_t *bytes, size_t len)
{
    return len >= 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

static _Noreturn void on_error(png_structp png, const char *message)
{
    struct reading *r = png_get_error_ptr(png);
    picture_fail(r->error, "PNG: %s", message);
    longjmp(r->failed, 1);
}

/* What is left as a warning does not touch pixels. */
static void on_warning(png_structp png, const char *message)
{
    (void)png;
    (void)message;
}

static void on_read(png_structp png, png_bytep to, size_t len)
{
    struct reading *r = png_get_io_ptr(png);
    if (len > r->len - r->at)
        png_error(png, "the file ends too early");
    memcpy(to, r->bytes + r->at, len);
    r->at += len;
}

static void read_header(struct reading *r)
{
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (!r->info) {
        picture_fail(r->error, "no memory to read a PNG");
        longjmp(r->failed, 1);
    }
    png_set_read_fn(r->png, r, on_read);
    png_set_user_limits(r->png, (png_uint_32)r->limits->max_side, (png_uint_32)r->limits->max_side);
    png_set_chunk_cache_max(r->png, MAX_CACHED_CHUNKS);
    png_set_chunk_malloc_max(r->png, MAX_CHUNK_BYTES);
    /* -1: also those ancillary chunks that libpng knows, except tRNS. */
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    /* Wrong checksums and data that ends early or late would otherwise only warn. */
    png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(r->png, 0);

    png_read_info(r->png, r->info);
    r->width = (int)png_get_image_width(r->png, r->info);
    r->height = (int)png_get_image_height(r->png, r->info);
    r->has_alpha = png_get_color_type(r->png, r->info) & PNG_COLOR_MASK_ALPHA ||
                   png_get_valid(r->png, r->info, PNG_INFO_tRNS);
    if (!picture_size_allowed(r->limits, r->width, r->height, r->error))
        longjmp(r->failed, 1);
}

static void read_pixels(struct reading *r)
{
    read_header(r);
    r->rgba = picture_pixels(r->width, r->height, r->error);
    if (!r->rgba)
        longjmp(r->failed, 1);
    png_set_expand(r->png); /* palette to RGB, grey to 8 bits, tRNS to alpha */
    png_set_scale_16(r->png);
    png_set_gray_to_rgb(r->png);
    if (!r->has_alpha)
        png_set_add_alpha(r->png, 0xff, PNG_FILLER_AFTER);
    int passes = png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    size_t row_bytes = png_get_rowbytes(r->png, r->info);
    if (row_bytes != (size_t)r->width * 4)
        png_error(r->png, "an unexpected pixel layout");
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < r->height; y++)
            png_read_row(r->png, r->rgba + (size_t)y * row_bytes, NULL);
    }
    png_read_end(r->png, NULL);
}

static bool guarded(struct reading *r, void (*work)(struct reading *r))
{
    if (setjmp(r->failed))
        return false;
    work(r);
    return true;
}

static bool png_probe(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                      struct picture_info *ret, char *error)
{
    struct reading r = {.bytes = bytes, .len = len, .limits = limits, .error = error};
    bool ok = guarded(&r, read_header);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (ok)
        *ret = (struct picture_info){PICTURE_PNG, r.width, r.height, r.has_alpha};
    return ok;
}

static bool png_decode(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                       struct picture *ret, char *error)
{
    struct reading r = {.bytes = bytes, .len = len, .limits = limits, .error = error};
    bool ok = guarded(&r, read_pixels);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    if (ok)
        *ret = (struct picture){r.width, r.height, r.has_alpha, r.rgba};
    else
        free(r.rgba);
    return ok;
}

const struct picture_codec png_read_codec = {PICTURE_PNG, "png", png_matches, png_probe, png_decode};
