/*
 * jpeg_write - RGB rows to a JPEG file at the end of a buffer, a row at a time.
 */
#pragma once

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <jpeglib.h>
#include <setjmp.h>

struct jpeg_write { /* private */
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr error;
    struct jpeg_destination_mgr destination;
    jmp_buf on_error;
    struct buf *out; /* borrowed */
};

/* `quality` is libjpeg's, 1 to 100. After false there is nothing to end. */
bool jpeg_write_start(struct jpeg_write *j, int width, int height, int quality, struct buf *out);
/* False when the buffer ran out; jpeg_write_end() must still be called. */
bool jpeg_write_row(struct jpeg_write *j, uint8_t *rgb);
/* Frees the encoder. With `finish` (all rows were written) it completes the file; false when that failed. */
bool jpeg_write_end(struct jpeg_write *j, bool finish);
