/*
 * uuid - job ids: version 4, random from the kernel. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UUID_TEXT = 37 };

struct uuid {
    uint8_t bytes[16];
};

struct uuid uuid_make(void);
/* Strict: 36 characters, lower-case hex, version 4, RFC 9562 variant. What it accepts uuid_text() gives back.
 */
bool uuid_parse(const char *text, size_t len, struct uuid *ret);
/* Returns `out`. */
char *uuid_text(const struct uuid *id, char out[UUID_TEXT]);
