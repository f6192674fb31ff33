#include "multipart.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

static bool is_token(char c)
{
    return c > ' ' && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

/*
 * One parameter of a header value, from `*at` on: ; name = token or "quoted". Copies the value, cut to
 * nothing and refused when it does not fit. Returns false at the end of the value or on a syntax error.
 */
static bool next_parameter(const char **at, const char *end, const char **name, size_t *name_len, char *value,
                           size_t value_size)
{
    const char *p = skip_spaces(*at, end);
    if (p == end || *p != ';')
        return false;
    p = skip_spaces(p + 1, end);
    *name = p;
    while (p < end && is_token(*p))
        p++;
    *name_len = (size_t)(p - *name);
    if (*name_len == 0 || p == end || *p != '=')
        return false;
    p++;
    bool quoted = p < end && *p == '"';
    size_t len = 0;
    for (p += quoted; p < end && (quoted ? *p != '"' : is_token(*p)); p++) {
        if (quoted && *p == '\\' && p + 1 < end)
            p++;
        if (len + 1 >= value_size)
            return false;
        value[len++] = *p;
    }
    value[len] = '\0';
    if (quoted && p++ == end)
        return false;
    *at = p;
    return true;
}

static bool name_is(const char *name, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

/* RFC 2046: bchars, and not a space at the end. */
static bool boundary_usable(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > MULTIPART_BOUNDARY_MAX || text[len - 1] == ' ')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("'()+_,-./:=? ", text[i]))
            return false;
    return true;
}

bool multipart_boundary(const char *content_type, char ret[MULTIPART_BOUNDARY_MAX + 1])
{
    static const char TYPE[] = "multipart/form-data";
    if (strncasecmp(content_type, TYPE, sizeof TYPE - 1) != 0)
        return false;
    const char *at = content_type + sizeof TYPE - 1, *end = content_type + strlen(content_type), *name;
    size_t name_len;
    char value[256];
    while (next_parameter(&at, end, &name, &name_len, value, sizeof value))
        if (name_is(name, name_len, "boundary") && boundary_usable(value)) {
            memcpy(ret, value, strlen(value) + 1);
            return true;
        }
    return false;
}

void multipart_init(struct multipart *m, const char *boundary, int parts_max,
                    const struct multipart_events *events, void *context)
{
    memset(m, 0, offsetof(struct multipart, header));
    m->events = events;
    m->context = context;
    m->parts_max = parts_max;
    memcpy(m->delimiter, "\r\n--", 4);
    m->delimiter_len = 4 + strnlen(boundary, MULTIPART_BOUNDARY_MAX);
    memcpy(m->delimiter + 4, boundary, m->delimiter_len - 4);
    m->matched = 2; /* the first delimiter needs no line end before it */
}

bool multipart_complete(const struct multipart *m)
{
    return m->state == MULTIPART_EPILOGUE;
}

static size_t fail(struct multipart *m, const char *why)
{
    m->state = MULTIPART_FAILED;
    m->error = why;
    return 0;
}

static bool emit(struct multipart *m, const char *bytes, size_t len)
{
    if (m->state != MULTIPART_DATA || len == 0 || m->events->data(m->context, bytes, len))
        return true;
    fail(m, "refused");
    return false;
}

static void delimiter_found(struct multipart *m)
{
    if (m->state == MULTIPART_DATA && !m->events->part_end(m->context)) {
        fail(m, "refused");
        return;
    }
    m->matched = 0;
    m->held = 0;
    m->state = MULTIPART_DELIMITED;
}

/* How many bytes at the end of the piece begin a delimiter. Its CR stands only at its start, so there is at
 * most one candidate: the last CR. */
static size_t tail_match(const struct multipart *m, const char *bytes, size_t len)
{
    size_t window = len < m->delimiter_len - 1 ? len : m->delimiter_len - 1;
    const char *from = memrchr(bytes + len - window, '\r', window);
    if (!from)
        return 0;
    size_t n = (size_t)(bytes + len - from);
    return memcmp(from, m->delimiter, n) == 0 ? n : 0;
}

/* Goes on with a delimiter that began in an earlier piece. Returns the bytes taken. */
static size_t resume_match(struct multipart *m, const char *bytes, size_t len)
{
    size_t n = 0;
    while (n < len && m->matched < m->delimiter_len && bytes[n] == m->delimiter[m->matched]) {
        n++;
        m->matched++;
    }
    if (m->matched == m->delimiter_len) {
        delimiter_found(m);
    } else if (n < len) { /* it was data after all; nothing of it can begin another delimiter */
        size_t was = m->matched;
        m->matched = 0;
        emit(m, m->delimiter, was);
    }
    return n;
}

static size_t feed_data(struct multipart *m, const char *bytes, size_t len)
{
    if (m->matched)
        return resume_match(m, bytes, len);
    const char *found = memmem(bytes, len, m->delimiter, m->delimiter_len);
    if (found) {
        size_t before = (size_t)(found - bytes);
        if (emit(m, bytes, before))
            delimiter_found(m);
        return before + m->delimiter_len;
    }
    size_t tail = tail_match(m, bytes, len);
    if (emit(m, bytes, len - tail))
        m->matched = tail;
    return len;
}

/* "--" closes; white space and CR LF open a part. `held` counts 1 for a first '-', 2 for a CR. */
static size_t feed_delimited(struct multipart *m, const char *bytes, size_t len)
{
    (void)len;
    char c = bytes[0];
    if (m->held == 0 && is_space(c))
        return 1;
    if (m->held == 0 && (c == '-' || c == '\r')) {
        m->held = c == '-' ? 1 : 2;
        return 1;
    }
    if (m->held == 1 && c == '-') {
        m->state = MULTIPART_EPILOGUE;
        return 1;
    }
    if (m->held != 2 || c != '\n')
        return fail(m, "neither a line end nor \"--\" behind a boundary");
    if (++m->parts > m->parts_max)
        return fail(m, "too many parts");
    m->held = 0;
    m->state = MULTIPART_HEADER;
    return 1;
}

static void copy_cut(char *to, const char *from, size_t max)
{
    size_t len = strnlen(from, max);
    memcpy(to, from, len);
    to[len] = '\0';
}

/* RFC 7578 forbids filename*, so it is not looked at. */
static bool parse_disposition(const char *value, const char *end, struct multipart_part *part)
{
    value = skip_spaces(value, end);
    static const char TYPE[] = "form-data";
    size_t type_len = sizeof TYPE - 1;
    if ((size_t)(end - value) < type_len || strncasecmp(value, TYPE, type_len) != 0)
        return false;
    value += type_len;
    const char *name;
    size_t name_len;
    bool named = false;
    char text[MULTIPART_HEADER_MAX];
    while (next_parameter(&value, end, &name, &name_len, text, sizeof text)) {
        if (name_is(name, name_len, "filename")) {
            part->has_filename = true;
            copy_cut(part->filename, text, MULTIPART_FILENAME_MAX);
        } else if (name_is(name, name_len, "name")) {
            copy_cut(part->name, text, MULTIPART_NAME_MAX);
            named = true;
        }
    }
    return named && skip_spaces(value, end) == end;
}

static void header_complete(struct multipart *m)
{
    struct multipart_part part = {.name = ""};
    bool named = false;
    const char *line = m->header, *end = m->header + m->held - 2;
    if (memchr(m->header, '\0', m->held)) { /* "image\0x" is not "image" */
        fail(m, "a NUL in a part's header");
        return;
    }
    while (line < end) {
        const char *line_end = memmem(line, (size_t)(m->header + m->held - line), "\r\n", 2);
        const char *colon = memchr(line, ':', (size_t)(line_end - line));
        if (!colon) {
            fail(m, "a part's header line without a colon");
            return;
        }
        if (name_is(line, (size_t)(colon - line), "Content-Disposition"))
            named = parse_disposition(colon + 1, line_end, &part);
        line = line_end + 2;
    }
    if (!named)
        fail(m, "a part without a usable name");
    else if (!m->events->part(m->context, &part))
        fail(m, "refused");
    else
        m->state = MULTIPART_DATA;
    m->held = 0;
}

static bool header_ended(const struct multipart *m)
{
    return (m->held == 2 && memcmp(m->header, "\r\n", 2) == 0) ||
           (m->held >= 4 && memcmp(m->header + m->held - 4, "\r\n\r\n", 4) == 0);
}

static size_t feed_header(struct multipart *m, const char *bytes, size_t len)
{
    size_t n = 0;
    while (n < len && m->held < sizeof m->header) {
        m->header[m->held++] = bytes[n++];
        if (m->header[m->held - 1] == '\n' && header_ended(m)) {
            header_complete(m);
            return n;
        }
    }
    return n < len ? fail(m, "a part's header is too long") : n;
}

bool multipart_feed(struct multipart *m, const char *bytes, size_t len)
{
    while (len && m->state != MULTIPART_FAILED && m->state != MULTIPART_EPILOGUE) {
        size_t n;
        if (m->state == MULTIPART_DELIMITED)
            n = feed_delimited(m, bytes, len);
        else if (m->state == MULTIPART_HEADER)
            n = feed_header(m, bytes, len);
        else
            n = feed_data(m, bytes, len);
        bytes += n;
        len -= n;
    }
    return m->state != MULTIPART_FAILED;
}
