#include "engineio.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

bool engineio_parse(const char *text, size_t len, struct engineio_packet *ret)
{
    if (len == 0)
        return false;
    bool binary = *text == 'b';
    if (!binary && (*text < '0' || *text > '0' + ENGINEIO_NOOP))
        return false;
    *ret = (struct engineio_packet){binary ? ENGINEIO_BINARY : (enum engineio_type)(*text - '0'), text + 1,
                                    len - 1};
    return true;
}

bool engineio_next(const char **payload, size_t *len, struct engineio_packet *ret)
{
    const char *end = memchr(*payload, ENGINEIO_SEPARATOR, *len);
    size_t packet = end ? (size_t)(end - *payload) : *len;
    if (!engineio_parse(*payload, packet, ret))
        return false;
    size_t taken = packet + (end != NULL);
    if (end && taken == *len)
        return false; /* a separator with nothing behind it */
    *payload += taken;
    *len -= taken;
    return true;
}

void engineio_write(struct buf *out, enum engineio_type type, const char *data, size_t len)
{
    char kind = type == ENGINEIO_BINARY ? 'b' : (char)('0' + type);
    buf_add(out, &kind, 1);
    buf_add(out, data, len);
}

void engineio_add(struct buf *payload, const char *packet, size_t len)
{
    static const char separator = ENGINEIO_SEPARATOR;
    char *room = buf_reserve(payload, len + 1); /* both or neither */
    if (!room)
        return;
    size_t at = 0;
    if (payload->len)
        room[at++] = separator;
    memcpy(room + at, packet, len);
    buf_commit(payload, at + len);
}

void engineio_write_handshake(struct buf *out, const struct engineio_handshake *handshake)
{
    buf_printf(out,
               "0{\"sid\":\"%s\",\"upgrades\":[%s],\"pingInterval\":%d,\"pingTimeout\":%d,\"maxPayload\":%d}",
               handshake->sid, handshake->websocket ? "\"websocket\"" : "", handshake->ping_interval_ms,
               handshake->ping_timeout_ms, handshake->max_payload_bytes);
}

static bool read_number(const json_t *object, const char *key, int *ret)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    if (number < 1 || number > INT_MAX)
        return false;
    *ret = (int)number;
    return true;
}

static bool read_max_payload(const json_t *object, int *ret)
{
    *ret = ENGINEIO_PAYLOAD_USUAL;
    return !json_object_get(object, "maxPayload") || read_number(object, "maxPayload", ret);
}

static bool read_sid(const json_t *object, char ret[ENGINEIO_SID_MAX + 1])
{
    const json_t *sid = json_object_get(object, "sid");
    size_t len = json_string_length(sid);
    if (len == 0 || len > ENGINEIO_SID_MAX)
        return false;
    memcpy(ret, json_string_value(sid), len + 1);
    return strlen(ret) == len;
}

static bool read_upgrades(const json_t *object, bool *ret)
{
    const json_t *upgrades = json_object_get(object, "upgrades"), *one;
    size_t i;
    *ret = false;
    json_array_foreach(upgrades, i, one) if (json_is_string(one) &&
                                             strcmp(json_string_value(one), "websocket") == 0) *ret = true;
    return json_is_array(upgrades);
}

bool engineio_read_handshake(const char *data, size_t len, struct engineio_handshake *ret)
{
    json_t *object = json_loadb(data, len, 0, NULL);
    bool ok = read_sid(object, ret->sid) && read_upgrades(object, &ret->websocket) &&
              read_number(object, "pingInterval", &ret->ping_interval_ms) &&
              read_number(object, "pingTimeout", &ret->ping_timeout_ms) &&
              read_max_payload(object, &ret->max_payload_bytes);
    json_decref(object);
    return ok;
}
