/*
 * exchange - one request and its answer, as the handlers of the API see it.
 *
 * The server reads the header, calls begin(), then body() for each piece, then finish(); an answer may be
 * given in any of them and is sent when the body has been read (what follows of it is dropped). finish() may
 * instead hold the request: it is answered in resume(), when somebody calls exchange_release() or its time is
 * over. end() is always called last, also when the client has left. All on the main thread.
 */
#pragma once

#include "buf.h"
#include "clock.h"
#include "loop.h"
#include "uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct MHD_Response;
struct backend;
struct upgraded;
struct server;

enum { EXCHANGE_PARAMS = 2, EXCHANGE_PARAM_MAX = 63, EXCHANGE_PATH_MAX = 119 };

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER, METHODS };
const char *method_name(enum method method);

struct exchange {
    struct backend *backend;
    enum method method;
    char params[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1]; /* what stood for <...> in the route's template */
    void *state;                                          /* the handler's own; end() frees it */
    struct uuid job;                                      /* the handler's: which job it is about */
    struct exchange **held_by;                            /* the list that it waits in, see exchange_hold() */
    struct exchange *held_next, *held_prev;

    /* the server's: */
    struct server *server;
    struct MHD_Connection *connection;
    struct MHD_Response *response; /* given and not sent yet */
    int status;
    const struct route *route;
    const struct handler *handler;
    int fd;
    bool first_call_done;
    bool suspended;
    bool gone; /* the client left while it was held */
    bool in_request;
    bool upgraded; /* no HTTP any more */
    void (*taken)(void *state, const struct upgraded *upgraded);
    struct buf stream; /* of a streamed answer: what waits to be sent */
    bool streaming, stream_ended;
    bool nul_in_path;
    bool in_chunks;      /* its body comes in chunks, and is not complete */
    bool stood;          /* nothing more of it had come at the last sweep ... */
    int64_t swept_bytes; /* ... than this */
    bool long_line;
    char path[EXCHANGE_PATH_MAX + 1]; /* as it came, without the query, cut */
    nsec began;
    nsec deadline; /* then the socket is shut down */
    nsec body_began;
    int64_t body_bytes, response_bytes;
    struct timer hold_timer;
    struct exchange *next, *prev; /* all connections */
};

struct handler {
    void (*begin)(struct exchange *x);
    void (*body)(struct exchange *x, const char *bytes, size_t len);
    void (*finish)(struct exchange *x);
    void (*resume)(struct exchange *x);
    void (*end)(struct exchange *x);
    void (*drained)(struct exchange *x); /* nothing of a streamed answer waits */
};

/* The client's IPv4 address, in network order. */
uint32_t exchange_address(const struct exchange *x);
/* Its body is said to be JSON. */
bool exchange_is_json(const struct exchange *x);
/* NULL when there is none. Valid until the request ends. */
const char *exchange_header(const struct exchange *x, const char *name);

/* What stands behind `name=` in the query; NULL when there is none. Valid until the request ends. */
const char *exchange_query(const struct exchange *x, const char *name);

/* May the page that asks connect? `Origin` is its own server's, ours, or one of those that the settings name;
 * no origin: no browser, or no other. */
bool exchange_origin_allowed(const struct exchange *x);

/* Calls `each` for every line of the header, in order; a header may stand there more than once. */
void exchange_each_header(const struct exchange *x, const char *name,
                          void (*each)(void *context, const char *value), void *context);

/* A cleared buffer for the answer's text; one for all, so fill it and send it. */
struct buf *exchange_text(struct exchange *x);
/* Answers with what was written into exchange_text(). */
void exchange_send(struct exchange *x, int status, const char *content_type);
void exchange_send_json(struct exchange *x, int status);
/* Answers with a file, from its beginning; takes the descriptor. */
void exchange_send_file(struct exchange *x, int fd, int64_t len, const char *content_type);
/* {"error": "..."} */
void exchange_send_error(struct exchange *x, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* To an answer that was given just now. */
void exchange_add_header(struct exchange *x, const char *name, const char *value);

/* Puts the request into the list and waits, at most for `wait` (0: without limit). */
void exchange_hold(struct exchange *x, struct exchange **list, nsec wait);
/* Out of its list, and answered: calls resume(), unless the client has left. Not from within a handler of the
 * same request. */
void exchange_release(struct exchange *x);

/* exchange_stream.c */

/* Answers with a body that is still to be written: with exchange_stream(), until exchange_stream_end() or the
 * handler's end(). At most `most` bytes wait for a slow client. */
void exchange_send_stream(struct exchange *x, int status, const char *content_type, size_t most);
/* False when they do not fit: nothing was taken. */
bool exchange_stream(struct exchange *x, const void *bytes, size_t len);
/* What waits is still sent. */
void exchange_stream_end(struct exchange *x);
size_t exchange_stream_backlog(const struct exchange *x);

/* exchange_upgrade.c */

struct upgraded { /* a connection that is not HTTP any more */
    int fd;
    void *handle;      /* for exchange_close_upgraded(), which also closes the descriptor */
    const char *bytes; /* what the client has sent behind its request; valid during the call */
    size_t len;
};

/* Answers 101; when that is out `taken` gets the connection, and the exchange ends for its handler. If that
 * never happens the handler's end() is called with what it left in `state`; after it, `state` is NULL. */
void exchange_upgrade(struct exchange *x, const char *protocol,
                      void (*taken)(void *state, const struct upgraded *upgraded));
void exchange_close_upgraded(struct server *server, const struct upgraded *upgraded);
