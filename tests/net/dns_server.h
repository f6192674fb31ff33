/*
 * dns_server - a name server for test_resolver.c, on the loop of the test, at one port of UDP and TCP.
 */
#pragma once

#include "loop.h"

struct dns_zone { /* what is said of one name; the last row has none */
    const char *name;
    const char *a, *aaaa; /* addresses, separated by spaces; NULL: none of this kind */
    int rcode;            /* 0, or 3 (no such name), 2 (failure), 5 (refused) */
    enum { DNS_SPEAKS, DNS_SILENT, DNS_CUT_RECORD, DNS_NOISE, DNS_TCP_ONLY } manner;
};

struct dns_server {
    struct watch_fd udp, tcp, talk; /* one TCP connection at a time */
    struct loop *loop;
    const struct dns_zone *zone;
    char address[32]; /* as resolver_create() wants it */
    int asked, asked_tcp;
};

void dns_server_start(struct dns_server *s, struct loop *loop, const struct dns_zone *zone);
void dns_server_stop(struct dns_server *s);
