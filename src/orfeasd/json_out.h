/*
 * json_out - JSON into a buffer, one member after the other, without allocating.
 *
 * Every function leaves a comma behind what it wrote; json_close() and json_end() take the last one back.
 * `key` is NULL inside an array. Keys are ours and need no escaping; texts are escaped, and bytes that are no
 * UTF-8 replaced.
 */
#pragma once

#include "buf.h"
#include "clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void json_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void json_close(struct buf *b, char bracket);                 /* '}' or ']' */
void json_end(struct buf *b);                                 /* behind the outermost bracket */
void json_text(struct buf *b, const char *key, const char *text);
void json_int(struct buf *b, const char *key, int64_t value);
void json_none(struct buf *b, const char *key);
void json_bool(struct buf *b, const char *key, bool value);
/* In seconds, to the microsecond; a negative one as 0. */
void json_seconds(struct buf *b, const char *key, nsec t);
/* Bytes of the UTF-8 character that a text goes on with, 0 when it is none (RFC 3629: no overlong forms, no
 * surrogates). */
size_t json_utf8(const char *at);
/* Three digits behind the point. */
void json_fraction(struct buf *b, const char *key, double value);
