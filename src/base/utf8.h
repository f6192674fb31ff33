/*
 * utf8 - is a piece of foreign text UTF-8 (RFC 3629), and what can be shown of it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The length of the sequence that begins at `at`, of which `len` bytes are there: 1 to 4; 0 when it is none.
 */
int utf8_sequence(const char *at, size_t len);
bool utf8_is_valid(const char *at, size_t len);
/* As much of the text as fits into `room` bytes with its NUL, in whole sequences; control characters and
 * bytes that are not UTF-8 become '?'. */
void utf8_clean(const char *text, char *out, size_t room);
