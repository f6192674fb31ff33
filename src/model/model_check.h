/*
 * model_check - is this file a model one could print? For every byte string an answer, never a crash.
 *
 * Checked: the format's own structure (magic, declared lengths and counts against the file's size, indices in
 * range, finite coordinates), at least one triangle, and that the surface is closed: every directed edge
 * exists once and so does its reverse, after vertices at the very same position are taken as one (STL has no
 * indices; GLB may split vertices at seams).
 */
#pragma once

#include "model_write.h"

#include <stddef.h>

struct model_report {
    bool valid; /* all of the above */
    bool watertight;
    enum model_format format; /* as sniffed from the content */
    int64_t triangles;
    int64_t vertices;      /* distinct positions */
    int64_t open_edges;    /* directed edges without exactly one reverse */
    int64_t degenerate;    /* triangles with two equal corners */
    double volume;         /* cubic units of the file */
    float low[3], high[3]; /* bounding box */
    char why[160];         /* the first thing that is wrong; "" when valid */
};

struct model_limits {
    int64_t max_triangles;  /* beyond it: not valid, "too large to check" */
    int64_t max_kept_bytes; /* the same, of what has to be kept as it is: GLB's binary chunk; 0: no limit */
};
extern const struct model_limits model_default_limits; /* 20 million, 256 MiB */

/* Allocates scratch memory in proportion to the file and frees it. Thread-safe. What comes in pieces:
 * model_reader.h. */
void model_check(const void *bytes, size_t len, const struct model_limits *limits, struct model_report *ret);
