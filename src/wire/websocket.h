/*
 * websocket - one side of a WebSocket (RFC 6455) without I/O: bytes in, messages out, and the other way.
 *
 * Frames are wslay's. Fragments are put together, texts checked to be UTF-8, pings answered, the closing
 * handshake done; no extension is offered or taken. What is to be sent gathers in `out`: send it and consume
 * it. One thread.
 */
#pragma once

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEBSOCKET_ACCEPT_TEXT = 29, WEBSOCKET_KEY_TEXT = 25 };

enum websocket_code { /* RFC 6455, section 7.4.1 */
                      WEBSOCKET_NORMAL = 1000,
                      WEBSOCKET_GOING_AWAY = 1001,
                      WEBSOCKET_PROTOCOL_ERROR = 1002,
                      WEBSOCKET_NO_CODE = 1005,
                      WEBSOCKET_POLICY = 1008,
                      WEBSOCKET_TOO_BIG = 1009,
};

struct websocket_events {
    void (*message)(void *context, bool text, const char *bytes, size_t len);
    void (*pong)(void *context); /* or NULL */
};

enum websocket_side { WEBSOCKET_SERVER, WEBSOCKET_CLIENT };

struct websocket {
    struct wslay_event_context *wslay;
    const struct websocket_events *events;
    void *context;
    struct buf out;
    const char *in; /* while it is fed */
    size_t in_len;
    size_t message_max;
    size_t held; /* memory of a message that is not complete, about */
};

/* Messages to it are at most `message_max` bytes, and `out` at most `out_max`. False: no memory. */
bool websocket_init(struct websocket *w, enum websocket_side side, const struct websocket_events *events,
                    void *context, size_t message_max, size_t out_max);
/* Another connection begins, with the memory of the one before: as after websocket_init(). Not from within an
 * event. */
bool websocket_restart(struct websocket *w, enum websocket_side side);
/* Not from within an event. */
void websocket_finish(struct websocket *w);

/* False when the stream is over: the other side broke the protocol or has closed. What is in `out` is to be
 * sent all the same, then the connection closed. */
bool websocket_feed(struct websocket *w, const char *bytes, size_t len);
/* False when it was not sent: `out` has no room, or it is closing. */
bool websocket_send_text(struct websocket *w, const char *text, size_t len);
bool websocket_send_ping(struct websocket *w);
/* Sends the close, if none was sent. Messages are not handed on any more. */
void websocket_close(struct websocket *w, enum websocket_code code);
/* What the other side's close said; WEBSOCKET_NO_CODE: nothing, or it has sent none. */
int websocket_closed_code(const struct websocket *w);
/* The other side has sent a close. */
bool websocket_was_closed(const struct websocket *w);
/* What our close said; 0: none was sent. */
int websocket_sent_code(const struct websocket *w);

/* A Sec-WebSocket-Key that nobody can foresee. Returns `out`. */
char *websocket_make_key(char out[WEBSOCKET_KEY_TEXT]);
/* Is it a Sec-WebSocket-Key: base64 of 16 bytes? */
bool websocket_key_valid(const char *key);
/* The Sec-WebSocket-Accept for a valid key. Returns `out`. */
char *websocket_accept(const char *key, char out[WEBSOCKET_ACCEPT_TEXT]);
