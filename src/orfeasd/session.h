/*
 * session - Engine.IO sessions: one client over long polling, a WebSocket, or the first and then the other.
 *
 * The server pings every `ping_interval`; who does not answer within `ping_timeout` is gone. What is to be
 * sent gathers in `out` and goes in the next turn of the loop, as one payload, with the GET that waits or as
 * messages of the WebSocket. All that ends a session goes through session_close(), once.
 */
#pragma once

#include "exchange.h"
#include "feed.h"
#include "sio.h"
#include "ws_conn.h"

enum {
    SESSION_PAYLOAD_MAX = 1000000, /* bytes of a body or a message of the client */
    SESSIONS_MAX = 20000,
    SESSION_SID_LEN = 20,
    SESSION_BUCKETS = 1 << 12,
};

enum session_error { /* the protocol's numbers */
                     SESSION_OK = -1,
                     SESSION_UNKNOWN_TRANSPORT = 0,
                     SESSION_UNKNOWN_SID,
                     SESSION_BAD_METHOD,
                     SESSION_BAD_REQUEST,
                     SESSION_BAD_VERSION = 5,
};

enum session_probe { PROBE_NONE, PROBE_OPENED, PROBE_ANSWERED };

struct session {
    struct sessions *all;
    char sid[SESSION_SID_LEN + 1];
    struct session *bucket_next, *next, *prev;
    bool polling;           /* else over `socket` */
    struct exchange *poll;  /* the GET that waits */
    bool posting;           /* a POST is on its way */
    struct ws_conn *socket; /* or the one that probes, while polling */
    enum session_probe probe;
    struct buf out;     /* packets, as a payload */
    const char *doomed; /* why it is to be closed in the next turn */
    struct timer beat;  /* to ping, or to miss the pong */
    bool awaits_pong;
    struct timer flush;      /* now */
    struct timer probe_turn; /* answers the GET of a client that waits to upgrade; at last gives up */
    nsec probe_over;
    nsec began;
    struct sio sio;
};

struct sessions {
    struct backend *backend;
    struct session *buckets[SESSION_BUCKETS];
    struct session *first;
    int count;
    bool closed; /* no new ones */
};

struct sessions *sessions_create(struct backend *backend);
/* Closes those that are left. */
void sessions_close(struct sessions *all);
void sessions_destroy(struct sessions *all);
struct session *session_find(struct sessions *all, const char *sid);

/* A new one, with its open packet queued; over `socket`, if that is not NULL. NULL: there are too many. */
struct session *session_open(struct sessions *all, struct ws_conn *socket);

/* Answers a GET, or holds it for session_poll_answer(). */
void session_poll(struct session *s, struct exchange *x);
void session_poll_answer(struct session *s, struct exchange *x); /* its resume() */
/* The GET's client has left while it waited. */
void session_poll_lost(struct session *s);
/* The packets of a POST; it may have closed the session. False when they are broken. */
bool session_payload(struct session *s, const char *payload, size_t len);
/* A WebSocket, whose owner it is, for one that polls and has none. */
void session_probe(struct session *s, struct ws_conn *socket);
extern const struct ws_conn_events session_socket_events;

/* A message to the client. */
void session_send(struct session *s, const char *text, size_t len);
size_t session_backlog(const struct session *s);
/* In the next turn, so also from within an event. The first reason stays. */
void session_doom(struct session *s, const char *why);
/* It is freed. `why` NULL: nobody's fault. */
void session_close(struct session *s, const char *why);
