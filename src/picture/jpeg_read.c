/*
 * JPEG through libjpeg-turbo's libjpeg interface: grey, YCbCr and RGB with 8 bits, Huffman coded. The EXIF
 * orientation is not applied.
 *
 * Errors come by longjmp, see png_read.c for the discipline. A progressive file may hold any number of scans,
 * each of which costs a pass over the whole picture for a few bytes of file: their number is limited.
 */
#include "picture_codec.h"

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { MAX_SCANS = 100 };

struct reading {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    const uint8_t *bytes;
    size_t len;
    const struct picture_limits *limits;
    char *error;
    uint8_t *rgba;
    jmp_buf failed;
};

static bool jpeg_matches(const uint8_t *bytes, size_t len)
{
    return len >= 3 && !memcmp(bytes, "\xff\xd8\xff", 3);
}

static _Noreturn void on_error(j_common_ptr common)
{
    struct reading *r = common->client_data;
    char message[JMSG_LENGTH_MAX];
    common->err->format_message(common, message);
    picture_fail(r->error, "JPEG: %.120s", message);
    longjmp(r->failed, 1);
}

/* The library's warnings tell of corrupt or missing data, which it would paint over; two are harmless. */
static void on_message(j_common_ptr common, int level)
{
    int code = common->err->msg_code;
    if (level < 0 && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
        on_error(common);
}

static void on_output(j_common_ptr common)
{
    (void)common;
}

static _Noreturn void refuse(struct reading *r, const char *why)
{
    picture_fail(r->error, "JPEG: %s", why);
    longjmp(r->failed, 1);
}

static void on_progress(j_common_ptr common)
{
    struct reading *r = common->client_data;
    if (r->jpeg.input_scan_number > MAX_SCANS)
        refuse(r, "more than 100 scans");
}

static void read_header(struct reading *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &r->progress;
    /* A progressive picture is kept as coefficients: 6 bytes a pixel and padding. */
    jpeg->mem->max_memory_to_use = (long)(r->limits->max_pixels * 8 + (32 << 20));
    jpeg_mem_src(jpeg, r->bytes, (unsigned long)r->len);
    jpeg_read_header(jpeg, TRUE);
    if (!picture_size_allowed(r->limits, jpeg->image_width, jpeg->image_height, r->error))
        longjmp(r->failed, 1);
    if (jpeg->jpeg_color_space != JCS_GRAYSCALE && jpeg->jpeg_color_space != JCS_YCbCr &&
        jpeg->jpeg_color_space != JCS_RGB)
        refuse(r, "only grey, YCbCr and RGB are taken, not CMYK");
    if (jpeg->arith_code)
        refuse(r, "arithmetic coding is not taken");
}

static void read_pixels(struct reading *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    read_header(r);
    r->rgba = picture_pixels((int)jpeg->image_width, (int)jpeg->image_height, r->error);
    if (!r->rgba)
        longjmp(r->failed, 1);
    jpeg->out_color_space = JCS_EXT_RGBA;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW rows[4];
        for (unsigned i = 0; i < 4; i++) {
            unsigned y = jpeg->output_scanline + i;
            if (y >= jpeg->output_height)
                y = jpeg->output_height - 1;
            rows[i] = r->rgba + (size_t)y * jpeg->output_width * 4;
        }
        unsigned left = jpeg->output_height - jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, rows, left < 4 ? left : 4);
    }
    jpeg_finish_decompress(jpeg);
}

static bool guarded(struct reading *r, void (*work)(struct reading *r))
{
    if (setjmp(r->failed))
        return false;
    work(r);
    return true;
}

static bool run(struct reading *r, void (*work)(struct reading *r))
{
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->jpeg.client_data = r;
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_message;
    r->errors.output_message = on_output;
    r->progress.progress_monitor = on_progress;
    return guarded(r, work);
}

static bool jpeg_probe(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                       struct picture_info *ret, char *error)
{
    struct reading r = {.bytes = bytes, .len = len, .limits = limits, .error = error};
    bool ok = run(&r, read_header);
    if (ok)
        *ret = (struct picture_info){PICTURE_JPEG, (int)r.jpeg.image_width, (int)r.jpeg.image_height, false};
    jpeg_destroy_decompress(&r.jpeg);
    return ok;
}

static bool jpeg_decode(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                        struct picture *ret, char *error)
{
    struct reading r = {.bytes = bytes, .len = len, .limits = limits, .error = error};
    bool ok = run(&r, read_pixels);
    if (ok)
        *ret = (struct picture){(int)r.jpeg.image_width, (int)r.jpeg.image_height, false, r.rgba};
    else
        free(r.rgba);
    jpeg_destroy_decompress(&r.jpeg);
    return ok;
}

const struct picture_codec jpeg_read_codec = {PICTURE_JPEG, "jpeg", jpeg_matches, jpeg_probe, jpeg_decode};
