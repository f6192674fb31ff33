#include "test.h"

#include "sse.h"

static void test_events(void **state)
{
    (void)state;
    static const struct {
        const char *name, *id, *data, *text;
    } rows[] = {
        {"a", "1", "{}", "id: 1\nevent: a\ndata: {}\n\n"},
        {"a", NULL, "x", "event: a\ndata: x\n\n"},
        {"a", NULL, "", "event: a\ndata: \n\n"},
        {"a", NULL, "x\n\ny\n", "event: a\ndata: x\ndata: \ndata: y\ndata: \n\n"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 1000);
        sse_write(&out, rows[i].name, rows[i].id, rows[i].data, strlen(rows[i].data));
        assert_string_equal(buf_text(&out), rows[i].text);
        buf_finish(&out);
    }
}

static void test_rest(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    sse_write_retry(&out, 2000);
    sse_write_comment(&out, "here");
    assert_string_equal(buf_text(&out), "retry: 2000\n\n: here\n\n");
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events), cmocka_unit_test(test_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
