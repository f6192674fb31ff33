#include "test.h"

#include "socketio.h"

static const struct {
    const char *text;
    enum socketio_type type;
    int attachments;
    const char *namespace;
    int64_t ack;
    const char *data; /* NULL: none */
} good[] = {
    {"0", SOCKETIO_CONNECT, 0, "/", -1, NULL},
    {"0{\"token\":\"t\"}", SOCKETIO_CONNECT, 0, "/", -1, "{\"token\":\"t\"}"},
    {"0/admin", SOCKETIO_CONNECT, 0, "/admin", -1, NULL},
    {"0/admin,", SOCKETIO_CONNECT, 0, "/admin", -1, NULL},
    {"0/a,{\"x\":1}", SOCKETIO_CONNECT, 0, "/a", -1, "{\"x\":1}"},
    {"1", SOCKETIO_DISCONNECT, 0, "/", -1, NULL},
    {"1/a,", SOCKETIO_DISCONNECT, 0, "/a", -1, NULL},
    {"2[\"a\"]", SOCKETIO_EVENT, 0, "/", -1, "[\"a\"]"},
    {"212[\"a\",1]", SOCKETIO_EVENT, 0, "/", 12, "[\"a\",1]"},
    {"2/n,0[\"a\"]", SOCKETIO_EVENT, 0, "/n", 0, "[\"a\"]"},
    {"30[]", SOCKETIO_ACK, 0, "/", 0, "[]"},
    {"4\"no\"", SOCKETIO_CONNECT_ERROR, 0, "/", -1, "\"no\""},
    {"4{\"message\":\"no\"}", SOCKETIO_CONNECT_ERROR, 0, "/", -1, "{\"message\":\"no\"}"},
    {"51-[\"a\",{\"_placeholder\":true,\"num\":0}]", SOCKETIO_BINARY_EVENT, 1, "/", -1,
     "[\"a\",{\"_placeholder\":true,\"num\":0}]"},
    {"510-/b,7[\"a\"]", SOCKETIO_BINARY_EVENT, 10, "/b", 7, "[\"a\"]"},
    {"61-3[1]", SOCKETIO_BINARY_ACK, 1, "/", 3, "[1]"},
};

static const char *const bad[] = {
    "",
    "7",
    "a",
    "-",
    "2",
    "2[]",
    "2[1]",
    "2{}",
    "2\"a\"",
    "2[\"a\"",
    "2[\"a\"]x",
    "2[\"connect\"]",
    "2[\"disconnect\",1]",
    "2[\"newListener\"]",
    "0[]",
    "01",
    "0\"a\"",
    "1{}",
    "1[]",
    "3[]",
    "30{}",
    "30",
    "4",
    "4[]",
    "41",
    "5[\"a\"]",
    "51[\"a\"]",
    "5-[\"a\"]",
    "511-[\"a\"]",
    "599999999999999999999-[\"a\"]",
    "299999999999999999999[\"a\"]",
    "2[\"a\",{\"x\":1,\"x\":2}]",
    "2[\"\xff\"]",
    "2/n[\"a\"]",
    "2[\"a\",[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static void test_good(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(good); i++) {
        struct socketio_packet p;
        if (!socketio_parse(good[i].text, strlen(good[i].text), &p))
            fail_msg("%s", good[i].text);
        assert_int_equal(p.type, good[i].type);
        assert_int_equal(p.attachments, good[i].attachments);
        assert_string_equal(p.namespace, good[i].namespace);
        assert_int_equal(p.ack, good[i].ack);
        char *data = p.data ? json_dumps(p.data, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        assert_int_equal(data != NULL, good[i].data != NULL);
        if (data)
            assert_string_equal(data, good[i].data);
        free(data);
        socketio_finish(&p);
    }
}

static void test_bad(void **state)
{
    (void)state;
    struct socketio_packet p;
    for (int i = 0; i < COUNT(bad); i++)
        if (socketio_parse(bad[i], strlen(bad[i]), &p))
            fail_msg("%s was taken", bad[i]);
    char name[SOCKETIO_NAMESPACE_MAX + 8];
    memset(name, 'n', sizeof name);
    memcpy(name, "0/", 2);
    assert_false(socketio_parse(name, SOCKETIO_NAMESPACE_MAX + 2, &p));
    assert_true(socketio_parse(name, SOCKETIO_NAMESPACE_MAX + 1, &p));
    assert_false(socketio_parse("0/a\0b", 5, &p));
}

static void test_event(void **state)
{
    (void)state;
    struct socketio_packet p;
    assert_true(socketio_parse("2[\"go\",7]", 9, &p));
    assert_string_equal(socketio_event(&p), "go");
    assert_int_equal(json_integer_value(socketio_argument(&p, 0)), 7);
    assert_null(socketio_argument(&p, 1));
    socketio_finish(&p);
}

static void test_write(void **state)
{
    (void)state;
    static const struct {
        enum socketio_type type;
        const char *namespace;
        int64_t ack;
        const char *text;
    } rows[] = {{SOCKETIO_EVENT, "/", -1, "2"},
                {SOCKETIO_ACK, "/", 0, "30"},
                {SOCKETIO_CONNECT_ERROR, "/x", -1, "4/x,"},
                {SOCKETIO_ACK, "/x", 12, "3/x,12"}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 100);
        socketio_write(&out, rows[i].type, rows[i].namespace, rows[i].ack);
        assert_string_equal(buf_text(&out), rows[i].text);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_event), cmocka_unit_test(test_write)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
