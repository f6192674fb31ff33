#include "test.h"
#include "http1.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>

struct seen {
    char body[4096];
    size_t len;
};

static void on_body(void *context, const char *bytes, size_t len)
{
    struct seen *s = context;
    assert_true(s->len + len <= sizeof s->body);
    memcpy(s->body + s->len, bytes, len);
    s->len += len;
}

static const struct row {
    const char *name;
    const char *input;
    bool end; /* the connection ends behind it */
    enum http1_state state;
    int status;
    const char *body;
    bool keep_alive;
    const char *error; /* a part of it */
} rows[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, HTTP1_DONE, 200, "hello", true, ""},
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 200, "", true, ""},
    {"no reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 404, "", true, ""},
    {"empty reason", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 404, "", true, ""},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, HTTP1_DONE, 204, "", true, ""},
    {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", false, HTTP1_DONE, 304, "", true, ""},
    {"close", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE, 200, "x",
     false, ""},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE, 200, "x", false, ""},
    {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE, 200,
     "x", true, ""},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nall of it", true, HTTP1_DONE, 200, "all of it", false, ""},
    {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", false,
     HTTP1_DONE, 200, "hello world", true, ""},
    {"chunked trailer",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: w\r\n\r\n", false,
     HTTP1_DONE, 200, "0123456789", true, ""},
    {"continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, HTTP1_DONE,
     200, "ok", true, ""},
    {"early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false,
     HTTP1_DONE, 200, "", true, ""},
    {"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", false, HTTP1_DONE, 200,
     "ok", true, ""},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", false, HTTP1_FAILED, 200, "",
     false, "two different"},
    {"length list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", false, HTTP1_FAILED, 200, "", false,
     "no number"},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "no number"},
    {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", false, HTTP1_FAILED, 200, "",
     false, "no number"},
    {"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false,
     HTTP1_FAILED, 200, "", false, "both"},
    {"gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "other than chunked"},
    {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, HTTP1_FAILED, 0, "", false, "CR LF"},
    {"folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"space before colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"NUL in a header", "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "control"},
    {"garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, HTTP1_FAILED, 101, "", false, "switched"},
    {"bad status", "HTTP/1.1 2x0 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "three digits"},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, HTTP1_FAILED, 200, "", false,
     "hexadecimal"},
    {"long chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", false, HTTP1_FAILED,
     200, "ab", false, ""},
    {"huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", false, HTTP1_FAILED,
     200, "", false, "too large"},
    {"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le", true, HTTP1_FAILED, 0, "", false, "middle"},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, HTTP1_FAILED, 200, "hel", true,
     "middle"},
    {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true, HTTP1_FAILED, 200, "hel",
     true, "middle"},
    {"nothing", "", true, HTTP1_FAILED, 0, "", false, "without an answer"},
};

static void check(const struct row *row, struct http1 *p, const struct seen *s, size_t split)
{
    if (p->state != row->state || (row->state == HTTP1_DONE && p->status != row->status) ||
        s->len != strlen(row->body) || memcmp(s->body, row->body, s->len) != 0 ||
        (row->state == HTTP1_DONE && p->keep_alive != row->keep_alive) || !strstr(p->error, row->error))
        fail_msg("%s, split at %zu: state %d status %d body '%.*s' error '%s'", row->name, split, p->state, p->status,
                 (int)s->len, s->body, p->error);
}

/* An exact-size copy, so that a sanitizer sees a read past the end. */
static void feed(struct http1 *p, const char *bytes, size_t len, struct seen *s)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    size_t used = http1_feed(p, copy, len, on_body, s);
    assert_true(used <= len);
    if (p->state == HTTP1_HEAD || p->state == HTTP1_BODY)
        assert_int_equal(used, len);
    free(copy);
}

static void test_whole_and_split_at_every_byte(void **state)
{
    (void)state;
    struct http1 *p = malloc(sizeof *p);
    for (int i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].input);
        for (size_t split = 0; split <= len; split++) {
            struct seen s = {.len = 0};
            http1_init(p, false);
            feed(p, rows[i].input, split, &s);
            feed(p, rows[i].input + split, len - split, &s);
            if (rows[i].end)
                http1_end(p);
            check(&rows[i], p, &s, split);
        }
    }
    free(p);
}

static void test_what_follows_is_left(void **state)
{
    (void)state;
    static const char input[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500";
    struct http1 *p = malloc(sizeof *p);
    struct seen s = {.len = 0};
    http1_init(p, false);
    assert_int_equal(http1_feed(p, input, sizeof input - 1, on_body, &s), strlen(input) - strlen("HTTP/1.1 500"));
    assert_int_equal(p->state, HTTP1_DONE);
    free(p);
}

static void test_headers_that_are_kept(void **state)
{
    (void)state;
    static const char input[] = "HTTP/1.1 429 Slow down\r\nServer:  nginx/1.2 \r\nRetry-After: 17\r\nDate: x\r\n"
                                "Content-Length: 0\r\n\r\n";
    struct http1 *p = malloc(sizeof *p);
    http1_init(p, false);
    http1_feed(p, input, sizeof input - 1, NULL, NULL);
    assert_int_equal(p->state, HTTP1_DONE);
    assert_string_equal(p->server, "nginx/1.2");
    assert_string_equal(p->date, "x");
    assert_int_equal(p->retry_after, 17);
    free(p);
}

static void test_limits(void **state)
{
    (void)state;
    struct http1 *p = malloc(sizeof *p);
    http1_init(p, false);
    http1_feed(p, "HTTP/1.1 200 OK\r\nX: ", 20, NULL, NULL);
    for (int i = 0; i < HTTP1_HEAD_MAX && p->state == HTTP1_HEAD; i++)
        http1_feed(p, "y", 1, NULL, NULL);
    assert_int_equal(p->state, HTTP1_FAILED);
    http1_init(p, false);
    http1_feed(p, "HTTP/1.1 200 OK\r\n", 17, NULL, NULL);
    for (int i = 0; i <= HTTP1_HEADERS_MAX; i++)
        http1_feed(p, "X: y\r\n", 6, NULL, NULL);
    http1_feed(p, "\r\n", 2, NULL, NULL);
    assert_int_equal(p->state, HTTP1_FAILED);
    assert_non_null(strstr(p->error, "too many"));
    free(p);
}

static void test_head_has_no_body(void **state)
{
    (void)state;
    struct http1 *p = malloc(sizeof *p);
    http1_init(p, true);
    http1_feed(p, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 38, NULL, NULL);
    assert_int_equal(p->state, HTTP1_DONE);
    assert_int_equal(p->content_length, 5);
    free(p);
}

/* Whatever comes, whole or in two pieces, the outcome is the same and nothing is read out of bounds. */
static void test_changed_bytes(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7, 0);
    struct http1 *whole = malloc(sizeof *whole), *split = malloc(sizeof *split);
    for (int round = 0; round < 20000; round++) {
        char input[512];
        const struct row *row = &rows[rng_range(&r, 0, COUNT(rows) - 1)];
        size_t len = strlen(row->input);
        memcpy(input, row->input, len);
        for (int k = 0; k < 3 && len; k++)
            input[rng_range(&r, 0, (int64_t)len - 1)] = (char)rng_range(&r, 0, 255);
        size_t at = (size_t)rng_range(&r, 0, (int64_t)len);
        struct seen a = {.len = 0}, b = {.len = 0};
        http1_init(whole, false);
        http1_init(split, false);
        feed(whole, input, len, &a);
        feed(split, input, at, &b);
        if (split->state == HTTP1_HEAD || split->state == HTTP1_BODY)
            feed(split, input + at, len - at, &b);
        assert_int_equal(whole->state, split->state);
        assert_int_equal(a.len, b.len);
    }
    free(whole);
    free(split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_split_at_every_byte), cmocka_unit_test(test_what_follows_is_left),
        cmocka_unit_test(test_headers_that_are_kept),         cmocka_unit_test(test_limits),
        cmocka_unit_test(test_head_has_no_body),              cmocka_unit_test(test_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
