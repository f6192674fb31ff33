#include "json_out.h"

#include <string.h>

static void write_key(struct buf *b, const char *key)
{
    if (!key)
        return;
    buf_add(b, "\"", 1);
    buf_add_text(b, key);
    buf_add(b, "\":", 2);
}

void json_open(struct buf *b, const char *key, char bracket)
{
    write_key(b, key);
    buf_add(b, &bracket, 1);
}

static void drop_comma(struct buf *b)
{
    if (b->len && b->bytes[b->len - 1] == ',')
        b->bytes[--b->len] = '\0';
}

void json_close(struct buf *b, char bracket)
{
    drop_comma(b);
    buf_add(b, &bracket, 1);
    buf_add(b, ",", 1);
}

void json_end(struct buf *b)
{
    drop_comma(b);
}

size_t json_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned c = at[0];
    size_t len = c < 0x80                ? 1
                 : c >= 0xc2 && c < 0xe0 ? 2
                 : c >= 0xe0 && c < 0xf0 ? 3
                 : c >= 0xf0 && c < 0xf5 ? 4
                                         : 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

void json_text(struct buf *b, const char *key, const char *text)
{
    write_key(b, key);
    buf_add(b, "\"", 1);
    const char *from = text, *at = text;
    while (*at) {
        unsigned char c = (unsigned char)*at;
        size_t len = json_utf8(at);
        if (len && c >= 0x20 && c != '"' && c != '\\') {
            at += len;
            continue;
        }
        buf_add(b, from, (size_t)(at - from));
        if (!len)
            buf_add_text(b, "\xef\xbf\xbd");
        else
            buf_printf(b, c < 0x20 ? "\\u%04x" : "\\%c", c);
        from = ++at;
    }
    buf_add(b, from, (size_t)(at - from));
    buf_add(b, "\",", 2);
}

void json_int(struct buf *b, const char *key, int64_t value)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    *--at = ',';
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    write_key(b, key);
    buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void json_bool(struct buf *b, const char *key, bool value)
{
    write_key(b, key);
    buf_add_text(b, value ? "true," : "false,");
}

void json_seconds(struct buf *b, const char *key, nsec t)
{
    uint64_t usec = (uint64_t)(t > 0 ? t : 0) / NSEC_PER_USEC;
    json_int(b, key, (int64_t)(usec / 1000000));
    char digits[9] = ".000000,";
    for (unsigned i = 6, left = (unsigned)(usec % 1000000); left; i--, left /= 10)
        digits[i] = (char)('0' + left % 10);
    drop_comma(b);
    buf_add(b, digits, 8);
}

void json_none(struct buf *b, const char *key)
{
    write_key(b, key);
    buf_add_text(b, "null,");
}

void json_fraction(struct buf *b, const char *key, double value)
{
    write_key(b, key);
    buf_printf(b, "%.3f,", value);
}
