#include "http1.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http1_init(struct http1 *p, bool head_request)
{
    p->state = HTTP1_HEAD;
    p->error = "";
    p->status = 0;
    p->content_length = -1;
    p->keep_alive = false;
    p->head_request = head_request;
    p->server[0] = p->date[0] = '\0';
    p->retry_after = -1;
    p->framing = BODY_EMPTY;
    p->left = 0;
    p->trailer_bytes = 0;
    p->header_count = 0;
    p->http10 = p->chunked_header = p->close_header = p->keep_header = false;
    p->head_len = 0;
}

static bool fail(struct http1 *p, const char *why)
{
    p->state = HTTP1_FAILED;
    p->error = why;
    return false;
}

/* ---- the head ---- */

struct text {
    const char *at;
    size_t len;
};

static bool text_is(struct text t, const char *word)
{
    return strlen(word) == t.len && strncasecmp(t.at, word, t.len) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110 section 5.6.2. */
static bool is_token(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool parse_status_line(struct http1 *p, struct text line)
{
    if (line.len < 12 || !is_digit(line.at[7]) || line.at[8] != ' ')
        return fail(p, "the answer does not begin like HTTP/1.1");
    p->http10 = line.at[7] == '0';
    if (!is_digit(line.at[9]) || !is_digit(line.at[10]) || !is_digit(line.at[11]) ||
        (line.len > 12 && line.at[12] != ' '))
        return fail(p, "the status is no number of three digits");
    p->status = (line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0');
    return p->status >= 100 ? true : fail(p, "the status is below 100");
}

static int64_t parse_number(struct text t)
{
    int64_t n = 0;
    if (t.len == 0 || t.len > 18)
        return -1;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_digit(t.at[i]))
            return -1;
        n = n * 10 + (t.at[i] - '0');
    }
    return n;
}

static bool on_content_length(struct http1 *p, struct text value)
{
    int64_t n = parse_number(value);
    if (n < 0)
        return fail(p, "Content-Length is no number");
    if (p->content_length >= 0 && p->content_length != n)
        return fail(p, "two different Content-Lengths");
    p->content_length = n;
    return true;
}

static bool on_transfer_encoding(struct http1 *p, struct text value)
{
    if (p->chunked_header || !text_is(value, "chunked"))
        return fail(p, "a Transfer-Encoding other than chunked");
    p->chunked_header = true;
    return true;
}

static bool on_connection(struct http1 *p, struct text value)
{
    for (size_t i = 0; i < value.len;) {
        size_t start = i;
        while (i < value.len && value.at[i] != ',')
            i++;
        struct text item = {value.at + start, i - start};
        while (item.len && (*item.at == ' ' || *item.at == '\t'))
            item.at++, item.len--;
        while (item.len && (item.at[item.len - 1] == ' ' || item.at[item.len - 1] == '\t'))
            item.len--;
        p->close_header |= text_is(item, "close");
        p->keep_header |= text_is(item, "keep-alive");
        i++;
    }
    return true;
}

static void keep_value(char to[HTTP1_VALUE_MAX], struct text value)
{
    size_t len = value.len < HTTP1_VALUE_MAX ? value.len : HTTP1_VALUE_MAX - 1;
    memcpy(to, value.at, len);
    to[len] = '\0';
}

static bool on_server(struct http1 *p, struct text value)
{
    keep_value(p->server, value);
    return true;
}

static bool on_date(struct http1 *p, struct text value)
{
    keep_value(p->date, value);
    return true;
}

static bool on_retry_after(struct http1 *p, struct text value)
{
    p->retry_after = parse_number(value);
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct http1 *p, struct text value);
} known_headers[] = {
    {"content-length", on_content_length},
    {"transfer-encoding", on_transfer_encoding},
    {"connection", on_connection},
    {"server", on_server},
    {"date", on_date},
    {"retry-after", on_retry_after},
};

static bool parse_header(struct http1 *p, struct text line)
{
    if (++p->header_count > HTTP1_HEADERS_MAX)
        return fail(p, "too many headers");
    size_t name = 0;
    while (name < line.len && is_token(line.at[name]))
        name++;
    if (name == 0 || name == line.len || line.at[name] != ':')
        return fail(p, "a header line that is none");
    struct text key = {line.at, name}, value = {line.at + name + 1, line.len - name - 1};
    while (value.len && (*value.at == ' ' || *value.at == '\t'))
        value.at++, value.len--;
    while (value.len && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
        value.len--;
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') || value.at[i] == 0x7f)
            return fail(p, "a control character in a header");
    for (size_t i = 0; i < sizeof known_headers / sizeof known_headers[0]; i++)
        if (text_is(key, known_headers[i].name))
            return known_headers[i].take(p, value);
    return true;
}

/* RFC 9112 section 6.3. */
static bool decide_framing(struct http1 *p)
{
    if (p->chunked_header && p->content_length >= 0)
        return fail(p, "both Content-Length and Transfer-Encoding");
    p->keep_alive = !p->close_header && (!p->http10 || p->keep_header);
    if (p->head_request || p->status == 204 || p->status == 304) {
        p->framing = BODY_EMPTY;
    } else if (p->chunked_header) {
        p->framing = BODY_CHUNKED;
        p->chunk = CHUNK_SIZE;
        p->head_len = 0; /* from here on the buffer holds a chunk's line */
    } else if (p->content_length >= 0) {
        p->framing = p->content_length ? BODY_LENGTH : BODY_EMPTY;
        p->left = p->content_length;
    } else {
        p->framing = BODY_UNTIL_CLOSE;
        p->keep_alive = false;
    }
    p->state = p->framing == BODY_EMPTY ? HTTP1_DONE : HTTP1_BODY;
    return true;
}

/* The head is complete: every line ends in CR LF, the last is empty. */
static void parse_head(struct http1 *p)
{
    const char *at = p->head, *end = p->head + p->head_len - 2;
    bool first = true;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct text line = {at, (size_t)(stop - at) - 1};
        if (stop == at || stop[-1] != '\r') {
            fail(p, "a line that does not end in CR LF");
            return;
        }
        if (first ? !parse_status_line(p, line) : !parse_header(p, line))
            return;
        first = false;
        at = stop + 1;
    }
    if (p->status >= 200) {
        decide_framing(p);
    } else if (p->status == 101) {
        fail(p, "the server switched protocols unasked");
    } else { /* an interim answer: the real one follows */
        bool head_request = p->head_request;
        http1_init(p, head_request);
    }
}

/* Takes bytes up to and including the empty line. */
static size_t feed_head(struct http1 *p, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p->head_len == HTTP1_HEAD_MAX) {
            fail(p, "the headers are too long");
            return i;
        }
        static const char beginning[] = "HTTP/1.";
        char c = bytes[i];
        if (p->head_len < sizeof beginning - 1 && c != beginning[p->head_len]) {
            fail(p, "the answer does not begin like HTTP/1.1"); /* at once: the rest may never come */
            return i + 1;
        }
        p->head[p->head_len++] = c;
        if (c != '\n')
            continue;
        if (p->head_len >= 4 && memcmp(p->head + p->head_len - 4, "\r\n\r\n", 4) == 0) {
            parse_head(p);
            return i + 1;
        }
        if (p->head_len >= 2 && p->head[p->head_len - 2] != '\r') {
            fail(p, "a line that does not end in CR LF");
            return i + 1;
        }
    }
    return len;
}

/* ---- the body ---- */

static bool parse_chunk_size(struct http1 *p)
{
    size_t digits = 0;
    int64_t size = 0;
    for (; digits < p->head_len; digits++) {
        char c = p->head[digits];
        int value = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (value < 0)
            break;
        if (digits == 15)
            return fail(p, "a chunk that is too large");
        size = size * 16 + value;
    }
    if (digits == 0 || (p->head[digits] != ';' && p->head[digits] != '\r'))
        return fail(p, "a chunk's size is no hexadecimal number");
    p->left = size;
    p->chunk = size ? CHUNK_DATA : CHUNK_TRAILER;
    return true;
}

/* A complete line, with its CR LF, of the chunked framing. */
static void on_chunk_line(struct http1 *p)
{
    if (p->head_len < 2 || p->head[p->head_len - 2] != '\r') {
        fail(p, "a line that does not end in CR LF");
    } else if (p->chunk == CHUNK_SIZE) {
        parse_chunk_size(p);
    } else if (p->chunk == CHUNK_DATA_END) {
        if (p->head_len != 2)
            fail(p, "a chunk is longer than its size");
        p->chunk = CHUNK_SIZE;
    } else if (p->head_len == 2) {
        p->state = HTTP1_DONE;
    }
    p->head_len = 0;
}

static size_t feed_chunk_line(struct http1 *p, const char *bytes, size_t len)
{
    enum { LINE_MAX_BYTES = 4096 };
    for (size_t i = 0; i < len; i++) {
        if (p->head_len == LINE_MAX_BYTES || (p->chunk == CHUNK_DATA_END && p->head_len == 2) ||
            (p->chunk == CHUNK_TRAILER && ++p->trailer_bytes > HTTP1_HEAD_MAX)) {
            fail(p, "a line of the chunked framing is too long");
            return i;
        }
        p->head[p->head_len++] = bytes[i];
        if (bytes[i] == '\n') {
            on_chunk_line(p);
            return i + 1;
        }
    }
    return len;
}

static size_t feed_data(struct http1 *p, const char *bytes, size_t len,
                        void (*body)(void *context, const char *bytes, size_t len), void *context)
{
    size_t n = p->framing == BODY_UNTIL_CLOSE || p->left > (int64_t)len ? len : (size_t)p->left;
    if (body && n)
        body(context, bytes, n);
    if (p->framing == BODY_UNTIL_CLOSE)
        return n;
    p->left -= (int64_t)n;
    if (p->left == 0 && p->framing == BODY_LENGTH)
        p->state = HTTP1_DONE;
    else if (p->left == 0)
        p->chunk = CHUNK_DATA_END;
    return n;
}

size_t http1_feed(struct http1 *p, const char *bytes, size_t len,
                  void (*body)(void *context, const char *bytes, size_t len), void *context)
{
    size_t used = 0;
    while (used < len && (p->state == HTTP1_HEAD || p->state == HTTP1_BODY)) {
        if (p->state == HTTP1_HEAD)
            used += feed_head(p, bytes + used, len - used);
        else if (p->framing == BODY_CHUNKED && p->chunk != CHUNK_DATA)
            used += feed_chunk_line(p, bytes + used, len - used);
        else
            used += feed_data(p, bytes + used, len - used, body, context);
    }
    return used;
}

void http1_end(struct http1 *p)
{
    if (p->state == HTTP1_BODY && p->framing == BODY_UNTIL_CLOSE)
        p->state = HTTP1_DONE;
    else if (p->state == HTTP1_HEAD || p->state == HTTP1_BODY)
        fail(p, p->state == HTTP1_HEAD && p->head_len == 0
                    ? "the connection was closed without an answer"
                    : "the connection was closed in the middle of the answer");
}
