/* sio_client: whatever packets come, it is over once and says why, and what it says itself can be read. The
 * first byte chooses the namespace; a packet that is 0x1F alone is a binary message. */
#include "fuzz.h"
#include "sio_client.h"

static struct sio_client client;
static int opened, joined;

static void on_send(void *context, const char *packet, size_t len)
{
    struct engineio_packet e;
    struct socketio_packet s;
    (void)context;
    assert(engineio_parse(packet, len, &e) && (e.type == ENGINEIO_PONG || e.type == ENGINEIO_MESSAGE));
    if (e.type == ENGINEIO_MESSAGE) {
        assert(socketio_parse(e.data, e.len, &s) && strcmp(s.namespace, client.namespace) == 0);
        socketio_finish(&s);
    }
}

static void on_opened(void *context)
{
    (void)context;
    assert(++opened == 1 && client.handshake.sid[0] && client.handshake.ping_interval_ms > 0);
}

static void on_joined(void *context)
{
    (void)context;
    assert(++joined == 1 && opened);
    sio_client_emit(&client, "[\"subscribe\"]");
}

static void on_event(void *context, const char *name, const json_t *argument)
{
    (void)context;
    (void)argument;
    assert(opened && name);
}

static bool glimpse(void *context, const char *name, const char *arguments, size_t len)
{
    (void)context;
    assert(opened && (len == 0 || arguments[len] == ']'));
    return name[0] == '-';
}

static bool take(const char *packet, size_t len)
{
    return len == 1 && *packet == 0x1f ? sio_client_take_binary(&client)
                                       : sio_client_take(&client, packet, len);
}

static void feed(const char *payload, size_t len)
{
    bool more = true;
    while (more && len) {
        const char *end = memchr(payload, ENGINEIO_SEPARATOR, len);
        size_t packet = end ? (size_t)(end - payload) : len, taken = packet + (end != NULL);
        more = take(payload, packet);
        assert(more == (client.state != SIO_CLIENT_OVER) && more == (client.fail == FAIL_NONE));
        assert(more == !client.error[0]);
        payload += taken;
        len -= taken;
    }
    assert(more || !sio_client_take(&client, "6", 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sio_client_events events = {on_send, on_opened, on_joined, glimpse, on_event};
    if (size < 1)
        return 0;
    char *bytes = fuzz_copy(data + 1, size - 1);
    opened = joined = 0;
    sio_client_init(&client, &events, NULL);
    sio_client_begin(&client, data[0] & 1 ? "/jobs" : "/", data[0] & 2 ? "{}" : "");
    feed(bytes, size - 1);
    sio_client_finish(&client);
    free(bytes);
    return 0;
}
