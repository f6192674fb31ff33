/*
 * engineio - Engine.IO 4: packets, payloads of long polling, the handshake. No I/O; nothing is kept. Any
 * thread.
 *
 * A packet is one character that says its type, and data. Over a WebSocket one text message is one packet;
 * over HTTP a body is a payload: packets with a byte 0x1E between them, where a binary one is a 'b' and
 * base64.
 */
#pragma once

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ENGINEIO_VERSION = 4,
    ENGINEIO_SEPARATOR = 0x1e,
    ENGINEIO_SID_MAX = 63,
    ENGINEIO_PAYLOAD_USUAL = 1000000, /* the official server's maxPayload */
};

enum engineio_type {
    ENGINEIO_OPEN,
    ENGINEIO_CLOSE,
    ENGINEIO_PING,
    ENGINEIO_PONG,
    ENGINEIO_MESSAGE,
    ENGINEIO_UPGRADE,
    ENGINEIO_NOOP,
    ENGINEIO_BINARY, /* a binary message; its data stays base64 */
};

struct engineio_packet {
    enum engineio_type type;
    const char *data; /* into the text that was parsed */
    size_t len;
};

/* False: no such type. */
bool engineio_parse(const char *text, size_t len, struct engineio_packet *ret);
/* Takes the next packet off a payload; call it while *len > 0. False: it is broken there. */
bool engineio_next(const char **payload, size_t *len, struct engineio_packet *ret);

/* The packet's text, without a separator. */
void engineio_write(struct buf *out, enum engineio_type type, const char *data, size_t len);
/* Behind the packets that `payload` has. */
void engineio_add(struct buf *payload, const char *packet, size_t len);

struct engineio_handshake {
    char sid[ENGINEIO_SID_MAX + 1];
    bool websocket; /* may be upgraded to one */
    int ping_interval_ms, ping_timeout_ms;
    int max_payload_bytes;
};

/* An open packet. The sid needs no escaping. */
void engineio_write_handshake(struct buf *out, const struct engineio_handshake *handshake);
/* Of an open packet's data. False when a key is missing, of another type, or its number below 1; only
 * maxPayload may be missing, which older servers do not say, and is ENGINEIO_PAYLOAD_USUAL then. */
bool engineio_read_handshake(const char *data, size_t len, struct engineio_handshake *ret);
