/*
 * http_client - HTTP/1.1 exchanges with one target over a pool of kept-alive connections, on a loop.
 *
 * An exchange is the caller's memory: one request, rendered by the caller, and the answer to it. It ends
 * exactly once: either `done` is called from the loop, never from inside http_start(), or the caller takes it
 * back with http_cancel(). All on the loop's thread.
 *
 * A connection serves one exchange at a time. One that lies idle is watched, so that a target's closing it is
 * noticed before it is used again; an idempotent request that still meets such a close (no byte of an answer
 * on a used connection) is sent once more on a new one, as RFC 9112 section 9.3.1 allows. With as many
 * connections open as are allowed, an exchange waits for one, first come first served. Proxies of the
 * environment are not asked: what is measured is the target.
 *
 * An exchange may ask to switch protocols: after a 101 its connection is a stream of bytes in both directions
 * until one side ends it, and `done` follows then.
 *
 * Memory: a connection takes some hundred bytes of ours, waiting or not; after a pool's largest number of
 * connections was reached nothing more is allocated, but for a line of an answer that comes in pieces, until
 * it is whole.
 */
#pragma once

#include "buf.h"
#include "conn.h"
#include "deadline.h"
#include "http1.h"

struct http_conn;
struct http_exchange;

/* Who is asked: where, and as every request says it. */
/* What every request has, unless `headers` says it. */
enum http_usual_header { HTTP_HOST, HTTP_USER_AGENT, HTTP_ACCEPT, HTTP_USUAL_HEADERS };

struct http_target {
    struct conn_place place;
    const char *authority;        /* the Host header */
    const char *prefix;           /* of every path, "" or "/..." */
    const char *headers;          /* more of them, each ended by CR LF; "" for none */
    bool own[HTTP_USUAL_HEADERS]; /* stands in `headers` */
};

struct http_pool_config {
    struct loop *loop;
    const struct conn_place *place; /* copied */
    int connections;                /* at most; 0: no limit */
    nsec connect_timeout;           /* 0: none, as below */
    nsec first_byte_timeout;        /* from the begin of sending */
    nsec idle_timeout;              /* between two pieces of an answer */
};

struct http_traffic { /* of a pool, so far */
    int64_t requests; /* begun to be sent, those sent again included */
    int64_t resent;   /* of these: the kept connection ended before a byte of an answer came */
    int64_t connects; /* attempts */
    int64_t bytes_sent, bytes_received;
};

struct http_pool {
    struct conn_route route;
    int connections;
    struct deadlines connecting, first_byte, idling;
    struct http_conn *idle;  /* last used first */
    struct http_conn *all;   /* connecting, busy and idle ones */
    struct http_conn *spare; /* closed ones, to be used again */
    int open_count, most_open;
    struct http_exchange *waiting, **waiting_end;
    struct http_traffic traffic;
};

enum { HTTP_IOV_MAX = 8, HTTP_ERROR_TEXT = 160 };

/* Which of the pool's limits do not hold for an exchange: the target tells when there is something to tell.
 */
enum http_patience {
    HTTP_PATIENT_NEVER,
    HTTP_PATIENT_IN_BODY, /* the body may stand still */
    HTTP_PATIENT_ALWAYS   /* and the first byte may take its time */
};

struct http_exchange {
    /* the caller's: */
    const struct iovec *iov; /* the request; array and bytes stay valid and unchanged until the end */
    int iov_count;
    unsigned stable; /* a bit a piece: its bytes never change, also after the end; see struct op */
    bool head_request;
    bool idempotent;
    enum http_patience patience;
    /* The answer's head has come and a body follows: the status is known, and `take` may be changed. May be
     * NULL. */
    void (*headed)(struct http_exchange *x);
    /* Pieces of the answer's body, as they come. False: no more of it is wanted, and the exchange fails.
     * NULL: the body is only counted, and not even copied where that can be avoided. */
    bool (*take)(struct http_exchange *x, const char *bytes, size_t len);
    /* The request asks for another protocol, and the answer was 101: from here on `take`, which is set, gets
     * what comes, and http_send() sends. Returns NULL, or why this is not what was asked for: then it fails.
     * NULL: it asks for none. */
    const char *(*switched)(struct http_exchange *x);
    void (*sent)(struct http_exchange *x); /* what http_send() was given has gone */
    struct http1_names *names;             /* to be filled, or NULL */
    void (*done)(struct http_exchange *x);
    /* the outcome: */
    enum fail_kind fail; /* FAIL_NONE: an answer came, of whatever status */
    const char *error;   /* for people, when it failed; good during `done` */
    int status;
    int64_t body_bytes;
    int64_t retry_after;             /* seconds; -1: not told */
    nsec started, first_byte, ended; /* loop time; first_byte -1: none came */
    /* private: */
    struct http_pool *pool;
    struct http_conn *conn;
    struct http_exchange *next, **link; /* among those that wait for a connection */
    bool again;                         /* it was sent once more */
};

/* The request line and the headers that every request has, without the empty line. */
void http_render_head(struct buf *out, const char *method, const struct http_target *target,
                      const char *path);

void http_pool_init(struct http_pool *pool, const struct http_pool_config *config);
/* Closes every connection; exchanges under way are dropped without `done`. */
void http_pool_finish(struct http_pool *pool);

/* `now`: the loop's time, read a moment ago; the exchange counts from it. */
void http_start(struct http_pool *pool, struct http_exchange *x, nsec now);
/* After it has switched; one at a time. Array and bytes stay until `sent`. */
void http_send(struct http_exchange *x, const struct iovec *iov, int count);
/* Does nothing when it is not under way. Not from within `take`, which returns false instead. */
void http_cancel(struct http_exchange *x);
