#include "http1_private.h"

#include <endian.h>
#include <string.h>

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
        if (!bits) {
            at += 8;
            continue;
        }
        at += __builtin_ctzll(bits) / 8;
        if (*at != '\t')
            return at;
        at++;
    }
    while (at < end && ((unsigned char)*at >= ' ' || *at == '\t') && *at != 0x7f)
        at++;
    return at;
}

static const char NO_CR_LF[] = "a line that does not end in CR LF";

/* Takes what there is of a line that is cut, or too long, or wrong; see http1_take_line(). The limit counts
 * before anything else, so that a line is judged alike wherever it is cut. */
__attribute__((noinline)) static size_t take_cut_line(struct http1 *p, const char *bytes, size_t len,
                                                      struct http1_text *line)
{
    const char *at = bytes, *end = bytes + (len < p->room ? len : p->room);
    size_t text = 0;
    if (!p->after_cr) {
        at = find_control(bytes, end);
        text = (size_t)(at - bytes);
        if (at < end && *at != '\r')
            return http1_fail(p, *at == '\n' ? NO_CR_LF : "a control character in a header");
        p->after_cr = at < end;
        at += p->after_cr;
    }
    bool ends = at < end;
    if (!ends && (size_t)(end - bytes) < len)
        return http1_fail(p, p->state == HTTP1_HEAD ? "the headers are too long"
                                                    : "a line of the chunked framing is too long");
    if (ends && *at++ != '\n')
        return http1_fail(p, NO_CR_LF);
    if (text)
        buf_add(&p->kept, bytes, text);
    if (p->kept.failed)
        return http1_fail(p, "no memory for a header");
    p->room -= (uint32_t)(at - bytes);
    if (ends) {
        *line = (struct http1_text){buf_text(&p->kept), p->kept.len};
        p->after_cr = false;
    }
    return (size_t)(at - bytes);
}

size_t http1_take_line(struct http1 *p, const char *bytes, size_t len, struct http1_text *line)
{
    line->at = NULL;
    if (p->after_cr || p->kept.len)
        return take_cut_line(p, bytes, len, line);
    const char *end = bytes + (len < p->room ? len : p->room), *cr = find_control(bytes, end);
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n')
        return take_cut_line(p, bytes, len, line);
    *line = (struct http1_text){bytes, (size_t)(cr - bytes)};
    p->room -= (uint32_t)(line->len + 2);
    return line->len + 2;
}

struct http1_text http1_trim(struct http1_text t)
{
    while (t.len && (*t.at == ' ' || *t.at == '\t'))
        t.at++, t.len--;
    while (t.len && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}
