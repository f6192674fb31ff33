/*
 * sio_client - the client of one Socket.IO session (Engine.IO 4, Socket.IO 5) in one namespace, without I/O:
 * packets in, packets out.
 *
 * Whoever owns it brings the packets, in their order, over whichever transport, and sends those it is given.
 * It answers pings, connects to the namespace, and hands on the events of that namespace. Acks are neither
 * asked for nor given. One thread.
 */
#pragma once

#include "engineio.h"
#include "fail.h"
#include "socketio.h"

struct sio_client;

struct sio_client_events {
    void (*send)(void *context, const char *packet,
                 size_t len); /* of Engine.IO; it is good during the call */
    /* The handshake is there; what it says stands in `handshake`. */
    void (*opened)(void *context);
    void (*joined)(void *context); /* the namespace: events may be sent */
    /* An event that is written plainly, before it is parsed; `arguments` are as they stand in the packet,
     * whether or not they are JSON. True: it has been dealt with. NULL: all are parsed. Some servers send
     * events before they say that the namespace is joined. */
    bool (*glimpse)(void *context, const char *name, const char *arguments, size_t len);
    /* One that was parsed. `argument` is the first one, borrowed; NULL: none. */
    void (*event)(void *context, const char *name, const json_t *argument);
};

enum sio_client_state {
    SIO_CLIENT_OPENING, /* waits for the handshake */
    SIO_CLIENT_JOINING, /* has asked for the namespace */
    SIO_CLIENT_JOINED,
    SIO_CLIENT_OVER
};

enum { SIO_CLIENT_ERROR = 200 };

struct sio_client {
    const struct sio_client_events *events;
    void *context;
    const char *namespace; /* the caller's */
    const char *auth;      /* JSON, the caller's; "" for none */
    enum sio_client_state state;
    struct engineio_handshake handshake;
    int attachments; /* binary messages that belong to the last event */
    struct buf out;  /* a packet that is written; its memory is kept */
    enum fail_kind fail;
    char error[SIO_CLIENT_ERROR]; /* why it is over */
};

void sio_client_init(struct sio_client *c, const struct sio_client_events *events, void *context);
void sio_client_finish(struct sio_client *c);
/* Another session begins. Both texts stay as long as it lasts. */
void sio_client_begin(struct sio_client *c, const char *namespace, const char *auth);

/* A packet from the server. False when the session is over: `fail` and `error` say why. */
bool sio_client_take(struct sio_client *c, const char *packet, size_t len);
/* A binary message of a WebSocket. */
bool sio_client_take_binary(struct sio_client *c);
/* `event` is a list as JSON: the name and the arguments. After it has joined. */
void sio_client_emit(struct sio_client *c, const char *event);
