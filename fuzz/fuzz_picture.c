/* picture: PNG, JPEG and WebP files; what is decoded is what its header said, within the limits. */
#include "fuzz.h"
#include "picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct picture_limits limits = {512, 64 << 10};
    struct picture picture;
    struct picture_info info;
    char error[PICTURE_ERROR_TEXT] = "";
    bool probed = picture_probe(data, size, &limits, &info, error);
    assert(probed || *error);
    error[0] = '\0';
    if (picture_decode(data, size, &limits, &picture, error)) {
        assert(probed && picture.width == info.width && picture.height == info.height);
        assert(picture.width <= limits.max_side &&
               (int64_t)picture.width * picture.height <= limits.max_pixels);
        picture_finish(&picture);
    } else {
        assert(*error);
    }
    return 0;
}
