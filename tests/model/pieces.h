/*
 * pieces - a model's file checked in pieces, for tests. Each piece lies in memory of its own, which is gone
 * before the next one comes.
 */
#pragma once

#include "model_reader.h"

/* A first piece (all of it, when it is that short), then others of so many bytes. */
void check_in_pieces(const void *bytes, size_t len, size_t first, size_t step,
                     const struct model_limits *limits, struct model_report *ret);
/* Fails the test when they differ in anything. `what` names the file, `first` and `step` how the second was
 * read. */
void assert_same_report(const struct model_report *a, const struct model_report *b, const char *what,
                        size_t first, size_t step);
