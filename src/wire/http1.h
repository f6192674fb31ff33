/*
 * http1 - an HTTP/1.1 response, parsed as its bytes come in (RFC 9112). No I/O: bytes in, events out.
 *
 * Strict where laxness would let two readers disagree about where a message ends: conflicting or odd lengths,
 * bare line feeds, folded headers and spaces before a colon are refused. The parser keeps nothing of the
 * body; the caller gives it one response at a time. Not thread-safe.
 *
 * Nothing is copied: lines are parsed where they lie. Only a line that is cut by the end of the bytes fed is
 * kept, in memory that lives until its rest has come; a parser between two responses owns no memory.
 */
#pragma once

#include "buf.h"

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

/* Headers that few ask for; "" when the response has none, cut when longer. */
struct http1_names {
    char server[HTTP1_VALUE_MAX];
    char via[HTTP1_VALUE_MAX];
    char date[HTTP1_VALUE_MAX];
    char content_type[HTTP1_VALUE_MAX];
    char upgrade[HTTP1_VALUE_MAX]; /* Upgrade */
    char accept[HTTP1_VALUE_MAX];  /* Sec-WebSocket-Accept */
};

struct http1 {
    /* set by the caller: */
    struct http1_names *names; /* filled while parsing; NULL: not wanted */
    bool may_switch; /* the request asks for another protocol: after a 101 the response is complete */
    /* the outcome: */
    enum http1_state state;
    int status;             /* 0: the status line has not come yet */
    const char *error;      /* static text, "" while there is none */
    int64_t content_length; /* -1: not told */
    int64_t retry_after;    /* seconds; -1: absent or a date */
    int64_t retry_at;       /* seconds since 1970; -1: absent or no date */
    bool keep_alive;        /* the connection can be used again after HTTP1_DONE */
    /* private: */
    bool head_request;
    bool http10, chunked_header, close_header, keep_header;
    bool after_cr; /* the last byte was a line's CR */
    enum { BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE, BODY_EMPTY } framing;
    enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER } chunk;
    int header_count;
    uint32_t room;   /* bytes that the head, the chunk's line or the trailer may still have */
    int64_t left;    /* of the body, or of the chunk */
    struct buf kept; /* a line that was cut; empty otherwise */
};

/*
 * Ready for the next response; `head_request`: it answers a HEAD and has no body. The struct is zeroed before
 * the first time (`struct http1 p = {.names = ...}`); `names` stays, its texts are emptied.
 */
void http1_init(struct http1 *p, bool head_request);
/* Frees what a response that did not end may have left; http1_init() may follow. */
void http1_finish(struct http1 *p);

/*
 * Feeds bytes. Returns how many were used: all, unless the response ended (or failed) before the last of
 * them. Body bytes are handed to `body` (which may be NULL) as they come, without the chunk framing.
 */
size_t http1_feed(struct http1 *p, const char *bytes, size_t len,
                  void (*body)(void *context, const char *bytes, size_t len), void *context);

/* Seconds since 1970 of a date as headers have it: the preferred form of RFC 9110, section 5.6.7, "Sun, 06
 * Nov 1994 08:49:37 GMT"; -1: it is none, or before 1970. */
int64_t http1_date(const char *text);

/* How many bytes from here on are body and nothing else, whatever they hold; 0: the next one has to be looked
 * at. */
size_t http1_skippable(const struct http1 *p);
/* So many bytes, at most the skippable ones, came and went unseen. */
void http1_skip(struct http1 *p, size_t len);

/* The connection has ended. A body that runs until then is complete (HTTP1_DONE), everything else fails. */
void http1_end(struct http1 *p);
