/*
 * sse_reader - a stream of Server-Sent Events, read as its bytes come in (HTML standard, section 9.2.6). No
 * I/O. One thread.
 *
 * Lines end with CR LF, LF or CR; comments and unknown fields are passed over; an event that is not complete
 * when the stream ends is none. Its memory is kept from one stream to the next.
 */
#pragma once

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SSE_NAME_MAX = 127,          /* bytes of an event's name; a longer one is cut */
    SSE_ID_MAX = 127,            /* of an id; a longer one counts as none */
    SSE_RETRY_MAX_MS = 86400000, /* a longer wait is cut to it */
};

struct sse_event {
    const char *name; /* "message" when the stream says none */
    const char *id;   /* its own; NULL: it has none */
    const char *data; /* its lines with line feeds between them; a NUL behind them */
    size_t len;
};

struct sse_reader {
    /* What it has come to: */
    char id[SSE_ID_MAX + 1]; /* of the last event that had one; "": none */
    int retry_ms;            /* how long to wait before connecting again; -1: not told */
    /* private: */
    struct buf line; /* that was cut */
    struct buf data;
    char name[SSE_NAME_MAX + 1], next_id[SSE_ID_MAX + 1];
    bool has_id;   /* the event that is being read has one of its own */
    bool begun;    /* a byte order mark is no longer expected */
    bool after_cr; /* a line feed belongs to the line's end before */
};

/* Lines and events are at most `max_bytes` long. */
void sse_reader_init(struct sse_reader *r, size_t max_bytes);
void sse_reader_finish(struct sse_reader *r);
/* Another stream begins; `id` and `retry_ms` stay, as they count for it. */
void sse_reader_restart(struct sse_reader *r);
/* As after sse_reader_init(), with the memory kept. */
void sse_reader_clear(struct sse_reader *r);

/* Hands each complete event to `event`, which says false when it wants no more. False then, or when a line or
 * an event is too long, as sse_too_long() tells; feed it no more until it is restarted. */
bool sse_feed(struct sse_reader *r, const char *bytes, size_t len,
              bool (*event)(void *context, const struct sse_event *e), void *context);
bool sse_too_long(const struct sse_reader *r);
