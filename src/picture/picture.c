#include "picture_codec.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct picture_limits picture_default_limits = {.max_side = 8192, .max_pixels = (int64_t)4096 * 4096};

static const struct picture_codec *const codecs[] = {&png_read_codec, &jpeg_read_codec, &webp_read_codec};

enum { CODECS = sizeof codecs / sizeof codecs[0] };

static const struct picture_codec *find_codec(const void *bytes, size_t len)
{
    for (int i = 0; i < CODECS; i++) {
        if (codecs[i]->matches(bytes, len))
            return codecs[i];
    }
    return NULL;
}

enum picture_format picture_sniff(const void *bytes, size_t len)
{
    const struct picture_codec *codec = find_codec(bytes, len);
    return codec ? codec->format : PICTURE_UNKNOWN;
}

const char *picture_format_name(enum picture_format format)
{
    for (int i = 0; i < CODECS; i++) {
        if (codecs[i]->format == format)
            return codecs[i]->name;
    }
    return "unknown";
}

bool picture_fail(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, PICTURE_ERROR_TEXT, format, args);
    va_end(args);
    return false;
}

bool picture_size_allowed(const struct picture_limits *limits, int64_t width, int64_t height, char *error)
{
    if (width < 1 || height < 1)
        return picture_fail(error, "the picture has no pixels");
    if (width > limits->max_side || height > limits->max_side)
        return picture_fail(error,
                            "the picture is %" PRId64 " x %" PRId64 " pixels; at most %d a side are taken",
                            width, height, limits->max_side);
    if (width * height > limits->max_pixels)
        return picture_fail(error, "the picture has %" PRId64 " pixels; at most %" PRId64 " are taken",
                            width * height, limits->max_pixels);
    return true;
}

uint8_t *picture_pixels(int width, int height, char *error)
{
    uint8_t *rgba = malloc((size_t)width * (size_t)height * 4);
    if (!rgba)
        picture_fail(error, "no memory for %d x %d pixels", width, height);
    return rgba;
}

bool picture_probe(const void *bytes, size_t len, const struct picture_limits *limits,
                   struct picture_info *ret, char error[PICTURE_ERROR_TEXT])
{
    const struct picture_codec *codec = find_codec(bytes, len);
    if (!codec)
        return picture_fail(error, "not a PNG, JPEG or WebP picture");
    return codec->probe(bytes, len, limits, ret, error);
}

bool picture_decode(const void *bytes, size_t len, const struct picture_limits *limits, struct picture *ret,
                    char error[PICTURE_ERROR_TEXT])
{
    const struct picture_codec *codec = find_codec(bytes, len);
    if (!codec)
        return picture_fail(error, "not a PNG, JPEG or WebP picture");
    return codec->decode(bytes, len, limits, ret, error);
}

bool picture_is_too_large(const void *bytes, size_t len, const struct picture_limits *limits)
{
    static const struct picture_limits none = {.max_side = INT_MAX, .max_pixels = INT64_MAX};
    struct picture_info info;
    char why[PICTURE_ERROR_TEXT];
    return !picture_probe(bytes, len, limits, &info, why) && picture_probe(bytes, len, &none, &info, why);
}

void picture_finish(struct picture *p)
{
    free(p->rgba);
    *p = (struct picture){0};
}
