#include "test.h"
#include "http1.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(struct http1) <= 128, "ten thousand of them are mostly idle");

/* What came of an input. */
struct seen {
    char body[4096];
    size_t len;
    size_t used; /* of the input */
    struct http1_names names;
    struct http1 p;
};

static void on_body(void *context, const char *bytes, size_t len)
{
    struct seen *s = context;
    assert_true(s->len + len <= sizeof s->body);
    memcpy(s->body + s->len, bytes, len);
    s->len += len;
}

#define OK "HTTP/1.1 200 OK\r\n"
#define HEAD(headers) OK headers "\r\n"
#define CHUNKED HEAD("Transfer-Encoding: chunked") "\r\n"

static const struct row {
    const char *name;
    const char *input;
    bool end; /* the connection ends behind it */
    enum http1_state state;
    int status;
    const char *body;
    bool keep_alive;
    const char *error; /* a part of it */
    size_t len;        /* of the input; 0: up to its NUL */
} rows[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, HTTP1_DONE, 200, "hello", true,
     ""},
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 200, "", true, ""},
    {"no reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 404, "", true, ""},
    {"empty reason", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", false, HTTP1_DONE, 404, "", true, ""},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, HTTP1_DONE, 204, "", true, ""},
    {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", false, HTTP1_DONE, 304, "",
     true, ""},
    {"close", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE,
     200, "x", false, ""},
    {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE, 200, "x", false, ""},
    {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", false, HTTP1_DONE,
     200, "x", true, ""},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nall of it", true, HTTP1_DONE, 200, "all of it", false, ""},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", false,
     HTTP1_DONE, 200, "hello world", true, ""},
    {"chunked trailer",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\nZ: w\r\n\r\n",
     false, HTTP1_DONE, 200, "0123456789", true, ""},
    {"continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false,
     HTTP1_DONE, 200, "ok", true, ""},
    {"early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
     false, HTTP1_DONE, 200, "", true, ""},
    {"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", false,
     HTTP1_DONE, 200, "ok", true, ""},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", false,
     HTTP1_FAILED, 200, "", false, "two different"},
    {"length list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", false, HTTP1_FAILED, 200, "", false,
     "no number"},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "no number"},
    {"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", false, HTTP1_FAILED,
     200, "", false, "no number"},
    {"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     false, HTTP1_FAILED, 200, "", false, "both"},
    {"gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", false, HTTP1_FAILED, 200, "",
     false, "other than chunked"},
    {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, HTTP1_FAILED, 0, "", false, "CR LF"},
    {"folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"space before colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "header line"},
    {"NUL in a header", "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "control"},
    {"garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, HTTP1_FAILED, 101, "", false, "switched"},
    {"bad status", "HTTP/1.1 2x0 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "three digits"},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, HTTP1_FAILED, 200, "",
     false, "hexadecimal"},
    {"long chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", false,
     HTTP1_FAILED, 200, "ab", false, ""},
    {"huge chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", false,
     HTTP1_FAILED, 200, "", false, "too large"},
    {"cut in the head", "HTTP/1.1 200 OK\r\nContent-Le", true, HTTP1_FAILED, 0, "", false, "middle"},
    {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, HTTP1_FAILED, 200, "hel",
     true, "middle"},
    {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true, HTTP1_FAILED,
     200, "hel", true, "middle"},
    {"nothing", "", true, HTTP1_FAILED, 0, "", false, "without an answer"},
    {"spaces around a length", HEAD("Content-Length:\t 2 \t") "\r\nok", false, HTTP1_DONE, 200, "ok", true,
     ""},
    {"plus length", HEAD("Content-Length: +5") "\r\n", false, HTTP1_FAILED, 200, "", false, "no number"},
    {"two numbers", HEAD("Content-Length: 5 5") "\r\n", false, HTTP1_FAILED, 200, "", false, "no number"},
    {"hexadecimal length", HEAD("Content-Length: 0x5") "\r\n", false, HTTP1_FAILED, 200, "", false,
     "no number"},
    {"empty length", HEAD("Content-Length:") "\r\n", false, HTTP1_FAILED, 200, "", false, "no number"},
    {"chunked and length", HEAD("Transfer-Encoding: chunked\r\nContent-Length: 2") "\r\n", false,
     HTTP1_FAILED, 200, "", false, "both"},
    {"chunked twice", HEAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") "\r\n", false,
     HTTP1_FAILED, 200, "", false, "other than chunked"},
    {"chunked in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, HTTP1_FAILED,
     200, "", false, "in HTTP/1.0"},
    {"1.0 kept and closed", "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n",
     false, HTTP1_DONE, 200, "", false, ""},
    {"1.0 until close", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nx", true, HTTP1_DONE, 200, "x",
     false, ""},
    {"empty items", HEAD("Connection: ,, \t,close,\r\nContent-Length: 0") "\r\n", false, HTTP1_DONE, 200, "",
     false, ""},
    {"closely named", HEAD("Connection: closed, keep-alive2\r\nContent-Length: 0") "\r\n", false, HTTP1_DONE,
     200, "", true, ""},
    {"names of known lengths", HEAD("Dart: x\r\nContent-Lengtx: 7\r\nContent-Length: 0") "\r\n", false,
     HTTP1_DONE, 200, "", true, ""},
    {"no content, told a length", "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", false, HTTP1_DONE,
     204, "", true, ""},
    {"continue with a length",
     "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n" HEAD("Content-Length: 2") "\r\nok", false,
     HTTP1_DONE, 200, "ok", true, ""},
    {"continue and the end", "HTTP/1.1 100 Continue\r\n\r\n", true, HTTP1_FAILED, 0, "", false,
     "without an answer"},
    {"letters beyond ASCII", "HTTP/1.1 200 \xc3\xa9\r\nX: \xe9\ty\r\nContent-Length: 0\r\n\r\n", false,
     HTTP1_DONE, 200, "", true, ""},
    {"letters beyond ASCII in a name", HEAD("X\xe9: y") "\r\n", false, HTTP1_FAILED, 200, "", false,
     "header line"},
    {"CR in a header", HEAD("X: a\rContent-Length: 7") "\r\n", false, HTTP1_FAILED, 200, "", false, "CR LF"},
    {"LF in a header", HEAD("X: a\nContent-Length: 7") "\r\n", false, HTTP1_FAILED, 200, "", false, "CR LF"},
    {"LF ends the head", HEAD("X: a") "\n", false, HTTP1_FAILED, 200, "", false, "CR LF"},
    {"DEL in a header", HEAD("X: a\x7f") "\r\n", false, HTTP1_FAILED, 200, "", false, "control"},
    {"NUL in a value", HEAD("X: a\0") "\r\n", false, HTTP1_FAILED, 200, "", false, "control", 23},
    {"NUL in a name", HEAD("X\0: a") "\r\n", false, HTTP1_FAILED, 200, "", false, "control", 23},
    {"NUL in the reason", "HTTP/1.1 200 \0\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "control", 18},
    {"NUL first", "\0HTTP/1.1 200 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin", 20},
    {"no name", HEAD(": a") "\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"no colon", HEAD("X") "\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"folded first", "HTTP/1.1 200 OK\r\n X: a\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"status below 100", "HTTP/1.1 099 Low\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "below 100"},
    {"four digits", "HTTP/1.1 2000 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "three digits"},
    {"two spaces", "HTTP/1.1  200 OK\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "three digits"},
    {"HTTP/2", "HTTP/2 200\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"short", "HTTP/1.1\r\n\r\n", false, HTTP1_FAILED, 0, "", false, "does not begin"},
    {"spaced extension", CHUNKED "2 \t; a=\"b;c\"\r\nok\r\n00;z\r\n\r\n", false, HTTP1_DONE, 200, "ok", true,
     ""},
    {"space behind a size", CHUNKED "2 \r\nok\r\n0\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "hexadecimal"},
    {"space before a size", CHUNKED " 2\r\nok\r\n0\r\n\r\n", false, HTTP1_FAILED, 200, "", false,
     "hexadecimal"},
    {"negative chunk", CHUNKED "-2\r\nok", false, HTTP1_FAILED, 200, "", false, "hexadecimal"},
    {"0x chunk", CHUNKED "0x2\r\nok", false, HTTP1_FAILED, 200, "", false, "hexadecimal"},
    {"empty chunk line", CHUNKED "\r\n0\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "hexadecimal"},
    {"largest chunk", CHUNKED "fffffffffffffff\r\nx", true, HTTP1_FAILED, 200, "x", true, "middle"},
    {"LF ends a size", CHUNKED "2\nok\r\n0\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "CR LF"},
    {"LF ends a chunk", CHUNKED "2\r\nok\n0\r\n\r\n", false, HTTP1_FAILED, 200, "ok", false, "longer"},
    {"CR in an extension", CHUNKED "2;\rx\r\nok\r\n0\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "CR LF"},
    {"lengths in a trailer", CHUNKED "0\r\nContent-Length: 7\r\nTransfer-Encoding: gzip\r\n\r\n", false,
     HTTP1_DONE, 200, "", true, ""},
    {"odd trailer", CHUNKED "0\r\nX y\r\n\r\n", false, HTTP1_FAILED, 200, "", false, "header line"},
    {"cut in a size", CHUNKED "5", true, HTTP1_FAILED, 200, "", true, "middle"},
    {"cut in a trailer", CHUNKED "0\r\nX:", true, HTTP1_FAILED, 200, "", true, "middle"},
};

static size_t row_len(const struct row *row)
{
    return row->len ? row->len : strlen(row->input);
}

static void check(const struct row *row, const struct seen *s)
{
    const struct http1 *p = &s->p;
    if (p->state != row->state || (row->state == HTTP1_DONE && p->status != row->status) ||
        s->len != strlen(row->body) || memcmp(s->body, row->body, s->len) != 0 ||
        (row->state == HTTP1_DONE && p->keep_alive != row->keep_alive) || !strstr(p->error, row->error))
        fail_msg("%s: state %d status %d body '%.*s' error '%s'", row->name, p->state, p->status, (int)s->len,
                 s->body, p->error);
}

static void check_equal(const char *name, const struct seen *a, const struct seen *b, size_t piece)
{
    const struct http1 *p = &a->p, *q = &b->p;
    if (p->state != q->state || p->error != q->error || p->status != q->status ||
        p->content_length != q->content_length || p->retry_after != q->retry_after ||
        p->retry_at != q->retry_at || p->keep_alive != q->keep_alive || a->len != b->len ||
        memcmp(a->body, b->body, a->len) != 0 || (p->state == HTTP1_DONE && a->used != b->used) ||
        strcmp(a->names.server, b->names.server) != 0 || strcmp(a->names.date, b->names.date) != 0 ||
        strcmp(a->names.content_type, b->names.content_type) != 0)
        fail_msg("%s, split at %zu: state %d error '%s' used %zu, and whole: state %d error '%s' used %zu",
                 name, piece, q->state, q->error, b->used, p->state, p->error, a->used);
}

static bool wants_more(const struct http1 *p)
{
    return p->state == HTTP1_HEAD || p->state == HTTP1_BODY;
}

/* An exact-size copy, so that a sanitizer sees a read past the end. */
static void feed(struct seen *s, const char *bytes, size_t len)
{
    if (!wants_more(&s->p))
        return;
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    size_t used = http1_feed(&s->p, copy, len, on_body, s);
    assert_true(used <= len);
    if (wants_more(&s->p))
        assert_int_equal(used, len);
    else
        assert_null(s->p.kept.bytes);
    s->used += used;
    free(copy);
}

/* The first piece, then pieces of `then` bytes. */
static void run(struct seen *s, const char *input, size_t len, size_t first, size_t then, bool end)
{
    *s = (struct seen){.p.names = &s->names};
    http1_init(&s->p, false);
    first = first < len ? first : len;
    feed(s, input, first);
    for (size_t at = first; at < len; at += then)
        feed(s, input + at, then < len - at ? then : len - at);
    if (end)
        http1_end(&s->p);
    http1_finish(&s->p);
}

static void test_whole_and_split_at_every_byte(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        const struct row *row = &rows[i];
        size_t len = row_len(row);
        struct seen whole, split;
        run(&whole, row->input, len, len, len, row->end);
        check(row, &whole);
        for (size_t at = 0; at <= len; at++) {
            run(&split, row->input, len, at, len, row->end);
            check_equal(row->name, &whole, &split, at);
        }
        run(&split, row->input, len, 0, 1, row->end);
        check_equal(row->name, &whole, &split, 0);
    }
}

static void test_what_follows_is_left(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        HEAD("Content-Length: 2") "\r\nok",
        CHUNKED "2\r\nok\r\n0\r\n\r\n",
        CHUNKED "0\r\nX: y\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    };
    for (int i = 0; i < COUNT(inputs); i++) {
        char both[200];
        int len = snprintf(both, sizeof both, "%sHTTP/1.1 500 Next\r\n", inputs[i]);
        struct seen s;
        run(&s, both, (size_t)len, (size_t)len, 1, false);
        assert_int_equal(s.p.state, HTTP1_DONE);
        assert_int_equal(s.used, strlen(inputs[i]));
    }
}

/* Nothing that is wrong already waits for a line's end, which may never come. */
static void test_fails_at_once(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "S",      "\r",        "HTTP/2",       "HTTP/1.1 200\n",    OK "X: \x01",           OK "X: y\rz",
        OK "\rX", CHUNKED "g", CHUNKED "2;\n", CHUNKED "2\r\nok\n", CHUNKED "0\r\nX: \x7f",
    };
    for (int i = 0; i < COUNT(inputs); i++) {
        size_t len = strlen(inputs[i]);
        struct seen s;
        run(&s, inputs[i], len - 1, len - 1, 1, false);
        bool wanted = wants_more(&s.p);
        run(&s, inputs[i], len, len, 1, false);
        if (!wanted || s.p.state != HTTP1_FAILED)
            fail_msg("%d: %s", i, s.p.error);
    }
}

static void test_headers_that_are_kept(void **state)
{
    (void)state;
    static const char input[] =
        "HTTP/1.1 429 Slow down\r\nSERVER:  nginx/1.2 \r\nVia: 1.1 edge\r\nRetry-After: 17\r\nDate: x\r\n"
        "Content-type: text/plain; version=0.0.4\r\nContent-Length: 0\r\n\r\n";
    struct seen s;
    run(&s, input, sizeof input - 1, 0, 1, false);
    assert_int_equal(s.p.state, HTTP1_DONE);
    assert_string_equal(s.names.server, "nginx/1.2");
    assert_string_equal(s.names.via, "1.1 edge");
    assert_string_equal(s.names.date, "x");
    assert_string_equal(s.names.content_type, "text/plain; version=0.0.4");
    assert_int_equal(s.p.retry_after, 17);

    static const char date[] = HEAD("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0") "\r\n";
    struct http1 p = {.names = NULL};
    http1_init(&p, false);
    http1_feed(&p, input, sizeof input - 1, NULL, NULL);
    assert_int_equal(p.state, HTTP1_DONE);
    http1_init(&p, false);
    http1_feed(&p, date, sizeof date - 1, NULL, NULL);
    assert_int_equal(p.state, HTTP1_DONE);
    assert_int_equal(p.retry_after, -1);
    assert_int_equal(p.retry_at, 946684799);
}

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t after, at;
    } waits[] = {{"0", 0, -1},
                 {"86400", 86400, -1},
                 {"99999999999999999999", INT64_MAX, -1},
                 {"Sun, 06 Nov 1994 08:49:37 GMT", -1, 784111777},
                 {"Sun, 06 Nov 1994 08:49:37 GMT+1", -1, -1},
                 {"Sun, 06 Nov 1994 08:49:37", -1, -1},
                 {"Sunday, 06 Nov 1994 08:49:37 GMT and more", -1, -1},
                 {"-5", -1, -1},
                 {"soon", -1, -1},
                 {"", -1, -1}};
    for (int i = 0; i < COUNT(waits); i++) {
        char text[200];
        snprintf(text, sizeof text, HEAD("Retry-After: %s\r\nContent-Length: 0") "\r\n", waits[i].text);
        struct http1 p = {.names = NULL};
        http1_init(&p, false);
        http1_feed(&p, text, strlen(text), NULL, NULL);
        assert_int_equal(p.state, HTTP1_DONE);
        if (p.retry_after != waits[i].after || p.retry_at != waits[i].at)
            fail_msg("'%s': %lld, %lld", waits[i].text, (long long)p.retry_after, (long long)p.retry_at);
    }
}

/* Nothing of the response before is left in the next, nor in an answer behind an interim one. */
static void test_next_response(void **state)
{
    (void)state;
    static const char first[] = "HTTP/1.1 103 Hints\r\nServer: a\r\nRetry-After: 1\r\n\r\n";
    static const char second[] = "HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n";
    struct http1_names names;
    struct http1 p = {.names = &names};
    http1_init(&p, false);
    http1_feed(&p, first, sizeof first - 1, NULL, NULL);
    http1_feed(&p, second, sizeof second - 1, NULL, NULL);
    assert_int_equal(p.state, HTTP1_DONE);
    assert_string_equal(names.server, "");
    assert_string_equal(names.content_type, "");
    assert_int_equal(p.retry_after, -1);
    http1_init(&p, false);
    http1_feed(&p, "HTTP/1.1 200", 12, NULL, NULL); /* and given up */
    http1_init(&p, false);
    http1_feed(&p, "HTTP/1.1 204\r\n\r\n", 16, NULL, NULL);
    assert_int_equal(p.state, HTTP1_DONE);
    assert_int_equal(p.content_length, -1);
    assert_true(p.keep_alive);
}

static const struct limit {
    const char *start, *more, *end; /* `more` is fed until it fails, or `count` times */
    int count;
    const char *error; /* NULL: it is still within the limits */
} limits[] = {
    {OK "X: ", "y", "", HTTP1_HEAD_MAX, "headers are too long"},
    {OK "X: ", "y", "\r\nContent-Length: 0\r\n\r\n", HTTP1_HEAD_MAX - 43, NULL},
    {OK "X: ", "y", "\r\nContent-Length: 0\r\n\r\n", HTTP1_HEAD_MAX - 42, "headers are too long"},
    {OK, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", "\r\n", HTTP1_HEADERS_MAX, NULL},
    {OK, "X: y\r\n", "\r\n", HTTP1_HEADERS_MAX + 1, "too many headers"},
    {"", "HTTP/1.1 102 Processing\r\n\r\n", OK "\r\n", 3000, NULL},
    {CHUNKED "1;", "x", "\r\nx\r\n", 4092, NULL},
    {CHUNKED "1;", "x", "\r\nx\r\n", 4093, "chunked framing is too long"},
    {CHUNKED "0\r\nX:", "x", "\r\n\r\n", HTTP1_HEAD_MAX - 6, NULL},
    {CHUNKED "0\r\nX:", "x", "\r\n\r\n", HTTP1_HEAD_MAX - 5, "chunked framing is too long"},
    {CHUNKED "0\r\n", "X:\r\n", "\r\n", HTTP1_HEADERS_MAX, "too many headers"},
};

static void test_limits(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(limits); i++) {
        const struct limit *l = &limits[i];
        size_t more = strlen(l->more);
        struct buf input;
        buf_init(&input, (size_t)1 << 20);
        buf_add_text(&input, l->start);
        for (int k = 0; k < l->count; k++)
            buf_add(&input, l->more, more);
        buf_add_text(&input, l->end);
        assert_false(input.failed);
        struct seen whole, split;
        run(&whole, input.bytes, input.len, input.len, 1, false);
        run(&split, input.bytes, input.len, 0, 1, false);
        if (strcmp(whole.p.error, l->error ? whole.p.error : "") != 0 ||
            !strstr(whole.p.error, l->error ? l->error : ""))
            fail_msg("%d: %s", i, whole.p.error);
        check_equal(l->more, &whole, &split, 1);
        for (size_t piece = 1000; piece < 8000; piece += 999) {
            run(&split, input.bytes, input.len, piece, piece, false);
            check_equal(l->more, &whole, &split, piece);
        }
        buf_finish(&input);
    }
}

static void test_head_has_no_body(void **state)
{
    (void)state;
    static const char *const inputs[] = {HEAD("Content-Length: 5") "\r\n", CHUNKED};
    for (int i = 0; i < COUNT(inputs); i++) {
        struct http1 p = {.names = NULL};
        http1_init(&p, true);
        http1_feed(&p, "HTTP/1.1 100 Continue\r\n\r\n", 25, NULL, NULL);
        http1_feed(&p, inputs[i], strlen(inputs[i]), NULL, NULL);
        assert_int_equal(p.state, HTTP1_DONE);
        assert_int_equal(p.content_length, i == 0 ? 5 : -1);
    }
}

/* Whatever comes, whole, in two pieces or in single bytes, the outcome is the same and nothing is read out of
 * bounds. */
static void test_changed_bytes(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7, 0);
    for (int round = 0; round < 20000; round++) {
        char input[512];
        const struct row *row = &rows[rng_range(&r, 0, COUNT(rows) - 1)];
        size_t len = row_len(row);
        memcpy(input, row->input, len);
        for (int k = 0; k < 3 && len; k++)
            input[rng_range(&r, 0, (int64_t)len - 1)] = (char)rng_range(&r, 0, 255);
        size_t at = (size_t)rng_range(&r, 0, (int64_t)len);
        struct seen whole, split;
        run(&whole, input, len, len, 1, row->end);
        run(&split, input, len, at, len, row->end);
        check_equal(row->name, &whole, &split, at);
        run(&split, input, len, 0, 1, row->end);
        check_equal(row->name, &whole, &split, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_split_at_every_byte),
        cmocka_unit_test(test_what_follows_is_left),
        cmocka_unit_test(test_fails_at_once),
        cmocka_unit_test(test_headers_that_are_kept),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_next_response),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
