/*
 * listeners - the sockets of this machine that take connections to an address, from /proc/net/tcp and tcp6
 * (proc_net_tcp(5)). Any thread.
 */
#pragma once

#include "loop.h"

#include <stdint.h>

enum { LISTENERS_MAX = 1024, LISTENERS_TEXT = 80 };

struct listeners {
    uint64_t inodes[LISTENERS_MAX]; /* ascending; several: each worker of a server has its own */
    int count;
    unsigned user; /* whose the first one is */
};

/* The address belongs to this machine: a socket can be bound to it. */
bool listeners_are_here(const struct loop_addr *addr);
/* Those that are bound to the address itself; without any those bound to all addresses. Returns 0, or an
 * errno value when the tables cannot be read. */
int listeners_find(const char *proc, const struct loop_addr *addr, struct listeners *ret);
/* "127.0.0.1:5000", "[::1]:5000". Returns `out`. */
const char *listeners_address(const struct loop_addr *addr, char out[LISTENERS_TEXT]);
