/*
 * silhouette - does a model's outline match the picture that it was made from?
 */
#pragma once

#include "picture.h"

#include <stdbool.h>
#include <stddef.h>

/* Draws the triangles of a GLB by their texture coordinates over the picture's pixels and compares with alpha
 * >= 128: intersection over union, 0 to 1. Negative when the file can't be read.
 *
 * A pixel is seen when its centre is covered. One sample a pixel is fair at any size, because the truth has
 * one alpha a pixel too, the one at its centre: samples in between would count against an outline that it
 * cuts a pixel's corner off, as every smooth one must. Nothing is drawn wider than it is; the back lies
 * behind the front, so that it adds nothing. */
double silhouette_iou(const void *glb, size_t len, const struct picture *truth);
