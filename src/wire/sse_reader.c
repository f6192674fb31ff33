#include "sse_reader.h"

#include <string.h>

void sse_reader_init(struct sse_reader *r, size_t max_bytes)
{
    *r = (struct sse_reader){.retry_ms = -1};
    buf_init(&r->line, max_bytes);
    buf_init(&r->data, max_bytes);
}

void sse_reader_finish(struct sse_reader *r)
{
    buf_finish(&r->line);
    buf_finish(&r->data);
}

void sse_reader_restart(struct sse_reader *r)
{
    buf_clear(&r->line);
    buf_clear(&r->data);
    r->name[0] = '\0';
    memcpy(r->next_id, r->id, sizeof r->id);
    r->begun = r->after_cr = r->has_id = false;
}

void sse_reader_clear(struct sse_reader *r)
{
    r->id[0] = '\0';
    r->retry_ms = -1;
    sse_reader_restart(r);
}

bool sse_too_long(const struct sse_reader *r)
{
    return r->line.failed || r->data.failed;
}

/* ---- fields ---- */

static void take_data(struct sse_reader *r, const char *value, size_t len)
{
    buf_add(&r->data, value, len);
    buf_add(&r->data, "\n", 1);
}

static void take_name(struct sse_reader *r, const char *value, size_t len)
{
    size_t kept = len < SSE_NAME_MAX ? len : SSE_NAME_MAX;
    memcpy(r->name, value, kept);
    r->name[kept] = '\0';
}

static void take_id(struct sse_reader *r, const char *value, size_t len)
{
    if (len > SSE_ID_MAX || memchr(value, '\0', len))
        return;
    memcpy(r->next_id, value, len);
    r->next_id[len] = '\0';
    r->has_id = true;
}

static void take_retry(struct sse_reader *r, const char *value, size_t len)
{
    int ms = 0;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        ms = ms * 10 + (value[i] - '0');
        ms = ms < SSE_RETRY_MAX_MS ? ms : SSE_RETRY_MAX_MS;
    }
    if (len)
        r->retry_ms = ms;
}

static const struct {
    const char *name;
    void (*take)(struct sse_reader *r, const char *value, size_t len);
} fields[] = {{"data", take_data}, {"event", take_name}, {"id", take_id}, {"retry", take_retry}};

static void take_field(struct sse_reader *r, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name = colon ? (size_t)(colon - line) : len;
    size_t value = colon ? name + 1 : len;
    value += value < len && line[value] == ' ';
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strlen(fields[i].name) == name && memcmp(fields[i].name, line, name) == 0)
            fields[i].take(r, line + value, len - value);
}

/* ---- lines ---- */

static bool dispatch(struct sse_reader *r, bool (*event)(void *context, const struct sse_event *e),
                     void *context)
{
    memcpy(r->id, r->next_id, sizeof r->id);
    bool more = true;
    if (r->data.len) {
        r->data.bytes[r->data.len - 1] = '\0'; /* the last line feed is none of the data's */
        struct sse_event e = {r->name[0] ? r->name : "message", r->has_id ? r->id : NULL, r->data.bytes,
                              r->data.len - 1};
        more = event(context, &e);
    }
    buf_clear(&r->data);
    r->name[0] = '\0';
    r->has_id = false;
    return more;
}

static bool take_line(struct sse_reader *r, const char *line, size_t len,
                      bool (*event)(void *context, const struct sse_event *e), void *context)
{
    static const char mark[] = "\xef\xbb\xbf";
    bool marked = !r->begun && len >= 3 && memcmp(line, mark, 3) == 0;
    r->begun = true;
    line += marked ? 3 : 0;
    len -= marked ? 3 : 0;
    if (len == 0)
        return dispatch(r, event, context);
    take_field(r, line, len);
    return !r->data.failed;
}

static size_t line_length(const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && bytes[at] != '\n' && bytes[at] != '\r')
        at++;
    return at;
}

bool sse_feed(struct sse_reader *r, const char *bytes, size_t len,
              bool (*event)(void *context, const struct sse_event *e), void *context)
{
    for (const char *end = bytes + len; bytes < end;) {
        if (r->after_cr && *bytes == '\n')
            bytes++;
        r->after_cr = false;
        if (bytes == end)
            break;
        size_t n = line_length(bytes, (size_t)(end - bytes));
        bool whole = bytes + n < end;
        if (r->line.len || !whole) {
            buf_add(&r->line, bytes, n);
            if (r->line.failed)
                return false;
        }
        if (!whole)
            break;
        r->after_cr = bytes[n] == '\r';
        bool more = r->line.len ? take_line(r, r->line.bytes, r->line.len, event, context)
                                : take_line(r, bytes, n, event, context);
        buf_clear(&r->line);
        if (!more)
            return false;
        bytes += n + 1;
    }
    return true;
}
