#include "addr.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* What a socket can be bound to is ours. */
bool addr_is_local(const struct loop_addr *addr)
{
    struct loop_addr any = *addr;
    if (any.storage.ss_family == AF_INET)
        ((struct sockaddr_in *)&any.storage)->sin_port = 0;
    else if (any.storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&any.storage)->sin6_port = 0;
    else
        return false;
    int fd = socket(any.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool local = bind(fd, (struct sockaddr *)&any.storage, any.len) == 0;
    close(fd);
    return local;
}
