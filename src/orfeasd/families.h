/*
 * families - what orfeasd measures: the declarations of its metrics.
 *
 * Nothing is declared here that nothing feeds.
 */
#pragma once

#include "metrics.h"

enum family_id {
    F_HTTP_REQUESTS,
    F_HTTP_DURATION,
    F_HTTP_ERRORS,
    F_HTTP_REQUEST_BYTES,
    F_HTTP_RESPONSE_BYTES,
    F_HTTP_CONNECTIONS,
    F_HTTP_HELD,
    F_VALIDATION_ERRORS,
    F_UPLOADS,
    F_GENERATIONS,
    F_GENERATION_DURATION,
    F_GENERATION_CPU,
    F_GENERATION_FAILURES,
    F_QUEUE_WAIT,
    F_STAGE_DURATION,
    F_STAGE_ERRORS,
    F_FILE_BYTES,
    F_JOBS_REFUSED,
    F_JOBS_EVICTED,
    F_JOBS_EXPIRED,
    F_RECORD_ERRORS,
    F_ACTIVE_JOBS,
    F_QUEUE_SIZE,
    F_JOB_SLOTS,
    F_JOBS_KEPT,
    F_KEPT_BYTES,
    F_KEPT_BYTES_MAX,
    F_WORKERS,
    F_GPU_USAGE,
    F_GPU_ALLOCATED,
    F_GPU_CACHED,
    F_GPU_TOTAL,
    F_APP_INFO,
    F_APP_UPTIME,
    F_PROCESS_RESIDENT,
    F_PROCESS_VIRTUAL,
    F_PROCESS_CPU,
    F_PROCESS_OPEN_FDS,
    F_PROCESS_MAX_FDS,
    F_PROCESS_START,
    F_PROCESS_THREADS,
    FAMILIES
};

extern const struct metric_def family_defs[FAMILIES];
