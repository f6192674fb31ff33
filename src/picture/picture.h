/*
 * picture - a decoded picture: 8-bit RGBA, rows from the top, not premultiplied.
 *
 * picture_decode() is the only way from foreign bytes to pixels, so that it can move into a sandboxed
 * process. Everything here works on the caller's memory and is free of global state: any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum picture_format { PICTURE_UNKNOWN, PICTURE_PNG, PICTURE_JPEG, PICTURE_WEBP };

struct picture {
    int width;
    int height;
    bool has_alpha; /* the file has an alpha channel (whether it is used is another question) */
    uint8_t *rgba;  /* width * height * 4 bytes, malloc'd; picture_finish() frees it */
};

struct picture_limits {
    int max_side; /* pixels */
    int64_t max_pixels;
};

extern const struct picture_limits picture_default_limits; /* 8192 a side, 4096 * 4096 in all */

enum { PICTURE_ERROR_TEXT = 160 };

/* By the magic bytes, never by a name. */
enum picture_format picture_sniff(const void *bytes, size_t len);
const char *picture_format_name(enum picture_format format); /* "png", "jpeg", "webp", "unknown" */

/* Reads the header only. Returns false, with the reason in `error`, when it is no picture we take, or past
 * the limits. */
struct picture_info {
    enum picture_format format;
    int width;
    int height;
    bool has_alpha;
};
bool picture_probe(const void *bytes, size_t len, const struct picture_limits *limits,
                   struct picture_info *ret, char error[PICTURE_ERROR_TEXT]);

/* Limits are checked on the header, before anything is allocated; a truncated or corrupt file is an error,
 * never half a picture. On false nothing is to be freed. */
bool picture_decode(const void *bytes, size_t len, const struct picture_limits *limits, struct picture *ret,
                    char error[PICTURE_ERROR_TEXT]);
void picture_finish(struct picture *p);
/* Whether it would be a picture we take, were it not past the limits: what to say about one that was refused.
 */
bool picture_is_too_large(const void *bytes, size_t len, const struct picture_limits *limits);
