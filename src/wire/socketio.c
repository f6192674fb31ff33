#include "socketio.h"

#include "json_depth.h"

#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool is_digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

/* False when there is none, or it is too large. */
static bool read_number(struct cursor *c, int64_t *ret)
{
    static const int64_t MOST = (int64_t)1 << 53; /* what JavaScript counts to */
    if (!is_digit(c))
        return false;
    for (*ret = 0; is_digit(c); c->at++) {
        *ret = *ret * 10 + (*c->at - '0');
        if (*ret > MOST)
            return false;
    }
    return true;
}

static bool read_attachments(struct cursor *c, struct socketio_packet *p)
{
    int64_t count = 0;
    if (p->type != SOCKETIO_BINARY_EVENT && p->type != SOCKETIO_BINARY_ACK)
        return true;
    if (!read_number(c, &count) || count > SOCKETIO_ATTACHMENTS_MAX || c->at == c->end || *c->at++ != '-')
        return false;
    p->attachments = (int)count;
    return true;
}

static bool read_namespace(struct cursor *c, struct socketio_packet *p)
{
    strcpy(p->namespace, "/");
    if (c->at == c->end || *c->at != '/')
        return true;
    const char *comma = memchr(c->at, ',', (size_t)(c->end - c->at));
    size_t len = (size_t)((comma ? comma : c->end) - c->at);
    if (len > SOCKETIO_NAMESPACE_MAX || memchr(c->at, '\0', len))
        return false;
    memcpy(p->namespace, c->at, len);
    p->namespace[len] = '\0';
    c->at += len + (comma != NULL);
    return true;
}

static bool parse_json(struct socketio_packet *p)
{
    if (p->json_len == 0)
        return true;
    if (json_deeper_than(p->json, p->json_len, SOCKETIO_DEPTH_MAX))
        return false;
    p->data = json_loadb(p->json, p->json_len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return p->data;
}

/* What the libraries of clients mean by these names is never an event of the other side. */
static bool is_reserved(const char *name)
{
    static const char *const RESERVED[] = {"connect",       "connect_error", "disconnect",
                                           "disconnecting", "newListener",   "removeListener"};
    for (size_t i = 0; i < sizeof RESERVED / sizeof RESERVED[0]; i++)
        if (strcmp(name, RESERVED[i]) == 0)
            return true;
    return false;
}

static bool is_event(const json_t *data)
{
    const json_t *name = json_array_get(data, 0);
    return json_is_string(name) && !is_reserved(json_string_value(name));
}

static bool data_fits(const struct socketio_packet *p)
{
    switch (p->type) {
    case SOCKETIO_CONNECT:
        return p->ack < 0 && (!p->data || json_is_object(p->data));
    case SOCKETIO_DISCONNECT:
        return p->ack < 0 && !p->data;
    case SOCKETIO_EVENT:
    case SOCKETIO_BINARY_EVENT:
        return is_event(p->data);
    case SOCKETIO_ACK:
    case SOCKETIO_BINARY_ACK:
        return json_is_array(p->data) && p->ack >= 0;
    case SOCKETIO_CONNECT_ERROR:
        return p->ack < 0 && (json_is_string(p->data) || json_is_object(p->data));
    }
    return false;
}

bool socketio_read_head(const char *text, size_t len, struct socketio_packet *ret)
{
    struct cursor c = {text, text + len};
    *ret = (struct socketio_packet){.ack = -1};
    if (len == 0 || *c.at < '0' || *c.at > '0' + SOCKETIO_BINARY_ACK)
        return false;
    ret->type = (enum socketio_type)(*c.at++ - '0');
    if (!read_attachments(&c, ret) || !read_namespace(&c, ret) ||
        (is_digit(&c) && !read_number(&c, &ret->ack)))
        return false;
    ret->json = c.at;
    ret->json_len = (size_t)(c.end - c.at);
    return true;
}

bool socketio_read_data(struct socketio_packet *packet)
{
    if (parse_json(packet) && data_fits(packet))
        return true;
    socketio_finish(packet);
    return false;
}

bool socketio_parse(const char *text, size_t len, struct socketio_packet *ret)
{
    return socketio_read_head(text, len, ret) && socketio_read_data(ret);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c <= 0x7e && c != '\\';
}

bool socketio_glimpse(const struct socketio_packet *packet, struct socketio_glimpse *ret)
{
    const char *at = packet->json, *end = at + packet->json_len;
    size_t len = 0;
    if (end - at < 4 || *at++ != '[' || *at++ != '"' || *--end != ']')
        return false;
    for (; at < end && *at != '"' && is_plain(*at) && len < SOCKETIO_GLIMPSE_TEXT - 1; at++)
        ret->name[len++] = *at;
    ret->name[len] = '\0';
    if (at == end || *at++ != '"' || (at < end && *at != ','))
        return false;
    ret->arguments = at < end ? at + 1 : end;
    ret->len = (size_t)(end - ret->arguments);
    return !is_reserved(ret->name);
}

void socketio_finish(struct socketio_packet *packet)
{
    json_decref(packet->data);
    packet->data = NULL;
}

const char *socketio_event(const struct socketio_packet *packet)
{
    return json_string_value(json_array_get(packet->data, 0));
}

json_t *socketio_argument(const struct socketio_packet *packet, size_t index)
{
    return json_array_get(packet->data, index + 1);
}

void socketio_write(struct buf *out, enum socketio_type type, const char *namespace, int64_t ack)
{
    buf_printf(out, "%d", (int)type);
    if (strcmp(namespace, "/") != 0)
        buf_printf(out, "%s,", namespace);
    if (ack >= 0)
        buf_printf(out, "%lld", (long long)ack);
}
