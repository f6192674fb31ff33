/*
 * request_log - a line for each request, into a file that is rotated.
 *
 *   2026-11-25T10:58:00.123456Z | INFO | request | 127.0.0.1 "GET /health" 200 65 0.214ms -
 *
 * That is: when it ended (UTC), INFO or WARNING (4xx) or ERROR (5xx), who, what (the path as it came, without
 * its query, cut), status (499: the client left), bytes of the answer's body, how long it took, and the job.
 * What is not printable ASCII is escaped as \xNN, quotes and backslashes too, so a line is a line.
 *
 * request_log_add() only copies into memory; a thread of the log's own writes. What does not fit (the disk is
 * full or slower than the requests for long) is lost and counted, and said once.
 */
#pragma once

#include "clock.h"

#include <stdint.h>

struct request_log_limits {
    int64_t file_bytes; /* then it is rotated */
    int files;          /* FILE.1, the youngest, to FILE.<files> */
    size_t wait_bytes;  /* of lines that wait to be written, twice */
};
extern const struct request_log_limits request_log_default_limits; /* 10 MB, 5, 1 MB */

struct request_log_line {
    uint32_t address; /* IPv4, network order */
    const char *method, *path;
    int status;
    int64_t bytes;
    nsec lasted;
    const char *job; /* its id, or "" */
};

struct request_log;

/* "-" is standard error, which is not rotated. `tell` is called from the log's thread, at most once; it may
 * be NULL. NULL with errno when the file cannot be opened. */
struct request_log *request_log_create(const char *path, const struct request_log_limits *limits,
                                       void (*tell)(const char *text));
/* Writes what waits. */
void request_log_destroy(struct request_log *log);
/* One thread. */
void request_log_add(struct request_log *log, const struct request_log_line *line);
/* Lines lost so far. Any thread. */
int64_t request_log_lost(const struct request_log *log);
