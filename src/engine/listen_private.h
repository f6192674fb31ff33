/*
 * listen_private - what the files of listen share.
 *
 *   listen.c            stock, loss and return, what a message means
 *   listen_channel.c    one exchange of a listener
 *   listen_events.c     the ways: Server-Sent Events
 *   listen_websocket.c  messages on a WebSocket
 *   listen_socketio.c   Socket.IO's events, over long polling, a WebSocket, or one after the other
 *   listen_socket.c     the WebSocket of the last two
 */
#pragma once

#include "listen.h"

#include "request.h"
#include "sio_client.h"
#include "sse_reader.h"
#include "websocket.h"
#include "worker.h"

enum {
    LISTEN_MESSAGE_MAX = 1 << 20,
    LISTEN_REFUSAL_MAX = 64 << 10, /* kept of an answer that is none we can listen to */
};

/* An exchange of a listener. One that is dropped while it hands on bytes ends a moment later, unheard. */
struct listen_channel {
    struct http_exchange exchange; /* first: it is found by it */
    struct listen *listen;
    struct request request;
    struct buf body; /* of an answer that is kept */
    bool busy, feeding, dropped;
    bool (*feed)(struct listen *l, const char *bytes, size_t len); /* NULL: the body is kept */
    void (*done)(struct listen *l);
};

struct listen_way {
    /* False with a sentence: the request cannot be rendered. Also after a loss. */
    bool (*start)(struct listen *l, char *error);
    /* Says goodbye; true: `push` does, and goes on when nobody listens any more. NULL: just leaves. */
    bool (*leave)(struct listen *l);
    void (*opened)(struct listen *l);                                            /* the WebSocket stands */
    void (*message)(struct listen *l, bool text, const char *bytes, size_t len); /* on it */
    void (*closed)(struct listen *l, enum fail_kind kind, const char *why);      /* or it does not stand */
};

struct listen {
    struct listens *all;
    struct job *job; /* NULL: nobody listens any more */
    const struct plan_step *step;
    const char *const *values;
    const struct listen_way *way;
    bool stood;         /* a connection that was lost is worth another try */
    bool again;         /* it was lost, and nothing has been heard since */
    int held;           /* within so many calls from below */
    struct timer timer; /* after a loss; else while something is expected, at the latest when it is due */
    nsec due;           /* by then it has to have come */
    struct listen_channel pull, push, socket;
    struct http1_names names; /* of the answer to whoever begins */
    struct buf text;          /* what is rendered for a moment */
    struct sse_reader sse;
    int64_t number; /* of the last event, where its id is one; -1: none yet */
    /* the WebSocket: */
    bool socket_stands; /* it may be written to */
    struct websocket websocket;
    struct buf going; /* bytes on their way */
    struct iovec going_iov;
    char key[WEBSOCKET_KEY_TEXT];
    /* Socket.IO: */
    struct sio_client sio;
    struct buf auth, sid; /* as JSON; as a part of a query */
    struct buf outbox;    /* packets that wait for a post */
    enum { SIO_ON_POLLING, SIO_PROBING, SIO_PROBED, SIO_ON_WEBSOCKET } carrier;
    struct listen *next, *next_in_stock;
};

/* ---- listen.c ---- */

/* Nothing more comes. `exchange` and `body` of a refusal, see listen_end. */
void listen_lost(struct listen *l, enum fail_kind kind, const char *why);
void listen_refused(struct listen *l, const struct listen_channel *channel);
/* Something came; `name` of an event, or NULL. */
void listen_hear(struct listen *l, const char *name, const json_t *root);
void listen_hear_text(struct listen *l, const char *name, const char *text, size_t len);
/* The same, without a parser. False: it takes one to know what it says; it is to be heard then. */
bool listen_glimpse(struct listen *l, const char *name, const char *text, size_t len);
/* Something will come within `patience` from now on, or the server has gone. */
void listen_expect(struct listen *l, nsec patience);
/* Gives the memory of one that has become large back. */
void listen_slim(struct buf *b);
/* It stays while somebody holds it. */
void listen_hold(struct listen *l);
void listen_let_go(struct listen *l);

/* ---- listen_channel.c ---- */

void channel_init(struct listen_channel *ch, struct listen *l);
void channel_finish(struct listen_channel *ch);
/* The exchange's own settings are made. False with a sentence: it cannot be rendered. */
bool channel_start(struct listen_channel *ch, const struct request_form *form, char *error);
void channel_drop(struct listen_channel *ch);
/* An answer that is kept, as much of it as is of use. */
bool channel_keep(struct http_exchange *x, const char *bytes, size_t len);
/* Hands on what comes. */
bool channel_feed(struct http_exchange *x, const char *bytes, size_t len);

/* ---- listen_socket.c ---- */

void socket_init(struct listen *l);
void socket_finish(struct listen *l);
bool socket_open(struct listen *l, const char *query, char *error);
void socket_send(struct listen *l, const char *text, size_t len);
/* A close, if it can go at once. False: nothing goes on. */
bool socket_leave(struct listen *l);

/* ---- the ways ---- */

extern const struct listen_way listen_events, listen_websocket, listen_socketio;
void listen_socketio_init(struct listen *l);
void listen_socketio_finish(struct listen *l);
