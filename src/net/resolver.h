/*
 * resolver - names looked up on the loop, without blocking it (c-ares): /etc/hosts, then DNS.
 *
 * A query is the caller's memory. It ends exactly once: either `done` is called from the loop, never from
 * inside resolver_start(), or the caller takes it back with resolver_cancel(). `done` may start and cancel
 * queries and destroy the resolver. All on the loop's thread.
 *
 * Addresses come in the order of RFC 6724, IPv4 and IPv6, as getaddrinfo() would give them. Nothing is
 * cached: whoever wants to ask less often keeps the addresses.
 *
 * Needs descriptors: for loop_epoll only, not for the simulation.
 */
#pragma once

#include "addr.h"

enum {
    RESOLVER_ERROR_TEXT = 160,
    RESOLVER_UNDER_WAY_MAX = 1024, /* those that were cancelled count until their time is up */
    RESOLVER_PATIENCE_SEC = 10,
};

struct resolver;
struct resolver_ask;

struct resolver_query { /* zero it before the first use */
    /* the caller's: */
    void (*done)(struct resolver_query *q);
    nsec patience; /* after so long without an answer it has failed; 0: RESOLVER_PATIENCE_SEC */
    /* the outcome: */
    int addr_count; /* 0: it failed */
    struct loop_addr addrs[ADDR_MAX];
    char error[RESOLVER_ERROR_TEXT]; /* a sentence for people, when it failed */
    /* private: */
    struct resolver *resolver; /* NULL: not under way */
    struct resolver_query *next, **link;
    struct resolver_ask *ask; /* what c-ares knows of it; NULL: its outcome is known */
    struct timer limit;       /* then: the end of patience, or the turn in which `done` is called */
};

/* `servers` are those to ask, as "127.0.0.1:5353,[::1]:53"; NULL: the system's. NULL with errno. The loop
 * outlives it. */
struct resolver *resolver_create(struct loop *loop, const char *servers);
/* Queries under way end without `done`. NULL does nothing. */
void resolver_destroy(struct resolver *r);

/* `host` is a name or an address literal without brackets; it is not kept. `port` goes into the addresses. */
void resolver_start(struct resolver *r, struct resolver_query *q, const char *host, int port);
/* Does nothing when it is not under way. */
void resolver_cancel(struct resolver_query *q);
