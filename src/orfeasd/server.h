/*
 * server - HTTP/1.1 on one listening socket, in the loop: connections, deadlines, held requests.
 *
 * libmicrohttpd does the protocol, driven from outside (its epoll descriptor is watched by the loop). What it
 * does not know is done here: its time limit is inactivity only, so every connection has a deadline (request
 * line and header 10 s; body 20 s and 1 s more for each 1000 bytes that came, at most 120 s; idle 60 s;
 * answer 60 s and 1 s for each 10,000 bytes) and its socket is shut down when it strikes; and a suspended
 * request does not notice that its client has left, so the sockets of held requests are watched for that.
 */
#pragma once

#include "backend.h"
#include "exchange.h"
#include "settings.h"

#include <stdbool.h>

enum { SERVER_BODY_SMALL = 64 << 10 }; /* the largest body but uploads; and the form around an upload */

/* Listens. NULL with errno. */
struct server *server_create(struct loop *loop, struct backend *backend, const struct settings *settings);
/* Held requests are ended without an answer. */
void server_destroy(struct server *s);
int server_port(const struct server *s);

/* No new connections; those that are open go on. */
void server_close_listener(struct server *s);
int server_connections(const struct server *s);
/* Connections accepted so far. */
int64_t server_opened(const struct server *s);
int server_held(const struct server *s);
/* Has all held requests answered. */
void server_release_held(struct server *s);
/* Requests whose answer is on its way. */
int server_answering(const struct server *s);
