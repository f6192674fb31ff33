/*
 * knock - who listens at an address? A connection, and what comes back when something is asked.
 *
 * Blocks the calling thread; ends within the timeout, or within a moment once `cancel` is set. Sends one
 * request that changes nothing, or only greets.
 */
#pragma once

#include "loop.h"
#include "tls.h"

#include <stdatomic.h>

enum knock_answer {
    KNOCK_UNCONNECTED, /* `error` says why; ETIMEDOUT: no answer at all */
    KNOCK_HTTP,
    KNOCK_TLS,    /* the port wants TLS */
    KNOCK_BANNER, /* something else that speaks: `banner` is its first line */
    KNOCK_SILENT, /* it takes the connection and says nothing */
    KNOCK_HANGS_UP
};

struct knock {
    enum knock_answer answer;
    int error;
    nsec connected; /* how long that took */
    char banner[60];
};

/* `request` NULL: the connection alone is of interest, and KNOCK_SILENT the answer. */
void knock(const struct loop_addr *addr, const char *request, nsec timeout, const atomic_bool *cancel,
           struct knock *ret);

struct knock_tls {
    bool open;     /* the handshake has succeeded */
    bool silent;   /* it has not ended */
    char why[160]; /* it has not succeeded */
    bool shown;    /* `facts` are there */
    struct tls_facts facts;
};

void knock_tls(const struct loop_addr *addr, struct tls_context *context, const char *host, nsec timeout,
               const atomic_bool *cancel, struct knock_tls *ret);

/* "[::1]:80", "127.0.0.1:80" */
enum { KNOCK_ADDRESS = 64 };
const char *knock_address(const struct loop_addr *addr, char ret[KNOCK_ADDRESS]);
