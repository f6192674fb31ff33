/*
 * job_record - a job as the few lines of JSON that outlive the process.
 *
 * Times are nanoseconds since 1970. What a record says is checked like anything from outside: it may have
 * been written by another version, or by a disk that failed.
 */
#pragma once

#include "job.h"

enum { JOB_RECORD_MAX = 16 << 10, JOB_RECORD_ERROR_TEXT = 120 };

/* The job as it will be in `state`; `profile` may be NULL. */
void job_record_write(const struct job *job, enum job_state state, const struct profile *profile,
                      struct buf *out);
/* A new job with what the record says, of no table yet; its generation, if it had one, is `past`. NULL, with
 * the reason in `error`, when it is no record of the job `id`. */
struct job *job_record_read(const char *text, size_t len, const struct uuid *id,
                            char error[JOB_RECORD_ERROR_TEXT]);
