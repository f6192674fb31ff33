/*
 * amphora - the shape of the vase in the test picture: a surface of revolution and two handles. Internal to
 * this folder.
 *
 * Units: the picture's side is 1, x from the middle to the right, y from the top down, z towards the viewer.
 * The viewer looks a little from above: a point appears `tilt * z` below its y. Only + - * / and sqrt on
 * doubles are used, which IEEE 754 rounds the same everywhere.
 */
#pragma once

#include "rng.h"

#include <stdbool.h>

enum { AMPHORA_PROFILE = 1024, AMPHORA_HANDLE = 40 };

struct amphora {
    double top, bottom;                 /* y of lip and foot */
    double per_span;                    /* 1 / (bottom - top) */
    double radius[AMPHORA_PROFILE + 1]; /* at equal steps from top to bottom */
    double slope[AMPHORA_PROFILE + 1];  /* its derivative by y */
    double widest;
    double tilt;
    double handle[AMPHORA_HANDLE + 1][2]; /* the right handle's middle line; the left one mirrors it */
    double handle_radius;
    double handle_low[2], handle_high[2]; /* the box around the handle */
};

enum amphora_part { AMPHORA_NOTHING, AMPHORA_BODY, AMPHORA_ARM, AMPHORA_RIM, AMPHORA_INSIDE };

struct amphora_hit {
    enum amphora_part part;
    double normal[3]; /* unit length, y down */
    double height;    /* on the body: 0 at the lip, 1 at the foot */
    double turn;      /* on the body: the angle around its axis in turns, -0.25 to 0.25 */
    double depth;     /* inside: 0 at the near edge of the mouth, 1 at the far one */
};

void amphora_init(struct amphora *a, struct rng *rng);
/* What is seen at (x, y) of the picture. */
struct amphora_hit amphora_look(const struct amphora *a, double x, double y);
double amphora_radius(const struct amphora *a, double height);
