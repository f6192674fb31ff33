/*
 * url - the parts of an http URL (RFC 3986, as far as a target needs it). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct url {
    bool tls;            /* https */
    char host[256];      /* without the brackets of an IPv6 literal */
    int port;            /* given, or 80 / 443 */
    char authority[270]; /* as it stands in a Host header: the port only when it is not the scheme's own */
    char path[1024]; /* "" or begins with '/', without a '/' at its end: the prefix of every request's path */
};

/* "host:port" without a scheme is taken as http. Returns false with a sentence in *ret_error (static text).
 * Refused: user names and passwords, queries, fragments, control characters and spaces. */
bool url_parse(const char *text, struct url *ret, const char **ret_error);
