/*
 * address - an address as the loop has it, from text.
 */
#pragma once

#include "loop.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static inline struct loop_addr address(const char *text, int port)
{
    struct loop_addr out = {.len = 0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out.storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out.storage;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        out.len = sizeof *v4;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        out.len = sizeof *v6;
    }
    return out;
}
