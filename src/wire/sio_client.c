#include "sio_client.h"

#include <stdio.h>
#include <string.h>

enum { PACKET_MAX = 2 << 20 };

void sio_client_init(struct sio_client *c, const struct sio_client_events *events, void *context)
{
    *c = (struct sio_client){.events = events, .context = context};
    buf_init(&c->out, PACKET_MAX);
}

void sio_client_finish(struct sio_client *c)
{
    buf_finish(&c->out);
}

void sio_client_begin(struct sio_client *c, const char *namespace, const char *auth)
{
    c->namespace = namespace;
    c->auth = auth;
    c->state = SIO_CLIENT_OPENING;
    c->attachments = 0;
    c->fail = FAIL_NONE;
    c->error[0] = '\0';
}

static bool end(struct sio_client *c, enum fail_kind kind, const char *why)
{
    c->state = SIO_CLIENT_OVER;
    c->fail = kind;
    snprintf(c->error, sizeof c->error, "%s", why);
    return false;
}

static bool broken(struct sio_client *c)
{
    return end(c, FAIL_PROTOCOL, "what came is no packet of Socket.IO's");
}

/* ---- what it says ---- */

static void begin_message(struct sio_client *c, enum socketio_type type)
{
    static const char message = '0' + ENGINEIO_MESSAGE;
    buf_clear(&c->out);
    buf_add(&c->out, &message, 1);
    socketio_write(&c->out, type, c->namespace, -1);
}

static void send_out(struct sio_client *c)
{
    if (!c->out.failed)
        c->events->send(c->context, c->out.bytes, c->out.len);
}

void sio_client_emit(struct sio_client *c, const char *event)
{
    begin_message(c, SOCKETIO_EVENT);
    buf_add_text(&c->out, event);
    send_out(c);
}

/* ---- what the server says ---- */

static bool take_handshake(struct sio_client *c, const struct engineio_packet *packet)
{
    if (c->state != SIO_CLIENT_OPENING || !engineio_read_handshake(packet->data, packet->len, &c->handshake))
        return end(c, FAIL_PROTOCOL, "what came is no handshake of Engine.IO 4");
    c->state = SIO_CLIENT_JOINING;
    c->events->opened(c->context);
    begin_message(c, SOCKETIO_CONNECT);
    buf_add_text(&c->out, c->auth);
    send_out(c);
    return true;
}

static bool take_ping(struct sio_client *c, const struct engineio_packet *packet)
{
    buf_clear(&c->out);
    engineio_write(&c->out, ENGINEIO_PONG, packet->data, packet->len);
    send_out(c);
    return true;
}

static bool take_connect(struct sio_client *c)
{
    if (c->state != SIO_CLIENT_JOINING)
        return broken(c);
    c->state = SIO_CLIENT_JOINED;
    c->events->joined(c->context);
    return true;
}

/* 4 has it as a text, 5 as an object with a message. */
static bool take_refusal(struct sio_client *c, const json_t *data)
{
    char why[SIO_CLIENT_ERROR];
    const char *said = json_string_value(json_is_object(data) ? json_object_get(data, "message") : data);
    snprintf(why, sizeof why, "the namespace %.60s is refused%s%.100s", c->namespace, said ? ": " : "",
             said ? said : "");
    return end(c, FAIL_STATUS, why);
}

static bool take_event(struct sio_client *c, const struct socketio_packet *packet)
{
    c->events->event(c->context, socketio_event(packet), socketio_argument(packet, 0));
    return true;
}

static bool take_inner(struct sio_client *c, const struct socketio_packet *packet)
{
    switch (packet->type) {
    case SOCKETIO_CONNECT:
        return take_connect(c);
    case SOCKETIO_DISCONNECT:
        return end(c, FAIL_RESET, "the server has disconnected the namespace");
    case SOCKETIO_CONNECT_ERROR:
        return take_refusal(c, packet->data);
    case SOCKETIO_EVENT:
    case SOCKETIO_BINARY_EVENT:
        return take_event(c, packet);
    case SOCKETIO_ACK:
    case SOCKETIO_BINARY_ACK:
        return true;
    }
    return broken(c);
}

/* Who has seen enough of it at a glance needs no parser. */
static bool glimpse(struct sio_client *c, const struct socketio_packet *packet)
{
    struct socketio_glimpse g;
    return packet->type == SOCKETIO_EVENT && c->events->glimpse && socketio_glimpse(packet, &g) &&
           c->events->glimpse(c->context, g.name, g.arguments, g.len);
}

static bool take_message(struct sio_client *c, const struct engineio_packet *packet)
{
    struct socketio_packet inner;
    if (c->state == SIO_CLIENT_OPENING || c->attachments ||
        !socketio_read_head(packet->data, packet->len, &inner))
        return broken(c);
    c->attachments = inner.attachments;
    if (strcmp(inner.namespace, c->namespace) != 0)
        return true; /* another's: a namespace that nobody asked for says nothing to us */
    if (glimpse(c, &inner))
        return true;
    if (!socketio_read_data(&inner))
        return broken(c);
    bool more = take_inner(c, &inner);
    socketio_finish(&inner);
    return more;
}

bool sio_client_take_binary(struct sio_client *c)
{
    if (!c->attachments)
        return broken(c);
    c->attachments--;
    return true;
}

bool sio_client_take(struct sio_client *c, const char *text, size_t len)
{
    struct engineio_packet packet;
    if (c->state == SIO_CLIENT_OVER)
        return false;
    if (!engineio_parse(text, len, &packet))
        return broken(c);
    switch (packet.type) {
    case ENGINEIO_OPEN:
        return take_handshake(c, &packet);
    case ENGINEIO_CLOSE:
        return end(c, FAIL_RESET, "the server has closed the session");
    case ENGINEIO_PING:
        return take_ping(c, &packet);
    case ENGINEIO_MESSAGE:
        return take_message(c, &packet);
    case ENGINEIO_BINARY:
        return sio_client_take_binary(c);
    case ENGINEIO_NOOP:
    case ENGINEIO_PONG:
        return true;
    case ENGINEIO_UPGRADE:
        break;
    }
    return broken(c);
}
