/*
 * decoder_protocol - what a decoder and its owner say to each other: one message a packet, over a socket of
 * the type SOCK_SEQPACKET. Both are the same program, so the structs are the format. Internal to decoder.
 *
 * hello (when it is ready to decode), then request and reply in turn. With a request comes the descriptor of
 * the file; pixels go through memory that both have mapped.
 */
#pragma once

#include "picture.h"

#include <stdint.h>

enum {
    DECODER_SOCKET = 3,
    DECODER_PIXELS = 4,
    DECODER_DESCRIPTORS = 6
}; /* the numbers it has; one for the file */

#define DECODER_PIXEL_BYTES ((int64_t)4096 * 4096 * 4) /* the most that picture_default_limits allow */

struct decoder_hello {
    uint32_t layers;
    int32_t landlock_abi;
};

struct decoder_request {
    uint64_t number;
    int64_t len;
};

enum decoder_status { DECODER_STATUS_OK, DECODER_STATUS_BAD, DECODER_STATUS_TOO_LARGE };

struct decoder_reply {
    uint64_t number; /* of the request */
    uint32_t status;
    int32_t width, height;
    uint32_t has_alpha;
    char error[PICTURE_ERROR_TEXT];
};
