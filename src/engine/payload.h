/*
 * payload - a picture that users upload, there once and sent from there by everybody.
 *
 * With `unique` it is encoded again as a PNG template, so that each upload differs in its pixels (no cache of
 * the target can answer) while all but a short tail of the bytes is shared; without, the file is sent as it
 * lies in the caller's memory, mapped say. Read-only after loading: any thread.
 */
#pragma once

#include "png_write.h"

#include <sys/uio.h>

struct payload {
    bool unique;
    const void *file; /* the caller's, when not unique */
    size_t file_bytes;
    struct png_template template;
    size_t tail_bytes; /* what each copy needs of its own; 0 when not unique */
    const char *mime;
    const char *file_name; /* of the multipart part */
};

enum { PAYLOAD_ERROR_TEXT = 300, PAYLOAD_MAX_BYTES = 64 << 20 };

/* From an image file's bytes, which have to stay when it is not `unique`. Returns false with a sentence in
 * `error`; then there is nothing to finish. */
bool payload_init(struct payload *p, const void *bytes, size_t len, bool unique,
                  char error[PAYLOAD_ERROR_TEXT]);
void payload_finish(struct payload *p);

/* The bytes of copy `nonce`, in at most two pieces; `tail` is the caller's, tail_bytes long. Returns how
 * many. */
int payload_pieces(const struct payload *p, uint64_t nonce, unsigned char *tail, struct iovec ret[2]);
size_t payload_bytes(const struct payload *p);
