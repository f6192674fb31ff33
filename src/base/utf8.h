/*
 * utf8 - is a piece of foreign text UTF-8 (RFC 3629)? Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The length of the sequence that begins at `at`, of which `len` bytes are there: 1 to 4; 0 when it is none.
 */
int utf8_sequence(const char *at, size_t len);
bool utf8_is_valid(const char *at, size_t len);
