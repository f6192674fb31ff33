/*
 * WebP through libwebp: still pictures, lossy and lossless, with and without alpha.
 */
#include "picture_codec.h"

#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

static bool webp_matches(const uint8_t *bytes, size_t len)
{
    return len >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4);
}

static const char *status_text(VP8StatusCode status)
{
    static const char *const texts[] = {
        [VP8_STATUS_OK] = "no error",
        [VP8_STATUS_OUT_OF_MEMORY] = "no memory",
        [VP8_STATUS_INVALID_PARAM] = "invalid parameter",
        [VP8_STATUS_BITSTREAM_ERROR] = "the data is corrupt",
        [VP8_STATUS_UNSUPPORTED_FEATURE] = "an unsupported feature",
        [VP8_STATUS_SUSPENDED] = "the file ends too early",
        [VP8_STATUS_USER_ABORT] = "aborted",
        [VP8_STATUS_NOT_ENOUGH_DATA] = "the file ends too early",
    };
    size_t at = (size_t)status;
    return at < sizeof texts / sizeof texts[0] ? texts[at] : "the data is corrupt";
}

static bool webp_probe(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                       struct picture_info *ret, char *error)
{
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(bytes, len, &features);
    if (status != VP8_STATUS_OK)
        return picture_fail(error, "WebP: %s", status_text(status));
    if (!picture_size_allowed(limits, features.width, features.height, error))
        return false;
    if (features.has_animation)
        return picture_fail(error, "WebP: animations are not taken");
    *ret = (struct picture_info){PICTURE_WEBP, features.width, features.height, features.has_alpha};
    return true;
}

static bool webp_decode(const uint8_t *bytes, size_t len, const struct picture_limits *limits,
                        struct picture *ret, char *error)
{
    struct picture_info info = {0};
    if (!webp_probe(bytes, len, limits, &info, error))
        return false;
    uint8_t *rgba = picture_pixels(info.width, info.height, error);
    if (!rgba)
        return false;
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgba;
    config.output.u.RGBA.stride = info.width * 4;
    config.output.u.RGBA.size = (size_t)info.width * (size_t)info.height * 4;
    VP8StatusCode status = WebPDecode(bytes, len, &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK) {
        free(rgba);
        return picture_fail(error, "WebP: %s", status_text(status));
    }
    *ret = (struct picture){info.width, info.height, info.has_alpha, rgba};
    return true;
}

const struct picture_codec webp_read_codec = {PICTURE_WEBP, "webp", webp_matches, webp_probe, webp_decode};
