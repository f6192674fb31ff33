/*
 * conn - a stream of bytes to the target, on a loop: looked up, connected, secured, and read as long as it is
 * open.
 *
 * The caller's memory; zero it before the first use, and it can be opened again after conn_close(). Events
 * come from the loop, never from inside a call. Within an event the owner may close the connection. All on
 * the loop's thread.
 */
#pragma once

#include "addr.h"
#include "fail.h"
#include "loop.h"

struct conn;
struct resolver;
struct tls_context;
struct tls_peer;

struct conn_events {
    void (*opened)(struct conn *c);
    /* It could not be opened; close it. `why` is for people, good during the call. */
    void (*failed)(struct conn *c, enum fail_kind kind, const char *why);
    /* All that conn_send() was given has gone, `bytes` of it on the network. */
    void (*sent)(struct conn *c, int64_t bytes);
    void (*received)(struct conn *c, const char *bytes, size_t len); /* bytes NULL: they were discarded */
    /* The stream is over: by the peer's orderly end (FAIL_NONE), or broken; close it. */
    void (*ended)(struct conn *c, enum fail_kind kind, const char *why);
};

/* Where connections lead. */
struct conn_place {
    const char *host; /* a name or an address literal; outlives every route. NULL: nobody asks for it */
    int port;
    struct loop_addr addrs[ADDR_MAX]; /* looked up before the run; the simulation needs none */
    int addr_count;
    bool resolve_each;       /* the host is looked up for each connection instead */
    const char *dns_servers; /* then: whom to ask; NULL: the system's */
    struct tls_context *tls; /* NULL: plain */
};

/* The same for all connections of a pool: which address works, what TLS can resume. */
struct conn_route {
    struct loop *loop;
    const struct conn_events *events;
    struct conn_place place;
    int addr_at; /* tried in order until one of them takes a connection; then that one stays */
    bool connected_once;
    struct tls_peer *tls;
    struct resolver *resolver; /* of resolve_each */
    char error[320];           /* the last failure's sentence */
    char plain[16 << 10];      /* what TLS has deciphered and is being handed on */
};

/* `place` is copied. */
void conn_route_init(struct conn_route *route, struct loop *loop, const struct conn_place *place,
                     const struct conn_events *events);
/* Its connections are closed. */
void conn_route_finish(struct conn_route *route);

struct conn {
    struct conn_route *route; /* NULL: closed */
    struct op connect, send, recv;
    int socket;                 /* -1: not connected */
    struct conn_lookup *lookup; /* of resolve_each */
    struct conn_secret *secret; /* of TLS */
};

void conn_open(struct conn *c, struct conn_route *route);
/* One at a time, after `opened`; array and bytes stay until `sent`. `stable`: a bit a piece, see struct op.
 */
void conn_send(struct conn *c, const struct iovec *iov, int count, unsigned stable);
/* Until the next `received`, and of it alone: it brings at most `len` bytes; or, as nobody wants the next
 * `len` bytes, it tells of some of them, discarded. Both may be ignored. */
void conn_limit(struct conn *c, size_t len);
void conn_discard(struct conn *c, size_t len);
/* No event follows. Does nothing when it is closed. */
void conn_close(struct conn *c);
