/*
 * buf - a byte buffer that grows up to a stated maximum, with a sticky error.
 *
 * Append as often as needed and look at `failed` once at the end: after an append that did not fit (or no
 * memory) the content stays as it was and every later append does nothing. The caller owns the buffer; not
 * thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *bytes; /* `len` bytes and always a NUL behind them, or NULL while nothing was appended */
    size_t len;
    size_t capacity;
    size_t max_bytes;
    bool failed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_finish(struct buf *b);
/* Empties it, clears the error, keeps the memory. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Makes room for `len` more bytes and returns where they go; then tell with buf_commit() how many were
 * written. NULL when it failed. */
char *buf_reserve(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);
/* Drops the first `len` bytes. */
void buf_consume(struct buf *b, size_t len);
/* The content as a C string, "" when empty. Valid until the next change. */
const char *buf_text(const struct buf *b);
