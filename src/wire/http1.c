#include "http1.h"

#include <endian.h>
#include <string.h>

enum { CHUNK_LINE_MAX = 4096 };

void http1_init(struct http1 *p, bool head_request)
{
    http1_finish(p);
    p->kept.max_bytes = HTTP1_HEAD_MAX;
    p->state = HTTP1_HEAD;
    p->error = "";
    p->status = 0;
    p->content_length = p->retry_after = -1;
    p->keep_alive = false;
    p->head_request = head_request;
    p->http10 = p->chunked_header = p->close_header = p->keep_header = false;
    p->after_cr = false;
    p->framing = BODY_EMPTY;
    p->header_count = 0;
    p->room = HTTP1_HEAD_MAX;
    p->left = 0;
    if (p->names)
        p->names->server[0] = p->names->date[0] = '\0';
}

void http1_finish(struct http1 *p)
{
    if (p->kept.bytes)
        buf_finish(&p->kept);
}

static bool fail(struct http1 *p, const char *why)
{
    p->state = HTTP1_FAILED;
    p->error = why;
    http1_finish(p);
    return false;
}

/* ---- lines ---- */

struct text {
    const char *at;
    size_t len;
};

/* Of eight bytes, the lowest first: the top bit of each that is below a space, or DEL. What borrows make of
 * the bytes above the first such one does not matter. */
static uint64_t control_bits(uint64_t word)
{
    const uint64_t each = UINT64_MAX / 255;
    uint64_t del = word ^ (each * 0x7f);
    return (((word - each * ' ') & ~word) | ((del - each) & ~del)) & (each << 7);
}

/* The first control character, tabs aside; `end` when there is none. */
static const char *find_control(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t bits = control_bits(le64toh(word));
        at += bits ? __builtin_ctzll(bits) / 8 : 8;
        if (bits && *at++ != '\t')
            return at - 1;
    }
    while (at < end && ((unsigned char)*at >= ' ' || *at == '\t') && *at != 0x7f)
        at++;
    return at;
}

static size_t fail_line(struct http1 *p, const char *why)
{
    fail(p, why);
    return 0;
}

/*
 * Takes bytes up to and including a line's end. `line`, without its CR LF, lies in them, or in `kept` when
 * its beginning came earlier; `at` NULL: it is not complete, or the response failed. The limit counts before
 * anything else, so that a line is judged alike however it was cut.
 */
static size_t take_line(struct http1 *p, const char *bytes, size_t len, struct text *line)
{
    const char *at = bytes, *end = bytes + (len < p->room ? len : p->room);
    size_t text = 0;
    line->at = NULL;
    if (!p->after_cr) {
        at = find_control(bytes, end);
        text = (size_t)(at - bytes);
        if (at < end && *at != '\r')
            return fail_line(p, *at == '\n' ? "a line that does not end in CR LF"
                                            : "a control character in a header");
        p->after_cr = at < end;
        at += p->after_cr;
    }
    bool ends = at < end;
    if (!ends && (size_t)(end - bytes) < len)
        return fail_line(p, p->state == HTTP1_HEAD ? "the headers are too long"
                                                   : "a line of the chunked framing is too long");
    if (ends && *at++ != '\n')
        return fail_line(p, "a line that does not end in CR LF");
    p->room -= (uint32_t)(at - bytes);
    if (text && (!ends || p->kept.len))
        buf_add(&p->kept, bytes, text);
    if (p->kept.failed)
        return fail_line(p, "no memory for a header");
    if (ends) {
        *line = p->kept.len ? (struct text){p->kept.bytes, p->kept.len} : (struct text){bytes, text};
        p->after_cr = false;
    }
    return (size_t)(at - bytes);
}

/* ---- the head ---- */

/* `word` is of small letters and hyphens. The bit that tells small letters from capital ones makes no other
 * character one of these but a CR, and no line has that. */
static bool text_is(struct text t, const char *word, size_t len)
{
    if (t.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((t.at[i] | 0x20) != word[i])
            return false;
    return true;
}

#define TEXT_IS(t, word) text_is(t, word, sizeof(word) - 1)

static struct text trim(struct text t)
{
    while (t.len && (*t.at == ' ' || *t.at == '\t'))
        t.at++, t.len--;
    while (t.len && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110 section 5.6.2. */
static bool is_token(char c)
{
    char small = (char)(c | 0x20);
    return (small >= 'a' && small <= 'z') || c == '-' || is_digit(c) || (c && strchr("!#$%&'*+.^_`|~", c));
}

/* At once: the rest of the line may never come. */
static bool begins_right(struct http1 *p, const char *bytes, size_t len)
{
    static const char beginning[] = "HTTP/1.";
    size_t had = p->kept.len, left = had < sizeof beginning - 1 ? sizeof beginning - 1 - had : 0;
    if (memcmp(bytes, beginning + had, len < left ? len : left) == 0)
        return true;
    return fail(p, "the answer does not begin like HTTP/1.1");
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
    if (p->chunked_header || !TEXT_IS(value, "chunked"))
        return fail(p, "a Transfer-Encoding other than chunked");
    p->chunked_header = true;
    return true;
}

static bool on_connection(struct http1 *p, struct text value)
{
    while (value.len) {
        const char *comma = memchr(value.at, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.at) : value.len;
        struct text item = trim((struct text){value.at, len});
        p->close_header |= TEXT_IS(item, "close");
        p->keep_header |= TEXT_IS(item, "keep-alive");
        len += comma != NULL;
        value.at += len;
        value.len -= len;
    }
    return true;
}

static bool keep_value(char to[HTTP1_VALUE_MAX], struct text value)
{
    size_t len = value.len < HTTP1_VALUE_MAX ? value.len : HTTP1_VALUE_MAX - 1;
    memcpy(to, value.at, len);
    to[len] = '\0';
    return true;
}

static bool on_server(struct http1 *p, struct text value)
{
    return p->names ? keep_value(p->names->server, value) : true;
}

static bool on_date(struct http1 *p, struct text value)
{
    return p->names ? keep_value(p->names->date, value) : true;
}

static bool on_retry_after(struct http1 *p, struct text value)
{
    p->retry_after = parse_number(value);
    return true;
}

/* By the length of the name: no two are as long, so that one comparison tells. */
static const struct {
    const char *name;
    bool (*take)(struct http1 *p, struct text value);
} known_headers[] = {
    [4] = {"date", on_date},
    [6] = {"server", on_server},
    [10] = {"connection", on_connection},
    [11] = {"retry-after", on_retry_after},
    [14] = {"content-length", on_content_length},
    [17] = {"transfer-encoding", on_transfer_encoding},
};

/* Of a header or trailer line, the length of the name; 0 when it failed. */
static size_t parse_name(struct http1 *p, struct text line)
{
    if (++p->header_count > HTTP1_HEADERS_MAX)
        return fail(p, "too many headers");
    size_t name = 0;
    while (name < line.len && is_token(line.at[name]))
        name++;
    if (name == 0 || name == line.len || line.at[name] != ':')
        return fail(p, "a header line that is none");
    return name;
}

static bool parse_header(struct http1 *p, struct text line)
{
    size_t name = parse_name(p, line);
    if (name == 0 || name >= sizeof known_headers / sizeof known_headers[0] || !known_headers[name].name ||
        !text_is((struct text){line.at, name}, known_headers[name].name, name))
        return name != 0;
    return known_headers[name].take(p, trim((struct text){line.at + name + 1, line.len - name - 1}));
}

/* RFC 9112 section 6.3; in HTTP/1.0 an encoding is faulty framing, section 6.1. */
static bool decide_framing(struct http1 *p)
{
    if (p->chunked_header && p->content_length >= 0)
        return fail(p, "both Content-Length and Transfer-Encoding");
    if (p->chunked_header && p->http10)
        return fail(p, "a Transfer-Encoding in HTTP/1.0");
    p->keep_alive = !p->close_header && (!p->http10 || p->keep_header);
    if (p->head_request || p->status == 204 || p->status == 304) {
        p->framing = BODY_EMPTY;
    } else if (p->chunked_header) {
        p->framing = BODY_CHUNKED;
        p->chunk = CHUNK_SIZE;
        p->room = CHUNK_LINE_MAX;
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

static bool on_head_end(struct http1 *p)
{
    if (p->status >= 200)
        return decide_framing(p);
    if (p->status == 101)
        return fail(p, "the server switched protocols unasked");
    http1_init(p, p->head_request); /* an interim answer: the real one follows */
    return true;
}

static size_t feed_head(struct http1 *p, const char *bytes, size_t len)
{
    struct text line;
    if (p->status == 0 && !begins_right(p, bytes, len))
        return 0;
    size_t used = take_line(p, bytes, len, &line);
    if (!line.at)
        return used;
    if (p->status == 0)
        parse_status_line(p, line);
    else if (line.len)
        parse_header(p, line);
    else
        on_head_end(p);
    http1_finish(p);
    return used;
}

/* ---- the body ---- */

static int hex_value(char c)
{
    char small = (char)(c | 0x20);
    return is_digit(c) ? c - '0' : small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* Spaces before the semicolon are to be borne, RFC 9112 section 7.1.1; spaces alone are not. */
static bool begins_extension(const char *at, size_t len)
{
    struct text rest = trim((struct text){at, len});
    return rest.len && *rest.at == ';';
}

/* RFC 9112 section 7.1; extensions are passed over. */
static bool parse_chunk_size(struct http1 *p, struct text line)
{
    size_t digits = 0;
    int64_t size = 0;
    for (; digits < line.len && hex_value(line.at[digits]) >= 0; digits++) {
        if (digits == 15)
            return fail(p, "a chunk that is too large");
        size = size * 16 + hex_value(line.at[digits]);
    }
    if (digits == 0 || (digits < line.len && !begins_extension(line.at + digits, line.len - digits)))
        return fail(p, "a chunk's size is no hexadecimal number");
    p->left = size;
    p->chunk = size ? CHUNK_DATA : CHUNK_TRAILER;
    p->room = HTTP1_HEAD_MAX; /* for the trailer */
    return true;
}

static size_t feed_chunk_line(struct http1 *p, const char *bytes, size_t len)
{
    struct text line;
    if (p->chunk == CHUNK_SIZE && p->kept.len == 0 && !p->after_cr && hex_value(*bytes) < 0)
        return fail_line(p, "a chunk's size is no hexadecimal number");
    size_t used = take_line(p, bytes, len, &line);
    if (!line.at)
        return used;
    if (p->chunk == CHUNK_SIZE)
        parse_chunk_size(p, line);
    else if (line.len)
        parse_name(p, line);
    else
        p->state = HTTP1_DONE;
    http1_finish(p);
    return used;
}

/* The CR LF behind a chunk's data. */
static size_t feed_chunk_end(struct http1 *p, const char *bytes)
{
    if (*bytes != (p->after_cr ? '\n' : '\r'))
        return fail_line(p, "a chunk is longer than its size");
    if (p->after_cr) {
        p->chunk = CHUNK_SIZE;
        p->room = CHUNK_LINE_MAX;
    }
    p->after_cr = !p->after_cr;
    return 1;
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
        fail(p, p->state == HTTP1_HEAD && p->room == HTTP1_HEAD_MAX
                    ? "the connection was closed without an answer"
                    : "the connection was closed in the middle of the answer");
}
