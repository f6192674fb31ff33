/*
 * conn_private - what conn.c (lookup, TCP) and conn_secret.c (TLS on top of it) share.
 */
#pragma once

#include "conn.h"

#include "resolver.h"

struct conn_lookup {
    struct resolver_query query; /* first: it is found by it */
    struct conn *conn;
    int at; /* the address that is tried */
};

/* What an errno of the network means, and the sentence for it, in the route's memory. */
enum fail_kind conn_fail_kind(int error);
const char *conn_error_text(struct conn_route *route, int error);

/* TLS begins on a connection that is there; `opened` or `failed` follows. */
void secret_open(struct conn *c);
void secret_send(struct conn *c, const struct iovec *iov, int count);
void secret_sent(struct conn *c, int bytes);
/* What recv gave: bytes, 0 for the end, or -errno. */
void secret_received(struct conn *c, const char *bytes, int result);
/* Does nothing without TLS. */
void secret_close(struct conn *c);
