/*
 * addr - a host's addresses, looked up once before the run (getaddrinfo blocks).
 */
#pragma once

#include "loop.h"

enum { ADDR_MAX = 8 };

/* Fills at most ADDR_MAX addresses in the resolver's order. Returns how many, or 0 with a reason for people
 * in *ret_error (static text). */
int addr_resolve(const char *host, int port, struct loop_addr ret[ADDR_MAX], const char **ret_error);
/* Is it one of this machine's own, so that no network lies between? */
bool addr_is_local(const struct loop_addr *addr);
