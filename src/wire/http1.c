#include "http1_private.h"

void http1_init(struct http1 *p, bool head_request)
{
    http1_finish(p);
    p->kept.max_bytes = HTTP1_HEAD_MAX;
    p->state = HTTP1_HEAD;
    p->error = "";
    p->status = 0;
    p->content_length = p->retry_after = p->retry_at = -1;
    p->keep_alive = false;
    p->head_request = head_request;
    p->http10 = p->chunked_header = p->close_header = p->keep_header = false;
    p->after_cr = false;
    p->framing = BODY_EMPTY;
    p->header_count = 0;
    p->room = HTTP1_HEAD_MAX;
    p->left = 0;
    if (p->names)
        p->names->server[0] = p->names->via[0] = p->names->date[0] = p->names->content_type[0] =
            p->names->upgrade[0] = p->names->accept[0] = '\0';
}

void http1_finish(struct http1 *p)
{
    if (p->kept.bytes)
        buf_finish(&p->kept);
}

bool http1_fail(struct http1 *p, const char *why)
{
    p->state = HTTP1_FAILED;
    p->error = why;
    http1_finish(p);
    return false;
}

static int hex_value(char c)
{
    char small = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* Spaces before the semicolon are to be borne, RFC 9112 section 7.1.1; spaces alone are not. */
static bool begins_extension(const char *at, size_t len)
{
    struct http1_text rest = http1_trim((struct http1_text){at, len});
    return rest.len && *rest.at == ';';
}

/* RFC 9112 section 7.1; extensions are passed over. */
static bool parse_chunk_size(struct http1 *p, struct http1_text line)
{
    size_t digits = 0;
    int64_t size = 0;
    for (; digits < line.len && hex_value(line.at[digits]) >= 0; digits++) {
        if (digits == 15)
            return http1_fail(p, "a chunk that is too large");
        size = size * 16 + hex_value(line.at[digits]);
    }
    if (digits == 0 || (digits < line.len && !begins_extension(line.at + digits, line.len - digits)))
        return http1_fail(p, "a chunk's size is no hexadecimal number");
    p->left = size;
    p->chunk = size ? CHUNK_DATA : CHUNK_TRAILER;
    p->room = HTTP1_HEAD_MAX; /* for the trailer */
    return true;
}

static size_t feed_chunk_line(struct http1 *p, const char *bytes, size_t len)
{
    struct http1_text line;
    if (p->chunk == CHUNK_SIZE && p->kept.len == 0 && !p->after_cr && hex_value(*bytes) < 0)
        return http1_fail(p, "a chunk's size is no hexadecimal number");
    size_t used = http1_take_line(p, bytes, len, &line);
    if (!line.at)
        return used;
    if (p->chunk == CHUNK_SIZE)
        parse_chunk_size(p, line);
    else if (line.len)
        http1_parse_name(p, line);
    else
        p->state = HTTP1_DONE;
    http1_finish(p);
    return used;
}

/* The CR LF behind a chunk's data. */
static size_t feed_chunk_end(struct http1 *p, const char *bytes)
{
    if (*bytes != (p->after_cr ? '\n' : '\r'))
        return http1_fail(p, "a chunk is longer than its size");
    if (p->after_cr) {
        p->chunk = CHUNK_SIZE;
        p->room = HTTP1_CHUNK_LINE_MAX;
    }
    p->after_cr = !p->after_cr;
    return 1;
}

size_t http1_skippable(const struct http1 *p)
{
    enum { MANY = 1 << 30 };
    if (p->state != HTTP1_BODY || (p->framing == BODY_CHUNKED && p->chunk != CHUNK_DATA))
        return 0;
    return p->framing == BODY_UNTIL_CLOSE || p->left > MANY ? MANY : (size_t)p->left;
}

void http1_skip(struct http1 *p, size_t len)
{
    if (p->framing == BODY_UNTIL_CLOSE)
        return;
    p->left -= (int64_t)len;
    if (p->left == 0 && p->framing == BODY_LENGTH)
        p->state = HTTP1_DONE;
    else if (p->left == 0)
        p->chunk = CHUNK_DATA_END;
}

static size_t feed_data(struct http1 *p, const char *bytes, size_t len,
                        void (*body)(void *context, const char *bytes, size_t len), void *context)
{
    size_t most = http1_skippable(p), n = len < most ? len : most;
    if (body && n)
        body(context, bytes, n);
    http1_skip(p, n);
    return n;
}

size_t http1_feed(struct http1 *p, const char *bytes, size_t len,
                  void (*body)(void *context, const char *bytes, size_t len), void *context)
{
    size_t used = 0;
    while (used < len && (p->state == HTTP1_HEAD || p->state == HTTP1_BODY)) {
        if (p->state == HTTP1_HEAD)
            used += http1_feed_head(p, bytes + used, len - used);
        else if (p->framing != BODY_CHUNKED || p->chunk == CHUNK_DATA)
            used += feed_data(p, bytes + used, len - used, body, context);
        else if (p->chunk == CHUNK_DATA_END)
            used += feed_chunk_end(p, bytes + used);
        else
            used += feed_chunk_line(p, bytes + used, len - used);
    }
    return used;
}

void http1_end(struct http1 *p)
{
    if (p->state == HTTP1_BODY && p->framing == BODY_UNTIL_CLOSE)
        p->state = HTTP1_DONE;
    else if (p->state == HTTP1_HEAD || p->state == HTTP1_BODY)
        http1_fail(p, p->state == HTTP1_HEAD && p->room == HTTP1_HEAD_MAX
                          ? "the connection was closed without an answer"
                          : "the connection was closed in the middle of the answer");
}
