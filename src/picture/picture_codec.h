/*
 * picture_codec - what picture.c asks of a format's reader. Internal to this folder.
 *
 * A reader is given bytes that begin with its magic. Both functions read the header, refuse what is past the
 * limits before they allocate anything for pixels, and on failure put the reason into `error` and leave
 * nothing to free.
 */
#pragma once

#include "picture.h"

struct picture_codec {
    enum picture_format format;
    const char *name;
    bool (*matches)(const uint8_t *bytes, size_t len);
    bool (*probe)(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                  struct picture_info *ret, char *error);
    bool (*decode)(const uint8_t *bytes, size_t len, const struct picture_limits *limits, struct picture *ret,
                   char *error);
};

extern const struct picture_codec png_read_codec;
extern const struct picture_codec jpeg_read_codec;
extern const struct picture_codec webp_read_codec;

/* `error` holds PICTURE_ERROR_TEXT bytes. Always returns false, so that a failure is one statement. */
bool picture_fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* True when a picture of this size is within the limits; says why not otherwise. */
bool picture_size_allowed(const struct picture_limits *limits, int64_t width, int64_t height, char *error);
/* Pixel memory for a size that is allowed; not zeroed. NULL, with the reason, when there is none. */
uint8_t *picture_pixels(int width, int height, char *error);
