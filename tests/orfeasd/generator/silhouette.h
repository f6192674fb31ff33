/*
 * silhouette - does a model's outline match the picture that it was made from?
 */
#pragma once

#include "picture.h"

#include <stdbool.h>
#include <stddef.h>

/* Draws the triangles of a GLB by their texture coordinates over the picture's pixels and compares with alpha
 * >= 128: intersection over union, 0 to 1. Negative when the file can't be read. */
double silhouette_iou(const void *glb, size_t len, const struct picture *truth);
