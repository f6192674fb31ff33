#include "test.h"

#include "sse_reader.h"

/* What was read, as text: name(data) and so on. */
static bool note(void *context, const struct sse_event *e)
{
    buf_printf(context, "%s(", e->name);
    buf_add(context, e->data, e->len);
    buf_add_text(context, ")");
    assert_int_equal(e->data[e->len], '\0');
    return strcmp(e->name, "enough") != 0;
}

static const struct {
    const char *stream, *events, *id;
    int retry_ms;
} rows[] = {
    {"data: a\n\n", "message(a)", "", -1},
    {"data:a\r\n\r\n", "message(a)", "", -1},
    {"data:  a\r\rdata:b\r\r", "message( a)message(b)", "", -1},
    {"data: a\r\n\ndata: b\n\r\n", "message(a)message(b)", "", -1},
    {"event: x\ndata: 1\ndata: 2\ndata\n\n", "x(1\n2\n)", "", -1},
    {"data\n\ndata\ndata\n\ndata:\n\n", "message()message(\n)message()", "", -1},
    {"event: x\n\ndata: a\n\n", "message(a)", "", -1},
    {": a comment\ndata: a\n:\n\n", "message(a)", "", -1},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     "message(a)", "", -1},
    {"\n\xef\xbb\xbf"
     "data: a\n\n",
     "", "", -1},
    {"id: 7\ndata: a\n\nid\ndata: b\n\nid: 9\n\n", "message(a)message(b)", "9", -1},
    {"id: 7\ndata: a\n\nid: 8\ndata: b\n", "message(a)", "7", -1},
    {"id: 1\ndata: a\n\ndata: b\n\n", "message(a)message(b)", "1", -1},
    {"retry: 2000\n\n", "", "", 2000},
    {"retry: 2s\nretry\nretry:\nretry: -1\n", "", "", -1},
    {"retry: 99999999999999999999\n", "", "", SSE_RETRY_MAX_MS},
    {"Data: a\n data: b\ndata : c\nother: d\n\n", "", "", -1},
    {"data: a: b\n\n", "message(a: b)", "", -1},
    {"data: a", "", "", -1},
    {"data: a\n", "", "", -1},
    {"", "", "", -1},
    {"event: enough\ndata: a\n\ndata: b\n\n", "enough(a)", "", -1},
};

static void feed(struct sse_reader *r, struct buf *seen, const char *stream, size_t cut)
{
    if (sse_feed(r, stream, cut, note, seen))
        sse_feed(r, stream + cut, strlen(stream) - cut, note, seen);
}

static void test_streams_cut_everywhere(void **state)
{
    (void)state;
    struct sse_reader r;
    struct buf seen;
    sse_reader_init(&r, 1000);
    buf_init(&seen, 1000);
    for (int i = 0; i < COUNT(rows); i++)
        for (size_t cut = 0; cut <= strlen(rows[i].stream); cut++) {
            sse_reader_clear(&r);
            buf_clear(&seen);
            feed(&r, &seen, rows[i].stream, cut);
            assert_string_equal(buf_text(&seen), rows[i].events);
            assert_string_equal(r.id, rows[i].id);
            assert_int_equal(r.retry_ms, rows[i].retry_ms);
        }
    buf_finish(&seen);
    sse_reader_finish(&r);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    struct sse_reader r;
    struct buf seen;
    sse_reader_init(&r, 1000);
    buf_init(&seen, 1000);
    for (int i = 0; i < COUNT(rows); i++) {
        const char *at = rows[i].stream;
        sse_reader_clear(&r);
        buf_clear(&seen);
        while (*at && sse_feed(&r, at, 1, note, &seen))
            at++;
        assert_string_equal(buf_text(&seen), rows[i].events);
    }
    buf_finish(&seen);
    sse_reader_finish(&r);
}

static void test_names_and_ids_are_bounded(void **state)
{
    (void)state;
    struct sse_reader r;
    struct buf seen, text;
    sse_reader_init(&r, 1000);
    buf_init(&seen, 1000);
    buf_init(&text, 2000);
    buf_printf(&text, "event: %0300d\nid: %0300d\ndata: a\n\n", 0, 0);
    assert_true(sse_feed(&r, text.bytes, text.len, note, &seen));
    assert_int_equal(seen.len, SSE_NAME_MAX + 3);
    assert_string_equal(r.id, "");
    static const char nul[] = "id: a\0b\ndata: a\n\n";
    assert_true(sse_feed(&r, nul, sizeof nul - 1, note, &seen));
    assert_string_equal(r.id, "");
    buf_finish(&seen);
    buf_finish(&text);
    sse_reader_finish(&r);
}

/* A line, or lines together, that are longer than is taken; in one piece or in many. */
static void test_too_long(void **state)
{
    (void)state;
    static const char *const streams[] = {"data: 0123456789\n", "data: 01234\ndata: 567\n\n",
                                          ": a long comment"};
    for (int i = 0; i < COUNT(streams); i++)
        for (size_t piece = 1; piece <= strlen(streams[i]); piece++) {
            struct sse_reader r;
            bool good = true;
            sse_reader_init(&r, 8);
            for (size_t at = 0; good && at < strlen(streams[i]); at += piece) {
                size_t left = strlen(streams[i]) - at;
                good = sse_feed(&r, streams[i] + at, left < piece ? left : piece, note, NULL);
            }
            assert_false(good);
            assert_true(sse_too_long(&r));
            sse_reader_clear(&r);
            assert_false(sse_too_long(&r));
            sse_reader_finish(&r);
        }
}

static void test_another_stream(void **state)
{
    (void)state;
    struct sse_reader r;
    struct buf seen;
    sse_reader_init(&r, 1000);
    buf_init(&seen, 1000);
    feed(&r, &seen, "retry: 5\nid: 1\ndata: a\n\nevent: x\nid: 2\ndata: b\nda", 0);
    sse_reader_restart(&r);
    feed(&r, &seen,
         "\xef\xbb\xbf"
         "data: c\n\n",
         0);
    assert_string_equal(buf_text(&seen), "message(a)message(c)");
    assert_string_equal(r.id, "1");
    assert_int_equal(r.retry_ms, 5);
    buf_finish(&seen);
    sse_reader_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_cut_everywhere),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_names_and_ids_are_bounded),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_another_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
