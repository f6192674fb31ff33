/*
 * contour - where between two neighbouring nodes, one inside and one outside, does the object end?
 *
 * The solver and the mesher must agree on it, so it stands here once. When alpha is the share of each node's
 * cell that the object covers, then alpha_in + alpha_out is the covered length of the two cells together, and
 * an edge that is straight across both lies alpha_in + alpha_out - 1/2 from the inside node: exact at any
 * slope. When alpha was interpolated between pixel centres it is linear between nodes, and the place follows
 * by proportion.
 */
#pragma once

#include <stdbool.h>

/* A node is inside when its alpha is above this. */
#define CONTOUR_ISO 0.5f

/* The place is clamped to [CONTOUR_MIN, 1 - CONTOUR_MIN] node distances: no sliver triangles, no huge
 * coefficients. */
#define CONTOUR_MIN 0.05f

enum contour_rule { CONTOUR_COVERAGE, CONTOUR_LINEAR };

/* From the inside node, in node distances. */
static inline float contour_place(enum contour_rule rule, float alpha_in, float alpha_out)
{
    float place = rule == CONTOUR_COVERAGE ? alpha_in + alpha_out - CONTOUR_ISO
                                           : (alpha_in - CONTOUR_ISO) / (alpha_in - alpha_out);
    return place < CONTOUR_MIN ? CONTOUR_MIN : place > 1 - CONTOUR_MIN ? 1 - CONTOUR_MIN : place;
}
