#include "conn_private.h"

#include "tls.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Cipher text goes out as the session has it; the plain text of a send is given to the session bit by bit, so
 * that an upload of any size takes a bounded part of memory.
 */
struct conn_secret {
    struct tls *tls;
    bool opened;
    bool flushing;           /* cipher text is under way */
    struct iovec out;        /* that text */
    const struct iovec *iov; /* plain text that is being sent; NULL: none */
    int iov_count, iov_at;
    size_t iov_offset;
    int64_t bytes; /* of cipher text, since the send began */
};

static void flush(struct conn *c)
{
    struct conn_secret *s = c->secret;
    size_t len;
    const void *out = s->flushing ? NULL : tls_output(s->tls, &len);
    if (!out)
        return;
    s->flushing = true;
    s->out = (struct iovec){(void *)(uintptr_t)out, len};
    c->send.stable = 0;
    loop_send(c->route->loop, c->socket, &c->send, &s->out, 1);
}

/* Gives the session as much plain text as it takes. True when it has all. */
static bool encipher(struct conn_secret *s)
{
    while (s->iov_at < s->iov_count) {
        const struct iovec *piece = &s->iov[s->iov_at];
        size_t took =
            tls_write(s->tls, (const char *)piece->iov_base + s->iov_offset, piece->iov_len - s->iov_offset);
        if (!took && s->iov_offset < piece->iov_len)
            return false;
        s->iov_offset += took;
        if (s->iov_offset == piece->iov_len) {
            s->iov_at++;
            s->iov_offset = 0;
        }
    }
    return true;
}

void secret_send(struct conn *c, const struct iovec *iov, int count)
{
    struct conn_secret *s = c->secret;
    s->iov = iov;
    s->iov_count = count;
    s->iov_at = 0;
    s->iov_offset = 0;
    s->bytes = 0;
    encipher(s);
    flush(c);
}

void secret_sent(struct conn *c, int bytes)
{
    struct conn_secret *s = c->secret;
    size_t len;
    s->flushing = false;
    s->bytes += bytes;
    tls_output_sent(s->tls, (size_t)bytes);
    bool all = !s->iov || encipher(s);
    if (tls_output(s->tls, &len)) {
        flush(c);
    } else if (s->iov && all) {
        s->iov = NULL;
        c->route->events->sent(c, s->bytes);
    }
}

/* The owner may close the connection within an event: false then. */
static bool hand_on(struct conn *c)
{
    struct conn_secret *s = c->secret;
    struct conn_route *route = c->route;
    if (!s->opened && tls_state(s->tls) == TLS_OPEN) {
        s->opened = true;
        route->events->opened(c);
    }
    while (c->secret == s) {
        ssize_t n = tls_read(s->tls, route->plain, sizeof route->plain);
        if (n <= 0)
            return true;
        route->events->received(c, route->plain, (size_t)n);
    }
    return false;
}

/* The TLS session is over, or with `error` the connection under it. */
static void tell_end(struct conn *c, int error)
{
    struct conn_secret *s = c->secret;
    struct conn_route *route = c->route;
    enum fail_kind kind = FAIL_TLS;
    const char *why = route->error;
    if (tls_state(s->tls) == TLS_FAILED) {
        snprintf(route->error, sizeof route->error, "%s", tls_error(s->tls));
    } else if (error) {
        kind = conn_fail_kind(error);
        why = conn_error_text(route, error);
    } else if (s->opened && tls_closed_cleanly(s->tls)) {
        kind = FAIL_NONE;
        why = "";
    } else if (s->opened) { /* by the target, or by anybody on the way: what it said may lack its end */
        kind = FAIL_RESET;
        why = "the connection was closed without TLS's end";
    } else {
        why = "the connection was closed during the TLS handshake";
    }
    if (s->opened)
        route->events->ended(c, kind, why);
    else
        route->events->failed(c, kind, why);
}

void secret_received(struct conn *c, const char *bytes, int result)
{
    struct conn_secret *s = c->secret;
    if (result > 0)
        tls_feed(s->tls, bytes, (size_t)result);
    else
        tls_feed_end(s->tls);
    if (!hand_on(c))
        return;
    enum tls_state state = tls_state(s->tls);
    if (state == TLS_FAILED || state == TLS_CLOSED || result <= 0)
        tell_end(c, result < 0 ? -result : 0);
    else
        flush(c);
}

void secret_open(struct conn *c)
{
    c->secret = calloc(1, sizeof *c->secret);
    if (!c->secret)
        abort();
    c->secret->tls = tls_create(c->route->tls);
    flush(c);
}

void secret_close(struct conn *c)
{
    if (!c->secret)
        return;
    tls_destroy(c->secret->tls);
    free(c->secret);
    c->secret = NULL;
}
