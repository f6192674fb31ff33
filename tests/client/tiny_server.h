/*
 * tiny_server - an HTTP server on a thread, for tests: fixed answers by path, on a free loopback port.
 */
#pragma once

#include "loop.h"

#include <pthread.h>
#include <stdatomic.h>

struct tiny_route {
    const char *path;
    const char *answer;      /* the whole response; NULL: none ever comes */
    const char *then;        /* given instead from the `turns`-th request on; NULL: never */
    int turns;
};

struct tiny_server {
    const struct tiny_route *routes; /* ended by one without a path */
    struct loop_addr addr;
    atomic_int asked[8];     /* by route */
    /* private: */
    int listener;
    int stop[2];
    pthread_t thread;
};

void tiny_server_start(struct tiny_server *s, const struct tiny_route *routes);
void tiny_server_stop(struct tiny_server *s);
