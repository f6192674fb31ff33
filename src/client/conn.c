#include "conn_private.h"

#include "resolver.h"
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONN_OF(member, op) ((struct conn *)((char *)(op)-offsetof(struct conn, member)))

void conn_route_init(struct conn_route *route, struct loop *loop, const struct conn_place *place,
                     const struct conn_events *events)
{
    *route = (struct conn_route){.loop = loop, .events = events, .place = *place};
    if (place->tls)
        route->tls = tls_peer_create(place->tls, place->host);
    if (place->resolve_each && !(route->resolver = resolver_create(loop, place->dns_servers)))
        abort();
}

void conn_route_finish(struct conn_route *route)
{
    tls_peer_destroy(route->tls);
    resolver_destroy(route->resolver);
    route->tls = NULL;
    route->resolver = NULL;
}

/* ---- what goes wrong ---- */

enum fail_kind conn_fail_kind(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return FAIL_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return FAIL_RESET;
    case EADDRNOTAVAIL:
    case EMFILE:
    case ENFILE:
        return FAIL_LOCAL;
    default:
        return FAIL_NETWORK;
    }
}

const char *conn_error_text(struct conn_route *route, int error)
{
    char text[80];
    const char *reason = strerror_r(error, text, sizeof text);
    bool capital = reason[0] >= 'A' && reason[0] <= 'Z';
    snprintf(route->error, sizeof route->error, "%c%s", capital ? reason[0] + 32 : reason[0], reason + 1);
    return route->error;
}

/* ---- bytes ---- */

/* An answer may be there before the loop has told that its request has gone: the owner hears of that first.
 */
static void on_recv(struct op *op, int result)
{
    struct conn *c = CONN_OF(recv, op);
    struct conn_route *route = c->route;
    loop_settle(route->loop, &c->send);
    if (!c->route)
        return;
    if (result > 0) /* before the bytes are handed on: whoever gets them may close the connection */
        loop_recv(route->loop, c->socket, &c->recv);
    if (c->secret)
        secret_received(c, op->bytes, result);
    else if (result > 0)
        route->events->received(c, op->bytes, (size_t)result);
    else if (result == 0)
        route->events->ended(c, FAIL_NONE, "");
    else
        route->events->ended(c, conn_fail_kind(-result), conn_error_text(route, -result));
}

/* A send that failed says nothing: the answer may lie there already (413, say), and reading tells how it
 * ends. */
static void on_send(struct op *op, int result)
{
    struct conn *c = CONN_OF(send, op);
    if (result >= 0 && c->secret)
        secret_sent(c, result);
    else if (result >= 0)
        c->route->events->sent(c, result);
}

void conn_send(struct conn *c, const struct iovec *iov, int count, unsigned stable)
{
    c->send.stable = stable;
    if (c->secret)
        secret_send(c, iov, count);
    else
        loop_send(c->route->loop, c->socket, &c->send, iov, count);
}

void conn_limit(struct conn *c, size_t len)
{
    c->recv.most = len;
}

/* Cipher text has to be looked at all the same. */
void conn_discard(struct conn *c, size_t len)
{
    if (c->secret)
        return;
    c->recv.most = len;
    c->recv.discard = true;
}

/* ---- opening ---- */

static const struct loop_addr *address(const struct conn *c, int *ret_count)
{
    const struct conn_route *route = c->route;
    *ret_count = c->lookup ? c->lookup->query.addr_count : route->place.addr_count;
    return c->lookup ? c->lookup->query.addrs : route->place.addrs;
}

static int *position(const struct conn *c)
{
    return c->lookup ? &c->lookup->at : &c->route->addr_at;
}

static void connect_now(struct conn *c)
{
    int count;
    loop_connect(c->route->loop, &c->connect, &address(c, &count)[*position(c)]);
}

static void on_connect(struct op *op, int result)
{
    struct conn *c = CONN_OF(connect, op);
    struct conn_route *route = c->route;
    int count;
    address(c, &count);
    bool others = *position(c) + 1 < count && (c->lookup || !route->connected_once);
    if (result < 0 && others) {
        ++*position(c);
        connect_now(c);
    } else if (result < 0) {
        route->events->failed(c, conn_fail_kind(-result), conn_error_text(route, -result));
    } else {
        route->connected_once = true;
        c->socket = result;
        loop_recv(route->loop, c->socket, &c->recv);
        if (route->tls)
            secret_open(c);
        else
            route->events->opened(c);
    }
}

static void on_looked_up(struct resolver_query *query)
{
    struct conn_lookup *lookup = (struct conn_lookup *)query; /* its first member */
    struct conn *c = lookup->conn;
    if (query->addr_count)
        connect_now(c);
    else
        c->route->events->failed(c, FAIL_DNS, query->error);
}

static void look_up(struct conn *c)
{
    c->lookup = calloc(1, sizeof *c->lookup);
    if (!c->lookup)
        abort();
    c->lookup->conn = c;
    c->lookup->query.done = on_looked_up;
    resolver_start(c->route->resolver, &c->lookup->query, c->route->place.host, c->route->place.port);
}

void conn_open(struct conn *c, struct conn_route *route)
{
    *c = (struct conn){.route = route, .socket = -1};
    c->connect.done = on_connect;
    c->send.done = on_send;
    c->recv.done = on_recv;
    if (route->resolver)
        look_up(c);
    else
        connect_now(c);
}

void conn_close(struct conn *c)
{
    if (!c->route)
        return;
    secret_close(c);
    if (c->lookup)
        resolver_cancel(&c->lookup->query);
    free(c->lookup);
    if (c->socket >= 0)
        loop_close(c->route->loop, c->socket);
    else
        loop_cancel_connect(c->route->loop, &c->connect);
    *c = (struct conn){.socket = -1};
}
