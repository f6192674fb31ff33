#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const char **ret_error, const char *why)
{
    *ret_error = why;
    return false;
}

/* Takes the scheme off. */
static bool parse_scheme(const char **at, struct url *u, const char **ret_error)
{
    const char *separator = strstr(*at, "://");
    u->tls = strncmp(*at, "https://", 8) == 0;
    if (!separator)
        return true;
    if (!u->tls && strncmp(*at, "http://", 7) != 0)
        return fail(ret_error, "the scheme must be http or https");
    *at = separator + 3;
    return true;
}

static bool parse_port(const char *text, size_t len, struct url *u, const char **ret_error)
{
    if (len == 0 || len > 5 || strspn(text, "0123456789") < len)
        return fail(ret_error, "the port must be a number from 1 to 65535");
    u->port = atoi(text);
    if (u->port < 1 || u->port > 65535)
        return fail(ret_error, "the port must be a number from 1 to 65535");
    return true;
}

static bool parse_authority(const char *text, size_t len, struct url *u, const char **ret_error)
{
    const char *host = text, *end = text + len, *host_end, *rest;
    if (memchr(text, '@', len))
        return fail(ret_error,
                    "user names and passwords in a URL are not taken: use -H 'Authorization: ...'");
    if (len && *text == '[') {
        host++;
        host_end = memchr(host, ']', len - 1);
        if (!host_end)
            return fail(ret_error, "the ']' of the IPv6 address is missing");
        rest = host_end + 1;
    } else {
        const char *colon = memchr(text, ':', len);
        host_end = rest = colon ? colon : end;
    }
    size_t host_len = (size_t)(host_end - host);
    if (host_len == 0)
        return fail(ret_error, "the host is missing");
    if (host_len >= sizeof u->host)
        return fail(ret_error, "the host is too long");
    memcpy(u->host, host, host_len);
    u->host[host_len] = '\0';
    u->port = u->tls ? 443 : 80;
    if (rest < end && *rest != ':')
        return fail(ret_error, "after the host only ':' and a port, or a path, can follow");
    if (rest < end && !parse_port(rest + 1, (size_t)(end - rest - 1), u, ret_error))
        return false;
    const char *open = *text == '[' ? "[" : "", *close = *text == '[' ? "]" : "";
    if (u->port == (u->tls ? 443 : 80))
        snprintf(u->authority, sizeof u->authority, "%s%s%s", open, u->host, close);
    else
        snprintf(u->authority, sizeof u->authority, "%s%s%s:%d", open, u->host, close, u->port);
    return true;
}

bool url_parse(const char *text, struct url *ret, const char **ret_error)
{
    struct url u = {0};
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return fail(ret_error, "a URL has no spaces or control characters");
    if (!parse_scheme(&text, &u, ret_error))
        return false;
    size_t authority_len = strcspn(text, "/?#");
    if (!parse_authority(text, authority_len, &u, ret_error))
        return false;
    const char *path = text + authority_len;
    if (strpbrk(path, "?#"))
        return fail(ret_error, "a target has no query and no fragment");
    size_t path_len = strlen(path);
    while (path_len && path[path_len - 1] == '/')
        path_len--;
    if (path_len >= sizeof u.path)
        return fail(ret_error, "the path is too long");
    memcpy(u.path, path, path_len);
    *ret = u;
    return true;
}
