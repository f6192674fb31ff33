/*
 * file - whole files, in and out. Any thread.
 */
#pragma once

#include "buf.h"

/* Appends the file's content. Returns 0, or an errno value: EFBIG when it does not fit into the buffer's
 * maximum. */
int file_read(const char *path, struct buf *out);
/* How many bytes of a text are a byte order mark, which some editors put at its beginning: 3 or 0. */
size_t file_bom(const char *bytes, size_t len);
/* Writes beside the file and renames, so that a reader sees the old content or the new, never half. Returns 0
 * or an errno value. */
int file_write(const char *path, const void *bytes, size_t len);
/* The same, and it is on the disk when this returns: content, then name. May take long. */
int file_write_synced(const char *path, const void *bytes, size_t len);
/* Makes the directory and its parents. Returns 0 or an errno value. */
int file_make_dirs(const char *path);
