#include "test.h"

#include "engineio.h"

static void test_packets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        enum engineio_type type;
        const char *data;
    } rows[] = {
        {"0{}", true, ENGINEIO_OPEN, "{}"},
        {"1", true, ENGINEIO_CLOSE, ""},
        {"2probe", true, ENGINEIO_PING, "probe"},
        {"3", true, ENGINEIO_PONG, ""},
        {"4", true, ENGINEIO_MESSAGE, ""},
        {"42[\"a\"]", true, ENGINEIO_MESSAGE, "2[\"a\"]"},
        {"5", true, ENGINEIO_UPGRADE, ""},
        {"6", true, ENGINEIO_NOOP, ""},
        {"bAQID", true, ENGINEIO_BINARY, "AQID"},
        {"", false},
        {"7", false},
        {"a", false},
        {" 4", false},
        {"/", false},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct engineio_packet packet;
        assert_int_equal(engineio_parse(rows[i].text, strlen(rows[i].text), &packet), rows[i].good);
        if (!rows[i].good)
            continue;
        assert_int_equal(packet.type, rows[i].type);
        assert_int_equal(packet.len, strlen(rows[i].data));
        assert_memory_equal(packet.data, rows[i].data, packet.len);
        struct buf out;
        buf_init(&out, 100);
        engineio_write(&out, packet.type, packet.data, packet.len);
        assert_string_equal(buf_text(&out), rows[i].text);
        buf_finish(&out);
    }
}

/* How many packets it has; -1: broken. */
static int count(const char *payload)
{
    struct engineio_packet packet;
    size_t len = strlen(payload);
    int packets = 0;
    while (len && engineio_next(&payload, &len, &packet))
        packets++;
    return len ? -1 : packets;
}

static void test_payloads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int packets;
    } rows[] = {
        {"", 0},
        {"4a", 1},
        {"4a\x1e"
         "4b",
         2},
        {"4\x1e"
         "4\x1e"
         "bAA==",
         3},
        {"\x1e", -1},
        {"4a\x1e", -1},
        {"\x1e"
         "4a",
         -1},
        {"4a\x1e\x1e"
         "4b",
         -1},
        {"4a\x1e"
         "9",
         -1},
        {"x", -1},
    };
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(count(rows[i].text), rows[i].packets);
}

static void test_added(void **state)
{
    (void)state;
    struct buf payload;
    buf_init(&payload, 6);
    engineio_add(&payload, "4a", 2);
    engineio_add(&payload, "6", 1);
    assert_string_equal(buf_text(&payload), "4a\x1e"
                                            "6");
    engineio_add(&payload, "4b", 2); /* does not fit with its separator: none of it is there */
    assert_string_equal(buf_text(&payload), "4a\x1e"
                                            "6");
    assert_true(payload.failed);
    buf_finish(&payload);
}

static void test_handshake(void **state)
{
    (void)state;
    struct engineio_handshake made = {"abc", true, 25000, 20000, 1000000}, read;
    struct engineio_packet packet;
    struct buf out;
    buf_init(&out, 1000);
    engineio_write_handshake(&out, &made);
    assert_string_equal(buf_text(&out),
                        "0{\"sid\":\"abc\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
                        "\"pingTimeout\":20000,\"maxPayload\":1000000}");
    assert_true(engineio_parse(out.bytes, out.len, &packet));
    assert_true(engineio_read_handshake(packet.data, packet.len, &read));
    assert_string_equal(read.sid, "abc");
    assert_true(read.websocket);
    assert_int_equal(read.ping_interval_ms, 25000);
    assert_int_equal(read.ping_timeout_ms, 20000);
    assert_int_equal(read.max_payload_bytes, 1000000);
    buf_finish(&out);
    static const char older[] =
        "{\"sid\":\"a\",\"upgrades\":[],\"pingTimeout\":20000,\"pingInterval\":25000}";
    assert_true(engineio_read_handshake(older, sizeof older - 1, &read));
    assert_int_equal(read.max_payload_bytes, ENGINEIO_PAYLOAD_USUAL);
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":0,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"a\",\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":1}",
        "{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":1,\"maxPayload\":99999999999}",
        "{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":\"1\",\"pingTimeout\":1,\"maxPayload\":1}",
    };
    for (int i = 0; i < COUNT(bad); i++)
        assert_false(engineio_read_handshake(bad[i], strlen(bad[i]), &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packets), cmocka_unit_test(test_payloads),
                                       cmocka_unit_test(test_added), cmocka_unit_test(test_handshake)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
