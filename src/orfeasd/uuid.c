#include "uuid.h"

#include <assert.h>
#include <sys/random.h>

static bool dash_at(int i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

struct uuid uuid_make(void)
{
    struct uuid id;
    ssize_t n = getrandom(id.bytes, sizeof id.bytes, 0);
    assert(n == (ssize_t)sizeof id.bytes); /* never short below 256 bytes, see getrandom(2) */
    (void)n;
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_parse(const char *text, size_t len, struct uuid *ret)
{
    if (len != UUID_TEXT - 1)
        return false;
    int nibble = 0;
    for (int i = 0; i < UUID_TEXT - 1; i++) {
        if (dash_at(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        uint8_t *byte = &ret->bytes[nibble++ / 2];
        *byte = (uint8_t)(*byte << 4 | digit);
    }
    return ret->bytes[6] >> 4 == 4 && ret->bytes[8] >> 6 == 2;
}

char *uuid_text(const struct uuid *id, char out[UUID_TEXT])
{
    static const char DIGITS[] = "0123456789abcdef";
    char *to = out;
    for (int i = 0; i < 16; i++) {
        if (dash_at((int)(to - out)))
            *to++ = '-';
        *to++ = DIGITS[id->bytes[i] >> 4];
        *to++ = DIGITS[id->bytes[i] & 15];
    }
    *to = '\0';
    return out;
}
