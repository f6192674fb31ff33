/*
 * feed - what the ways to a client that listens have in common: how they are counted, and how much may wait.
 *
 * Progress is dropped while more than FEED_SOFT bytes wait for the client, and the latest state sent when
 * they are gone; beyond FEED_MAX it is cut off.
 */
#pragma once

#include "metrics.h"
#include "clock.h"

/* What all clients together have sent of messages that are not complete is at most FEED_INBOUND_MAX bytes. */
enum { FEED_INBOUND_MAX = 32 << 20 };

enum { FEED_MAX = 256 << 10, FEED_SOFT = FEED_MAX / 2 };

enum feed_type { FEED_SOCKETIO_POLLING, FEED_SOCKETIO_WEBSOCKET, FEED_WEBSOCKET, FEED_SSE, FEED_TYPES };

void feed_opened(struct metrics *m, enum feed_type type);
void feed_closed(struct metrics *m, enum feed_type type, nsec lasted);
/* A Socket.IO session goes on over a WebSocket. */
void feed_upgraded(struct metrics *m);
/* One event was queued for one client. */
void feed_sent(struct metrics *m, const char *event);
/* `kind` is one of a few fixed texts. */
void feed_error(struct metrics *m, const char *kind);
