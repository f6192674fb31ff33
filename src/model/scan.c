#include "scan.h"

#include <stdlib.h>
#include <string.h>

enum { EXACT_DIGITS = 15, EXACT_POWER = 22 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool scan_line(struct scan *s, struct scan *ret)
{
    if (s->at == s->end)
        return false;
    const char *end = memchr(s->at, '\n', (size_t)(s->end - s->at));
    *ret = (struct scan){s->at, end ? end : s->end};
    s->at = end ? end + 1 : s->end;
    return true;
}

static bool any_number(struct scan_word word, double *ret)
{
    char copy[SCAN_NUMBER_MAX + 1], *end;
    if (!word.len || word.len > SCAN_NUMBER_MAX)
        return false;
    memcpy(copy, word.text, word.len);
    copy[word.len] = '\0';
    *ret = strtod(copy, &end);
    return end == copy + word.len;
}

/* Up to 15 digits and a power of ten up to 22 are exact in a double, so one operation rounds correctly
 * (Clinger 1990). Everything else goes to strtod. */
static bool plain_number(struct scan_word word, double *ret)
{
    static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *at = word.text, *end = at + word.len;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    uint64_t digits = 0;
    int count = 0, decimals = 0;
    bool point = false;
    for (; at < end && count <= EXACT_DIGITS; at++) {
        if (is_digit(*at)) {
            digits = digits * 10 + (uint64_t)(*at - '0');
            count++;
            decimals += point;
        } else if (*at == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (!count || count > EXACT_DIGITS)
        return false;
    double value = (double)digits / powers[decimals];
    *ret = negative ? -value : value;
    return true;
}

bool scan_word_number(struct scan_word word, double *ret)
{
    return plain_number(word, ret) || any_number(word, ret);
}

bool scan_number(struct scan *s, double *ret)
{
    return scan_word_number(scan_word(s), ret);
}

bool scan_integer(struct scan *s, int64_t *ret)
{
    bool negative = s->at < s->end && *s->at == '-';
    const char *at = s->at + (s->at < s->end && (*s->at == '-' || *s->at == '+')), *start = at;
    int64_t value = 0;
    for (; at < s->end && is_digit(*at); at++) {
        if (value > (INT64_MAX >> 1) / 10 - 1)
            return false;
        value = value * 10 + (*at - '0');
    }
    if (at == start)
        return false;
    *ret = negative ? -value : value;
    s->at = at;
    return true;
}
