/*
 * http_client - HTTP/1.1 exchanges with one target over a pool of kept-alive connections, on a loop.
 *
 * An exchange is the caller's memory: one request, rendered by the caller, and the answer to it. It ends
 * exactly once: either `done` is called from the loop, never from inside http_start(), or the caller takes it
 * back with http_cancel(). All on the loop's thread.
 *
 * A connection serves one exchange at a time. One that lies idle is watched, so that a target's closing it is
 * noticed before it is used again; an idempotent request that still meets such a close (no byte of an answer
 * on a used connection) is sent once more on a new one, as RFC 9112 section 9.3.1 allows.
 */
#pragma once

#include "addr.h"
#include "buf.h"
#include "fail.h"
#include "loop.h"

struct http_conn;

struct http_pool {
    struct loop *loop;
    struct loop_addr
        addrs[ADDR_MAX]; /* tried in order until one of them takes a connection; then that one stays */
    int addr_count;
    int addr_at;
    bool connected_once;
    struct http_conn *idle; /* last used first */
    struct http_conn *all;
    int open_count;
    int64_t connects; /* attempts so far */
};

enum { HTTP_IOV_MAX = 8, HTTP_ERROR_TEXT = 160, HTTP_SERVER_TEXT = 128 };

struct http_exchange {
    /* the caller's: */
    struct iovec iov[HTTP_IOV_MAX]; /* the request; the bytes stay valid and unchanged until the end */
    int iov_count;
    bool head_request;
    bool idempotent;
    struct buf *body; /* the answer's body is appended; past its maximum the exchange fails. May be NULL */
    void (*done)(struct http_exchange *x);
    /* the outcome: */
    enum fail_kind fail;         /* FAIL_NONE: an answer came, of whatever status */
    char error[HTTP_ERROR_TEXT]; /* for people, when it failed */
    int status;
    int64_t retry_after; /* seconds; -1: not told */
    char server[HTTP_SERVER_TEXT];
    char date[HTTP_SERVER_TEXT];
    nsec started, first_byte, ended; /* loop time; first_byte -1: none came */
    /* private: */
    struct http_pool *pool;
    struct http_conn *conn; /* NULL: not under way */
    bool retried;
};

/* Who is asked, as every request says it. */
struct http_target {
    const char *authority; /* the Host header */
    const char *prefix;    /* of every path, "" or "/..." */
    const char *headers;   /* more of them, each ended by CR LF; "" for none */
};

/* The request line and the headers that every request has, without the empty line. */
void http_render_head(struct buf *out, const char *method, const struct http_target *target,
                      const char *path);

void http_pool_init(struct http_pool *pool, struct loop *loop, const struct loop_addr *addrs, int addr_count);
/* Closes every connection; exchanges under way are dropped without `done`. */
void http_pool_finish(struct http_pool *pool);

void http_start(struct http_pool *pool, struct http_exchange *x);
/* Does nothing when it is not under way. */
void http_cancel(struct http_exchange *x);
