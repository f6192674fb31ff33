/*
 * multipart - multipart/form-data (RFC 7578 on RFC 2046) as a stream: bytes in, events out, nothing kept.
 *
 * Fed in pieces of any size; a part's data is handed on as it arrives, so that memory does not depend on the
 * body's length. No I/O. The parser is plain memory of the caller; not thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046, section 5.1.1 */
    MULTIPART_HEADER_MAX = 4096, /* bytes of one part's header */
    MULTIPART_NAME_MAX = 63,
    MULTIPART_FILENAME_MAX = 511,
};

struct multipart_part {
    char name[MULTIPART_NAME_MAX + 1]; /* cut when it is longer: no name that anybody looks for is */
    bool has_filename;
    char filename[MULTIPART_FILENAME_MAX +
                  1]; /* as the client wrote it, cut when it is longer: foreign text */
};

/* Each returns false to stop the parser; multipart_feed() then fails with "refused". */
struct multipart_events {
    bool (*part)(void *context, const struct multipart_part *part);
    bool (*data)(void *context, const char *bytes, size_t len);
    bool (*part_end)(void *context);
};

enum multipart_state {
    MULTIPART_PREAMBLE,  /* before the first delimiter: dropped */
    MULTIPART_DELIMITED, /* right behind a delimiter: "--" ends the body, a line end opens a part */
    MULTIPART_HEADER,
    MULTIPART_DATA,
    MULTIPART_EPILOGUE, /* behind the closing delimiter: dropped */
    MULTIPART_FAILED,
};

struct multipart {
    enum multipart_state state;
    const char *error; /* why it failed, else NULL */
    const struct multipart_events *events;
    void *context;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX + 1]; /* CR LF "--" boundary */
    size_t delimiter_len;
    size_t matched; /* bytes of the delimiter that the last piece ended with */
    int parts, parts_max;
    size_t held; /* bytes in `header`, or of the line behind a delimiter */
    char header[MULTIPART_HEADER_MAX];
};

/* The boundary of a Content-Type value. False when it is no multipart/form-data or its boundary is not
 * usable. */
bool multipart_boundary(const char *content_type, char ret[MULTIPART_BOUNDARY_MAX + 1]);

/* A body of more than `parts_max` parts fails. `events` must outlive the parser; `boundary` is copied. */
void multipart_init(struct multipart *m, const char *boundary, int parts_max,
                    const struct multipart_events *events, void *context);
/* False once it has failed; `error` then says why. */
bool multipart_feed(struct multipart *m, const char *bytes, size_t len);
/* Whether the closing delimiter was seen. */
bool multipart_complete(const struct multipart *m);
