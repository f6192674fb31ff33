/* http1_private - what the files of http1 share: a text in the bytes fed, lines, and how a response fails. */
#pragma once

#include "http1.h"

enum { HTTP1_CHUNK_LINE_MAX = 4096 };

struct http1_text {
    const char *at;
    size_t len;
};

/* False, so that it can be returned. What is kept of a line is freed. */
bool http1_fail(struct http1 *p, const char *why);

/* Without spaces and tabs at both ends. */
struct http1_text http1_trim(struct http1_text t);

/*
 * Takes bytes up to and including a line's end, and returns how many. `line`, without its CR LF, lies in
 * them, or in `kept` when its beginning came earlier: http1_finish() when it has been read. `at` is NULL when
 * it is not complete, or the response failed. There is no control character in it but tabs.
 */
size_t http1_take_line(struct http1 *p, const char *bytes, size_t len, struct http1_text *line);

/* Takes what there is of the head, and returns how many bytes that were. */
size_t http1_feed_head(struct http1 *p, const char *bytes, size_t len);

/* Of a header or trailer line, the length of the name; 0 when the response failed. */
size_t http1_parse_name(struct http1 *p, struct http1_text line);
