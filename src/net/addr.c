#include "addr.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

int addr_resolve(const char *host, int port, struct loop_addr ret[ADDR_MAX], const char **ret_error)
{
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(host, service, &hints, &list);
    if (error) {
        *ret_error = gai_strerror(error);
        return 0;
    }
    int count = 0;
    for (const struct addrinfo *a = list; a && count < ADDR_MAX; a = a->ai_next) {
        if (a->ai_addrlen > sizeof ret[0].storage)
            continue;
        memcpy(&ret[count].storage, a->ai_addr, a->ai_addrlen);
        ret[count++].len = a->ai_addrlen;
    }
    freeaddrinfo(list);
    if (count == 0)
        *ret_error = "the host has no address";
    return count;
}
