/*
 * model_reader - model_check() for a file that comes in pieces: the same report as for the whole, whatever
 * the pieces are, and the file as such is never kept.
 *
 * What is kept: the geometry, in memory that grows with what has come (36 bytes of the 50 of a triangle in
 * binary STL), and the line, word or record that a piece cut. Of GLB, whose JSON may point anywhere into its
 * binary chunk, both are kept as they are until the end: 16 MiB of JSON at most, and of the chunk no more
 * than it declares and `max_kept_bytes` allow. Lines of OBJ and of PLY's header are read up to 64 KiB; a
 * longer vertex or face is a mistake of the file.
 *
 * A reader is one thread's at a time. NULL, which is what model_reader_create() returns when there is no
 * memory, is taken by all others.
 */
#pragma once

#include "model_check.h"

struct model_reader;

struct model_reader *model_reader_create(const struct model_limits *limits);
void model_reader_destroy(struct model_reader *r);
void model_reader_feed(struct model_reader *r, const void *bytes, size_t len);
/* The file is over. Once, and nothing but model_reader_destroy() after it. */
void model_reader_end(struct model_reader *r, struct model_report *ret);
