/*
 * sse - Server-Sent Events as text (HTML standard, section 9.2). Pure functions, any thread.
 *
 * Names and ids are ours: they have no line ends.
 */
#pragma once

#include "buf.h"

/* One event. `id` NULL: it leaves the last one as it is. A line of `data` is one of the event's. */
void sse_write(struct buf *out, const char *name, const char *id, const char *data, size_t len);
/* What clients ignore: it keeps the connection busy. */
void sse_write_comment(struct buf *out, const char *text);
/* How long a client waits before it connects again. */
void sse_write_retry(struct buf *out, int milliseconds);
