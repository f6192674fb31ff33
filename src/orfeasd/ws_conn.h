/*
 * ws_conn - a WebSocket in the loop: from the request that asks for it to the closed descriptor.
 *
 * It has an owner, who is told of messages and of the end, until one of them lets go: the owner with
 * ws_conn_close(), the connection with closed(). After that it cleans up by itself, in two seconds at most.
 */
#pragma once

#include "exchange.h"
#include "websocket.h"

struct ws_conn;

struct ws_conn_events {
    void (*message)(void *owner, bool text, const char *bytes, size_t len);
    void (*pong)(void *owner);    /* or NULL */
    void (*drained)(void *owner); /* all that was sent is with the kernel */
    /* The client has left or broke the protocol: the connection is nobody's. */
    void (*closed)(void *owner, const char *why);
};

/* The request asks for a WebSocket. */
bool ws_conn_wanted(const struct exchange *x);
/* In finish(): answers 101 and returns the connection, on which may be sent at once; or answers an error and
 * returns NULL. The handler's end() is to be ws_conn_end(). */
struct ws_conn *ws_conn_open(struct exchange *x, size_t message_max, const struct ws_conn_events *events,
                             void *owner);
void ws_conn_end(struct exchange *x);

/* Another owner. */
void ws_conn_give(struct ws_conn *c, const struct ws_conn_events *events, void *owner);

/* False: too much waits already; nothing was sent. */
bool ws_conn_send(struct ws_conn *c, const char *text, size_t len);
bool ws_conn_ping(struct ws_conn *c);
/* Bytes that wait. */
size_t ws_conn_backlog(const struct ws_conn *c);
/* Sends what waits and a close; the owner lets go. */
void ws_conn_close(struct ws_conn *c, enum websocket_code code);

/* Cuts off all that are left: before the server goes, and once more after it for those that were just opened.
 */
void ws_conn_destroy_all(struct backend *b);
