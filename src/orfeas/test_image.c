#include "test_image.h"

#include "file.h"
#include "picture_draw.h"
#include "png_write.h"

bool test_image_render(uint64_t seed, struct buf *png)
{
    struct picture picture;
    picture_draw(&picture, TEST_IMAGE_SIDE, seed);
    bool ok = png_write(&picture, 6, png);
    picture_finish(&picture);
    return ok;
}

int test_image_write(const char *path, uint64_t seed)
{
    struct buf png;
    buf_init(&png, 64 << 20);
    bool ok = test_image_render(seed, &png);
    int error = ok ? file_write(path, png.bytes, png.len) : -1;
    buf_finish(&png);
    return error;
}
