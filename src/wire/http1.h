/*
 * http1 - an HTTP/1.1 response, parsed as its bytes come in (RFC 9112). No I/O: bytes in, events out.
 *
 * Strict where laxness would let two readers disagree about where a message ends: conflicting or odd lengths,
 * bare line feeds, folded headers and spaces before a colon are refused. The parser keeps nothing of the
 * body; the caller gives it one response at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http1_state {
    HTTP1_HEAD, /* status line and headers are coming in */
    HTTP1_BODY,
    HTTP1_DONE,  /* the response is complete */
    HTTP1_FAILED /* see `error` */
};

enum { HTTP1_HEAD_MAX = 32 << 10, HTTP1_HEADERS_MAX = 128, HTTP1_VALUE_MAX = 128 };

struct http1 {
    enum http1_state state;
    const char *error;      /* static text */
    int status;             /* once the state is past HTTP1_HEAD */
    int64_t content_length; /* -1: not told */
    bool keep_alive;        /* the connection can be used again after HTTP1_DONE */
    bool head_request;      /* set by the caller before feeding: the response to a HEAD has no body */
    char server[HTTP1_VALUE_MAX];
    char date[HTTP1_VALUE_MAX];
    int64_t retry_after; /* seconds; -1: absent or a date */
    /* private: */
    enum { BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE, BODY_EMPTY } framing;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER } chunk;
    int64_t left; /* of the body, or of the chunk */
    int64_t trailer_bytes;
    int header_count;
    bool http10, chunked_header, close_header, keep_header;
    size_t head_len; /* of `head`, so far */
    char head[HTTP1_HEAD_MAX];
};

/* Ready for the next response. */
void http1_init(struct http1 *p, bool head_request);

/*
 * Feeds bytes. Returns how many were used: all, unless the response ended (or failed) before the last of
 * them. Body bytes are handed to `body` (which may be NULL) as they come, without the chunk framing.
 */
size_t http1_feed(struct http1 *p, const char *bytes, size_t len,
                  void (*body)(void *context, const char *bytes, size_t len), void *context);

/* The connection has ended. A body that runs until then is complete (HTTP1_DONE), everything else fails. */
void http1_end(struct http1 *p);
