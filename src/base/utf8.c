#include "utf8.h"

#include <string.h>

static int length_by_first(unsigned char c)
{
    return c < 0x80                ? 1
           : c >= 0xc2 && c < 0xe0 ? 2
           : c >= 0xe0 && c < 0xf0 ? 3
           : c >= 0xf0 && c < 0xf5 ? 4
                                   : 0;
}

int utf8_sequence(const char *at, size_t len)
{
    const unsigned char *s = (const unsigned char *)at;
    int n = len ? length_by_first(s[0]) : 0;
    if ((size_t)n > len)
        return 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* Written longer than needed, a surrogate, beyond U+10FFFF. */
    if (n > 2 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                  (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
        return 0;
    return n;
}

bool utf8_is_valid(const char *at, size_t len)
{
    for (int n; len; at += n, len -= (size_t)n)
        if ((n = utf8_sequence(at, len)) == 0)
            return false;
    return true;
}

void utf8_clean(const char *text, char *out, size_t room)
{
    size_t at = 0;
    while (*text) {
        int n = utf8_sequence(text, strnlen(text, 4));
        bool shown = n > 1 || (n == 1 && (unsigned char)*text >= 0x20 && *text != 0x7f);
        n = n ? n : 1;
        if (at + (size_t)n >= room)
            break;
        memcpy(out + at, shown ? text : "?", (size_t)n);
        text += n;
        at += (size_t)n;
    }
    out[at] = '\0';
}
