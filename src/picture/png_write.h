/*
 * png_write - PNG files out; and the PNG that can be made unique for next to nothing.
 *
 * A load test that sends the same picture again and again measures the target's cache. png_template keeps one
 * encoded picture whose last row lies in an IDAT chunk of its own, uncompressed; giving a copy another nonce
 * rewrites the lowest bits of that row's colour and two checksums (CRC-32 of the chunk, Adler-32 by
 * combination, see zlib's adler32_combine). What changes is the short tail; the long head is shared by all
 * copies.
 */
#pragma once

#include "buf.h"
#include "picture.h"

/* `level` is zlib's, 0 to 9. RGBA when has_alpha, else RGB. False when memory or the buffer ran out. */
bool png_write(const struct picture *p, int level, struct buf *out);

struct png_template {
    struct buf head;   /* the same in every copy */
    size_t tail_bytes; /* what png_template_tail() writes */
    /* private: */
    struct buf tail;
    uint32_t head_adler;
    int row_bytes;
    int channels;
    size_t row_at; /* of the row's filter byte in the tail */
};

bool png_template_init(struct png_template *t, const struct picture *p, int level);
void png_template_finish(struct png_template *t);
/* Writes the tail of copy number `nonce` to `out` (tail_bytes long). head + tail is a valid PNG whose pixels
 * differ from those of every other nonce (of 2^64 when the row has at least 22 pixels). Thread-safe. */
void png_template_tail(const struct png_template *t, uint64_t nonce, unsigned char *out);
