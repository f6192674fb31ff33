#include "http1_private.h"

#include <string.h>
#include <time.h>

/* `word` is of small letters and hyphens. The bit that tells small letters from capital ones makes no other
 * character one of these but a CR, and no line has that. */
static bool text_is(struct http1_text t, const char *word, size_t len)
{
    if (t.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((t.at[i] | 0x20) != word[i])
            return false;
    return true;
}

#define TEXT_IS(t, word) text_is(t, word, sizeof(word) - 1)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What a name is made of, RFC 9110 section 5.6.2. */
static bool is_token(char c)
{
    static const bool token[256] = {
        ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1,
        ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1,  ['0'] = 1, ['1'] = 1, ['2'] = 1,
        ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1,  ['9'] = 1, ['A'] = 1, ['B'] = 1,
        ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1,  ['I'] = 1, ['J'] = 1, ['K'] = 1,
        ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1,  ['R'] = 1, ['S'] = 1, ['T'] = 1,
        ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,  ['a'] = 1, ['b'] = 1, ['c'] = 1,
        ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1,  ['j'] = 1, ['k'] = 1, ['l'] = 1,
        ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1,  ['s'] = 1, ['t'] = 1, ['u'] = 1,
        ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
    };
    return token[(unsigned char)c];
}

/* At once: the rest of the line may never come. */
static bool begins_right(struct http1 *p, const char *bytes, size_t len)
{
    static const char beginning[] = "HTTP/1.";
    size_t had = p->kept.len < sizeof beginning - 1 ? p->kept.len : sizeof beginning - 1;
    size_t left = sizeof beginning - 1 - had;
    if (memcmp(bytes, beginning + had, len < left ? len : left) == 0)
        return true;
    return http1_fail(p, "the answer does not begin like HTTP/1.1");
}

static bool parse_status_line(struct http1 *p, struct http1_text line)
{
    if (line.len < 12 || !is_digit(line.at[7]) || line.at[8] != ' ')
        return http1_fail(p, "the answer does not begin like HTTP/1.1");
    p->http10 = line.at[7] == '0';
    if (!is_digit(line.at[9]) || !is_digit(line.at[10]) || !is_digit(line.at[11]) ||
        (line.len > 12 && line.at[12] != ' '))
        return http1_fail(p, "the status is no number of three digits");
    p->status = (line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0');
    return p->status >= 100 ? true : http1_fail(p, "the status is below 100");
}

static int64_t parse_number(struct http1_text t)
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

static bool on_content_length(struct http1 *p, struct http1_text value)
{
    int64_t n = parse_number(value);
    if (n < 0)
        return http1_fail(p, "Content-Length is no number");
    if (p->content_length >= 0 && p->content_length != n)
        return http1_fail(p, "two different Content-Lengths");
    p->content_length = n;
    return true;
}

static bool on_transfer_encoding(struct http1 *p, struct http1_text value)
{
    if (p->chunked_header || !TEXT_IS(value, "chunked"))
        return http1_fail(p, "a Transfer-Encoding other than chunked");
    p->chunked_header = true;
    return true;
}

static bool on_connection(struct http1 *p, struct http1_text value)
{
    while (value.len) {
        const char *comma = memchr(value.at, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.at) : value.len;
        struct http1_text item = http1_trim((struct http1_text){value.at, len});
        p->close_header |= TEXT_IS(item, "close");
        p->keep_header |= TEXT_IS(item, "keep-alive");
        len += comma != NULL;
        value.at += len;
        value.len -= len;
    }
    return true;
}

static bool keep_value(char to[HTTP1_VALUE_MAX], struct http1_text value)
{
    size_t len = value.len < HTTP1_VALUE_MAX ? value.len : HTTP1_VALUE_MAX - 1;
    memcpy(to, value.at, len);
    to[len] = '\0';
    return true;
}

static bool on_server(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->server, value) : true;
}

static bool on_via(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->via, value) : true;
}

static bool on_date(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->date, value) : true;
}

static bool on_content_type(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->content_type, value) : true;
}

static bool on_upgrade(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->upgrade, value) : true;
}

static bool on_accept(struct http1 *p, struct http1_text value)
{
    return p->names ? keep_value(p->names->accept, value) : true;
}

static bool is_number(struct http1_text t)
{
    size_t digits = 0;
    while (digits < t.len && is_digit(t.at[digits]))
        digits++;
    return t.len && digits == t.len;
}

int64_t http1_date(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    int64_t seconds = end && !*end ? timegm(&tm) : -1;
    return seconds >= 0 ? seconds : -1;
}

static int64_t parse_date(struct http1_text t)
{
    char text[32];
    if (t.len >= sizeof text)
        return -1;
    memcpy(text, t.at, t.len);
    text[t.len] = '\0';
    return http1_date(text);
}

/* A number with more digits than can be read is as good as for ever. */
static bool on_retry_after(struct http1 *p, struct http1_text value)
{
    p->retry_after = parse_number(value);
    if (p->retry_after < 0 && is_number(value))
        p->retry_after = INT64_MAX;
    else if (p->retry_after < 0)
        p->retry_at = parse_date(value);
    return true;
}

/* By the length of the name: no two are as long, so that one comparison tells. */
static const struct {
    const char *name;
    bool (*take)(struct http1 *p, struct http1_text value);
} known_headers[] = {
    [3] = {"via", on_via},
    [4] = {"date", on_date},
    [6] = {"server", on_server},
    [7] = {"upgrade", on_upgrade},
    [10] = {"connection", on_connection},
    [11] = {"retry-after", on_retry_after},
    [12] = {"content-type", on_content_type},
    [14] = {"content-length", on_content_length},
    [17] = {"transfer-encoding", on_transfer_encoding},
    [20] = {"sec-websocket-accept", on_accept},
};

size_t http1_parse_name(struct http1 *p, struct http1_text line)
{
    if (++p->header_count > HTTP1_HEADERS_MAX)
        return http1_fail(p, "too many headers");
    size_t name = 0;
    while (name < line.len && is_token(line.at[name]))
        name++;
    if (name == 0 || name == line.len || line.at[name] != ':')
        return http1_fail(p, "a header line that is none");
    return name;
}

static bool parse_header(struct http1 *p, struct http1_text line)
{
    size_t name = http1_parse_name(p, line);
    if (name == 0 || name >= sizeof known_headers / sizeof known_headers[0] || !known_headers[name].name ||
        !text_is((struct http1_text){line.at, name}, known_headers[name].name, name))
        return name != 0;
    return known_headers[name].take(p,
                                    http1_trim((struct http1_text){line.at + name + 1, line.len - name - 1}));
}

/* RFC 9112 section 6.3; in HTTP/1.0 an encoding is faulty framing, section 6.1. */
static bool decide_framing(struct http1 *p)
{
    if (p->chunked_header && p->content_length >= 0)
        return http1_fail(p, "both Content-Length and Transfer-Encoding");
    if (p->chunked_header && p->http10)
        return http1_fail(p, "a Transfer-Encoding in HTTP/1.0");
    p->keep_alive = !p->close_header && (!p->http10 || p->keep_header);
    if (p->head_request || p->status == 204 || p->status == 304) {
        p->framing = BODY_EMPTY;
    } else if (p->chunked_header) {
        p->framing = BODY_CHUNKED;
        p->chunk = CHUNK_SIZE;
        p->room = HTTP1_CHUNK_LINE_MAX;
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
    if (p->status == 101 && !p->may_switch)
        return http1_fail(p, "the server switched protocols unasked");
    if (p->status == 101) {
        p->state = HTTP1_DONE;
        return true;
    }
    http1_init(p, p->head_request); /* an interim answer: the real one follows */
    return true;
}

static void on_head_line(struct http1 *p, struct http1_text line)
{
    if (p->status == 0)
        parse_status_line(p, line);
    else if (line.len)
        parse_header(p, line);
    else
        on_head_end(p);
}

size_t http1_feed_head(struct http1 *p, const char *bytes, size_t len)
{
    size_t used = 0;
    while (used < len && p->state == HTTP1_HEAD) {
        struct http1_text line;
        if (p->status == 0 && !begins_right(p, bytes + used, len - used))
            break;
        used += http1_take_line(p, bytes + used, len - used, &line);
        if (!line.at)
            break;
        on_head_line(p, line);
        if (p->kept.bytes)
            http1_finish(p);
    }
    return used;
}
