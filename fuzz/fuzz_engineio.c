/* engineio: a payload that is taken comes back from its packets; a handshake that is taken, from its values.
 */
#include "engineio.h"
#include "fuzz.h"

static void check_payload(const char *bytes, size_t len)
{
    struct engineio_packet packet;
    struct buf one, again;
    const char *rest = bytes;
    size_t left = len;
    bool good = true;
    buf_init(&one, len + 1);
    buf_init(&again, len + 1);
    while (good && left) {
        good = engineio_next(&rest, &left, &packet);
        assert(rest >= bytes && rest + left == bytes + len);
        if (!good)
            break;
        buf_clear(&one);
        engineio_write(&one, packet.type, packet.data, packet.len);
        engineio_add(&again, one.bytes, one.len);
    }
    assert(!good || (again.len == len && (!len || memcmp(again.bytes, bytes, len) == 0)));
    buf_finish(&one);
    buf_finish(&again);
}

static void check_handshake(const char *bytes, size_t len)
{
    struct engineio_handshake first, second;
    if (!engineio_read_handshake(bytes, len, &first) || strpbrk(first.sid, "\"\\\n"))
        return;
    for (const char *at = first.sid; *at; at++)
        if (*at > 0 && *at < ' ')
            return; /* ours are plain: nobody escapes them */
    struct buf out;
    struct engineio_packet packet;
    buf_init(&out, 1000);
    engineio_write_handshake(&out, &first);
    assert(engineio_parse(out.bytes, out.len, &packet) && packet.type == ENGINEIO_OPEN);
    assert(engineio_read_handshake(packet.data, packet.len, &second));
    assert(strcmp(first.sid, second.sid) == 0 && first.websocket == second.websocket &&
           first.ping_interval_ms == second.ping_interval_ms &&
           first.ping_timeout_ms == second.ping_timeout_ms &&
           first.max_payload_bytes == second.max_payload_bytes);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size);
    check_payload(bytes, size);
    check_handshake(bytes, size);
    free(bytes);
    return 0;
}
