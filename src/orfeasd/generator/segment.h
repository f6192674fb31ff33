/*
 * segment - which pixels are the object?
 *
 * A picture whose alpha channel is used (0.5 % to 99.5 % of its pixels are below 128) says so itself. For
 * others the background is what reaches the picture's border: a smooth surface of colour (a quadratic
 * polynomial in x and y per channel) is fitted to the border strips, robustly; the pixels within four
 * standard deviations of it (Mahalanobis) that are connected to the border are background, all others the
 * object. This works for product photographs and renderings before plain, shaded or noisy backgrounds; it
 * does not know what things are.
 */
#pragma once

#include "arena.h"
#include "picture.h"

#include <stdbool.h>

struct segment_result {
    const char *method; /* "alpha" or "border" */
    bool is_drawn;      /* by the alpha channel */
    double confidence;  /* 0 to 1; 1 for an alpha channel */
    const char *why;    /* NULL, or why there is no object */
};

/* Makes the picture's alpha channel the object's; scratch from the arena. False, with `why`, when there is
 * none. */
bool segment_run(struct picture *picture, struct arena *arena, struct segment_result *ret);
