/*
 * fuzz - what every target has: one function that takes any bytes, and asserts what must hold whatever they
 * are. libFuzzer calls it, or replay_main.c.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy that ends where the bytes end, so that a read beyond them is seen; the caller frees. */
static inline char *fuzz_copy(const void *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

/* The bytes up to the first NUL, as a string; the caller frees. */
static inline char *fuzz_text(const void *bytes, size_t len)
{
    char *text = len ? strndup(bytes, len) : strdup("");
    if (!text)
        abort();
    return text;
}

/* Cuts the first line off, without its line feed; the caller frees it. */
static inline char *fuzz_line(const uint8_t **bytes, size_t *len)
{
    const uint8_t *stop = *len ? memchr(*bytes, '\n', *len) : NULL;
    size_t line = stop ? (size_t)(stop - *bytes) : *len;
    char *text = fuzz_text(*bytes, line);
    *bytes += line + (stop != NULL);
    *len -= line + (stop != NULL);
    return text;
}
