/*
 * sim_teller - a server in virtual time that tells of jobs: by Server-Sent Events, a WebSocket, or Socket.IO
 * over long polling and WebSockets, all by a script.
 *
 *   POST /jobs           {"id":"j1"}
 *   GET /events?...      the script's texts are the stream
 *   GET /ws              ... are messages
 *   /socket.io/          ... are packets of Engine.IO; the handshake and the answers to a probe are its own
 *   GET /result          "ok"
 *   GET /status          how the job stands; 404 when nobody knows
 *
 * Each stream, WebSocket or session that is opened plays the next attempt of the script, the last one again
 * and again.
 */
#pragma once

#include "buf.h"
#include "loop_sim.h"

enum { TELLER_SOCKETS = 16, TELLER_SAYS = 8, TELLER_TIMERS = 64 };

enum tell_kind {
    TELL_TEXT,
    TELL_RAW, /* on a WebSocket: bytes that are no frame of the script's making; of a poll that waits the body
               */
    TELL_PING,  /* a WebSocket's own */
    TELL_CLOSE, /* a WebSocket's own, code 1011 */
    TELL_END,   /* the connection ends, or is reset; of long polling: the session is forgotten */
    TELL_RESET
};

struct tell {
    nsec at; /* since the stream began */
    const char *text;
    enum tell_kind kind;
    size_t len; /* TELL_RAW: of a text with NULs; 0: it has none */
};

struct tell_attempt {
    const char *refusal;            /* a whole answer in place of a stream; NULL: none */
    struct tell tells[TELLER_SAYS]; /* up to the first without text and kind */
    bool no_probe;                  /* of a session: its WebSocket is refused */
};

struct sim_teller {
    /* set before the run: */
    const struct tell_attempt *attempts;
    const char *ended; /* what /status says once the first stream is `ends_at` old; NULL: 404 */
    nsec ends_at;
    /* what it saw: */
    int begun, pulls, posts, results;
    int deliveries;   /* each is an allocation of the simulation's */
    struct buf heard; /* what clients said, with '|' behind each */
    char head[2048];  /* of the last that began a stream */
    /* its own: */
    struct loop *loop;
    struct buf inbox[TELLER_SOCKETS];
    bool framed[TELLER_SOCKETS]; /* a WebSocket */
    struct tell_timer {
        struct timer timer;
        struct sim_teller *teller;
        const struct tell *tell;
        int session;
    } timers[TELLER_TIMERS];
    int timer_count;
    const struct tell_attempt *attempt;
    nsec began;      /* the first stream */
    int session;     /* the number of the one that lives; 0: none */
    int waiting;     /* the socket of its poll; -1: none */
    int carrier;     /* its WebSocket, once it is one; -1: none */
    struct buf news; /* packets for its next poll */
};

void sim_teller_init(struct sim_teller *t, const struct tell_attempt *attempts);
void sim_teller_finish(struct sim_teller *t);
