/*
 * test_image - the picture that is uploaded when the user has none: a PNG with alpha, drawn from a seed.
 */
#pragma once

#include "buf.h"

#include <stdint.h>

enum { TEST_IMAGE_SIDE = 512 };

bool test_image_render(uint64_t seed, struct buf *png);
/* Returns 0, an errno value, or -1 when memory ran out. */
int test_image_write(const char *path, uint64_t seed);
