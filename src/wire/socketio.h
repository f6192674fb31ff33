/*
 * socketio - Socket.IO 5: the packets inside of Engine.IO's messages. No I/O; nothing is kept. Any thread.
 *
 * <type>[<attachments>-][<namespace>,][<ack id>][JSON]; the namespace "/" is left out.
 */
#pragma once

#include "buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum socketio_type {
    SOCKETIO_CONNECT,
    SOCKETIO_DISCONNECT,
    SOCKETIO_EVENT,
    SOCKETIO_ACK,
    SOCKETIO_CONNECT_ERROR,
    SOCKETIO_BINARY_EVENT,
    SOCKETIO_BINARY_ACK,
};

enum {
    SOCKETIO_ATTACHMENTS_MAX = 10,
    SOCKETIO_NAMESPACE_MAX = 127,
    SOCKETIO_DEPTH_MAX = 32, /* of brackets within each other */
    SOCKETIO_GLIMPSE_TEXT = 128,
};

struct socketio_packet {
    enum socketio_type type;
    int attachments;                            /* binary messages that follow */
    char namespace[SOCKETIO_NAMESPACE_MAX + 1]; /* "/" when none is said */
    int64_t ack;                                /* -1: none */
    const char *json;                           /* the text of the data, within what was read */
    size_t json_len;
    json_t *data; /* NULL: none; socketio_finish() frees it */
};

/* False when it is no packet, or its data is not what its type must have: an event a list whose first item is
 * a name that is not reserved; an ack a list, and an id; a connect nothing or an object; a disconnect
 * nothing; a connect error a text or an object; an id only where something can be acked. Nothing is to be
 * freed then. */
bool socketio_parse(const char *text, size_t len, struct socketio_packet *ret);
void socketio_finish(struct socketio_packet *packet);

/* The two halves of it, for those who look at the head before they go on. The head leaves nothing to be
 * freed. */
bool socketio_read_head(const char *text, size_t len, struct socketio_packet *ret);
bool socketio_read_data(struct socketio_packet *packet);
struct socketio_glimpse {
    char name[SOCKETIO_GLIMPSE_TEXT];
    const char *arguments; /* the text between the name and the closing bracket, of any kind */
    size_t len;
};
/* An event of which only the head was read. False: its name is written in a way that only a parser
 * understands, or it is none. */
bool socketio_glimpse(const struct socketio_packet *packet, struct socketio_glimpse *ret);

/* The event's name; `packet` is one. */
const char *socketio_event(const struct socketio_packet *packet);
/* The event's argument, from 0; NULL: not there. Borrowed. */
json_t *socketio_argument(const struct socketio_packet *packet, size_t index);

/* All but the JSON, which the caller writes behind it. `ack` -1: none. */
void socketio_write(struct buf *out, enum socketio_type type, const char *namespace, int64_t ack);
