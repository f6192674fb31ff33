/*
 * picture_draw - the test picture: a shaded amphora with alpha around it, different for every seed.
 */
#pragma once

#include "picture.h"

/* Same seed and size, same pixels, on every machine. `side` from 32 to 4096. The caller frees with
 * picture_finish(). */
void picture_draw(struct picture *ret, int side, uint64_t seed);
