/* A server and a client that are fed each other's bytes, whole and one by one; and what no client may send.
 */
#include "test.h"

#include "websocket.h"

enum { MESSAGE_MAX = 1000, OUT_MAX = 4000 };

struct side {
    struct websocket websocket;
    int messages, pongs;
    bool text;
    char last[MESSAGE_MAX + 1];
    size_t last_len;
};

static void on_message(void *context, bool text, const char *bytes, size_t len)
{
    struct side *s = context;
    s->messages++;
    s->text = text;
    s->last_len = len;
    memcpy(s->last, bytes, len);
    s->last[len] = '\0';
}

static void on_pong(void *context)
{
    struct side *s = context;
    s->pongs++;
}

static const struct websocket_events EVENTS = {on_message, on_pong};

static void start(struct side *s, enum websocket_side side)
{
    memset(s, 0, sizeof *s);
    assert_true(websocket_init(&s->websocket, side, &EVENTS, s, MESSAGE_MAX, OUT_MAX));
}

/* All that one has for the other, `step` bytes at a time. */
static bool carry(struct side *from, struct side *to, size_t step)
{
    struct buf *out = &from->websocket.out;
    bool good = true;
    while (out->len && good) {
        size_t len = out->len < step ? out->len : step;
        good = websocket_feed(&to->websocket, out->bytes, len);
        buf_consume(out, len);
    }
    return good;
}

static void test_talk(void **state)
{
    (void)state;
    for (size_t step = 1; step < 200; step += 99) {
        struct side server, client;
        start(&server, WEBSOCKET_SERVER);
        start(&client, WEBSOCKET_CLIENT);
        char long_text[MESSAGE_MAX];
        memset(long_text, 'x', sizeof long_text);
        assert_true(websocket_send_text(&client.websocket, "hello", 5));
        assert_true(carry(&client, &server, step));
        assert_string_equal(server.last, "hello");
        assert_true(server.text);
        assert_true(websocket_send_text(&client.websocket, long_text, sizeof long_text));
        assert_true(carry(&client, &server, step));
        assert_int_equal(server.last_len, sizeof long_text);
        assert_int_equal(server.websocket.held, 0);
        assert_true(websocket_send_ping(&server.websocket));
        assert_true(websocket_send_text(&server.websocket, "", 0));
        assert_true(carry(&server, &client, step));
        assert_int_equal(client.messages, 1);
        assert_true(carry(&client, &server, step));
        assert_int_equal(server.pongs, 1);
        websocket_close(&server.websocket, WEBSOCKET_GOING_AWAY);
        assert_false(websocket_send_text(&server.websocket, "late", 4));
        assert_false(carry(&server, &client, step));
        assert_int_equal(websocket_closed_code(&client.websocket), WEBSOCKET_GOING_AWAY);
        assert_false(carry(&client, &server, step));
        assert_int_equal(websocket_closed_code(&server.websocket), WEBSOCKET_GOING_AWAY);
        assert_int_equal(websocket_sent_code(&server.websocket), WEBSOCKET_GOING_AWAY);
        websocket_finish(&server.websocket);
        websocket_finish(&client.websocket);
    }
}

/* A message in two pieces, a ping between them. The mask is zero. */
static const char FRAGMENTS[] = "\x01\x82\0\0\0\0he\x89\x81\0\0\0\0p\x80\x83\0\0\0\0llo";

static void test_fragments(void **state)
{
    (void)state;
    struct side server;
    start(&server, WEBSOCKET_SERVER);
    for (size_t i = 0; i + 1 < sizeof FRAGMENTS; i++)
        assert_true(websocket_feed(&server.websocket, &FRAGMENTS[i], 1));
    assert_int_equal(server.messages, 1);
    assert_string_equal(server.last, "hello");
    assert_memory_equal(server.websocket.out.bytes, "\x8a\x01p", 3);
    assert_int_equal(server.websocket.held, 0);
    websocket_finish(&server.websocket);
}

static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int code;
    } rows[] = {
        {"\x81\x02hi", 4, WEBSOCKET_PROTOCOL_ERROR},         /* not masked */
        {"\xc1\x80\0\0\0\0", 6, WEBSOCKET_PROTOCOL_ERROR},   /* a bit of an extension */
        {"\x83\x80\0\0\0\0", 6, WEBSOCKET_PROTOCOL_ERROR},   /* an operation that is not */
        {"\x80\x80\0\0\0\0", 6, WEBSOCKET_PROTOCOL_ERROR},   /* goes on with nothing */
        {"\x09\x80\0\0\0\0", 6, WEBSOCKET_NO_CODE},          /* a ping in pieces */
        {"\x81\xfe\x03\xe9\0\0\0\0x", 9, WEBSOCKET_TOO_BIG}, /* 1001 bytes, one of them here */
        {"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", 15, WEBSOCKET_TOO_BIG},
        {"\x81\x81\0\0\0\0\xff", 7, 1007}, /* no UTF-8 */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct side server;
        start(&server, WEBSOCKET_SERVER);
        if (websocket_feed(&server.websocket, rows[i].bytes, rows[i].len))
            fail_msg("row %d was taken", i);
        assert_int_equal(websocket_sent_code(&server.websocket), rows[i].code);
        assert_int_equal(server.messages, 0);
        websocket_finish(&server.websocket);
    }
}

static void test_room(void **state)
{
    (void)state;
    struct side server;
    char text[MESSAGE_MAX] = "x";
    start(&server, WEBSOCKET_SERVER);
    for (int i = 0; i < 3; i++)
        assert_true(websocket_send_text(&server.websocket, text, sizeof text));
    size_t before = server.websocket.out.len;
    assert_false(websocket_send_text(&server.websocket, text, sizeof text));
    assert_int_equal(server.websocket.out.len, before);
    assert_true(websocket_send_text(&server.websocket, "short", 5));
    websocket_finish(&server.websocket);
}

/* Pings that nobody fetches the pongs of. */
static void test_flood(void **state)
{
    (void)state;
    struct side server;
    start(&server, WEBSOCKET_SERVER);
    bool good = true;
    int pings = 0;
    for (; good && pings < OUT_MAX; pings++)
        good = websocket_feed(&server.websocket, "\x89\x81\0\0\0\0p", 7);
    assert_false(good);
    assert_true(server.websocket.out.len <= OUT_MAX);
    websocket_finish(&server.websocket);
}

static void test_handshake(void **state)
{
    (void)state;
    char out[WEBSOCKET_ACCEPT_TEXT];
    assert_string_equal(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", out), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_true(websocket_key_valid("dGhlIHNhbXBsZSBub25jZQ=="));
    static const char *const bad[] = {"",
                                      "dGhlIHNhbXBsZSBub25jZQ=",
                                      "dGhlIHNhbXBsZSBub25jZQ===",
                                      "dGhlIHNhbXBsZSBub25jZR==",
                                      "dGhlIHNhbXBsZSBub25jZQA=",
                                      "dGhlIHNhbXBs ZSBub25jZQ=="};
    for (int i = 0; i < COUNT(bad); i++)
        assert_false(websocket_key_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_talk),   cmocka_unit_test(test_fragments),
                                       cmocka_unit_test(test_broken), cmocka_unit_test(test_room),
                                       cmocka_unit_test(test_flood),  cmocka_unit_test(test_handshake)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
