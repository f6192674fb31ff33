#include "json_skim.h"

#include "utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* A bit for each value that is looked for, whose pointer begins with the path to here. */
typedef uint32_t wants;

struct skim {
    const char *at, *end;
    struct json_skim *wanted;
    int depth; /* of the path */
};

static bool read_value(struct skim *s, wants here);

static void skip_blanks(struct skim *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool take(struct skim *s, char c)
{
    bool is = s->at < s->end && *s->at == c;
    s->at += is;
    return is;
}

/* ---- pointers ---- */

/* Its part number `depth`, behind the '/'; NULL: it has none. */
static const char *part_of(const char *pointer, int depth)
{
    for (int i = 0; pointer && i < depth; i++)
        pointer = strchr(pointer + 1, '/');
    return pointer && *pointer ? pointer + 1 : NULL;
}

static bool part_is(const char *part, const char *name, size_t len)
{
    for (; *part && *part != '/'; part++, name++, len--) {
        char c = *part;
        if (c == '~')
            c = *++part == '0' ? '~' : '/';
        if (len == 0 || *name != c)
            return false;
    }
    return len == 0;
}

/* Those of `here` that go on with this name; what a member of the same name had before counts no more. */
static wants go_on(struct skim *s, wants here, const char *name, size_t len)
{
    wants ret = 0;
    for (int i = 0; here >> i; i++) {
        const char *part = here >> i & 1 ? part_of(s->wanted[i].pointer, s->depth) : NULL;
        if (!part || !part_is(part, name, len))
            continue;
        ret |= (wants)1 << i;
        s->wanted[i] = (struct json_skim){.pointer = s->wanted[i].pointer};
    }
    return ret;
}

/* The value at `at` is one of those that are looked for, where their pointers end here. */
static void find(struct skim *s, wants here, struct json_skim found)
{
    for (int i = 0; here >> i; i++) {
        if (!(here >> i & 1) || part_of(s->wanted[i].pointer, s->depth))
            continue;
        found.pointer = s->wanted[i].pointer;
        s->wanted[i] = found;
    }
}

/* ---- single values ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Behind the 'u': neither NUL nor half of a pair. */
static bool skip_code(struct skim *s)
{
    int code = 0;
    if (s->end - s->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex(*s->at++);
        if (digit < 0)
            return false;
        code = code * 16 + digit;
    }
    return code && (code < 0xd800 || code > 0xdfff);
}

static bool skip_escape(struct skim *s)
{
    s->at++;
    if (s->at == s->end)
        return false;
    char c = *s->at++;
    return c == 'u' ? skip_code(s) : c && strchr("\"\\/bfnrt", c);
}

/* Behind the opening quote, to behind the closing one. */
static bool read_string(struct skim *s, struct json_skim *ret)
{
    *ret = (struct json_skim){.found = true, .plain = true, .at = s->at};
    while (s->at < s->end && *s->at != '"') {
        unsigned char c = (unsigned char)*s->at;
        int n = 1;
        if (c == '\\') {
            ret->plain = false;
            if (!skip_escape(s))
                return false;
            continue;
        }
        if (c < 0x20 || (c >= 0x80 && !(n = utf8_sequence(s->at, (size_t)(s->end - s->at)))))
            return false;
        s->at += n;
    }
    ret->len = (size_t)(s->at - ret->at);
    return take(s, '"');
}

static int skip_digits(struct skim *s)
{
    const char *start = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at - start <= 18 ? (int)(s->at - start) : 0;
}

static bool read_number(struct skim *s, struct json_skim *ret)
{
    *ret = (struct json_skim){.found = true, .number = true, .at = s->at};
    bool minus = take(s, '-'), zero = s->at < s->end && *s->at == '0';
    int digits = skip_digits(s);
    if (digits == 0 || (zero && digits > 1))
        return false;
    bool fraction = take(s, '.');
    if (fraction && skip_digits(s) == 0)
        return false;
    ret->len = (size_t)(s->at - ret->at);
    ret->plain = !fraction && !(minus && zero);
    return s->at == s->end || (*s->at != 'e' && *s->at != 'E');
}

static bool read_word(struct skim *s, struct json_skim *ret)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(s->end - s->at) < len || memcmp(s->at, words[i], len) != 0)
            continue;
        *ret = (struct json_skim){.found = true, .plain = true, .at = s->at, .len = len};
        s->at += len;
        return true;
    }
    return false;
}

/* ---- what holds others ---- */

static bool read_member(struct skim *s, wants here, int index)
{
    (void)index;
    struct json_skim name;
    if (!take(s, '"') || !read_string(s, &name) || !name.plain)
        return false;
    skip_blanks(s);
    wants there = here ? go_on(s, here, name.at, name.len) : 0;
    s->depth++;
    bool good = take(s, ':') && read_value(s, there);
    s->depth--;
    return good;
}

static bool read_item(struct skim *s, wants here, int index)
{
    char digits[12], *name = digits + sizeof digits;
    int rest = index;
    do
        *--name = (char)('0' + rest % 10);
    while (rest /= 10);
    wants there = here ? go_on(s, here, name, (size_t)(digits + sizeof digits - name)) : 0;
    s->depth++;
    bool good = read_value(s, there);
    s->depth--;
    return good;
}

/* Behind the opening bracket, to behind the closing one. */
static bool read_all(struct skim *s, wants here, char closing,
                     bool (*read)(struct skim *s, wants here, int index))
{
    if (s->depth == JSON_SKIM_DEPTH_MAX)
        return false;
    skip_blanks(s);
    if (take(s, closing))
        return true;
    for (int index = 0;; index++) {
        skip_blanks(s);
        if (!read(s, here, index))
            return false;
        skip_blanks(s);
        if (!take(s, ','))
            return take(s, closing);
    }
}

static bool read_value(struct skim *s, wants here)
{
    struct json_skim found;
    skip_blanks(s);
    if (take(s, '{'))
        return read_all(s, here, '}', read_member);
    if (take(s, '['))
        return read_all(s, here, ']', read_item);
    bool number = s->at < s->end && (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'));
    if (!(number ? read_number(s, &found) : take(s, '"') ? read_string(s, &found) : read_word(s, &found)))
        return false;
    if (here)
        find(s, here, found);
    return true;
}

bool json_skim(const char *text, size_t len, struct json_skim *wanted, int count)
{
    assert(count <= JSON_SKIM_MAX);
    struct skim s = {.at = text, .end = text + len, .wanted = wanted};
    for (int i = 0; i < count; i++)
        wanted[i] = (struct json_skim){.pointer = wanted[i].pointer};
    if (!read_value(&s, (wants)(((uint64_t)1 << count) - 1)))
        return false;
    skip_blanks(&s);
    return s.at == s.end;
}

bool json_skim_is(const struct json_skim *value, const char *text)
{
    return value->found && value->plain && strncmp(value->at, text, value->len) == 0 && !text[value->len];
}
