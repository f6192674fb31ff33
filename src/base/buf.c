#include "buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_finish(struct buf *b)
{
    free(b->bytes);
    buf_init(b, b->max_bytes);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->bytes)
        b->bytes[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t len)
{
    if (b->failed || len > b->max_bytes - b->len) {
        b->failed = true;
        return NULL;
    }
    if (!b->bytes || b->capacity - b->len < len) {
        size_t capacity = b->capacity ? b->capacity : 256;
        while (capacity - b->len < len)
            capacity *= 2;
        if (capacity > b->max_bytes)
            capacity = b->max_bytes;
        char *bytes = realloc(b->bytes, capacity + 1);
        if (!bytes) {
            b->failed = true;
            return NULL;
        }
        b->bytes = bytes;
        b->capacity = capacity;
    }
    return b->bytes + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
    assert(len <= b->capacity - b->len);
    b->len += len;
    b->bytes[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *to = buf_reserve(b, len);
    if (!to)
        return;
    if (len)
        memcpy(to, bytes, len);
    buf_commit(b, len);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *to = len < 0 ? NULL : buf_reserve(b, (size_t)len);
    if (to) {
        vsnprintf(to, (size_t)len + 1, format, again); /* the NUL goes into the byte kept behind capacity */
        buf_commit(b, (size_t)len);
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (!len)
        return;
    memmove(b->bytes, b->bytes + len, b->len - len + 1);
    b->len -= len;
}

const char *buf_text(const struct buf *b)
{
    return b->bytes ? b->bytes : "";
}
