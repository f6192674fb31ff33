/*
 * api - the handlers of the routes; route.c says which answers which path.
 */
#pragma once

#include "admission.h"
#include "exchange.h"
#include "job.h"
#include "params.h"

extern const struct handler api_health, api_ready, api_health_details, api_metrics,
    api_models_info;                      /* api_info.c */
extern const struct handler api_upload;   /* api_upload.c */
extern const struct handler api_generate; /* api_generate.c */
extern const struct handler api_job_status, api_download, api_preview, api_preview_output; /* api_job.c */
extern const struct handler api_batch;                                                     /* api_batch.c */
extern const struct handler api_jobs;                                                      /* api_jobs.c */
extern const struct handler api_cancel;                                                    /* api_cancel.c */
extern const struct handler api_gpu_stats, api_gpu_status;                                 /* api_gpu.c */
extern const struct handler api_job_events, api_job_socket;                                /* api_events.c */
extern const struct handler api_socketio, api_socketio_post; /* api_socketio.c */

/* All that is known about a job, as the members of an object that the caller opens and closes. */
void api_write_job(struct backend *b, const struct job *job, struct buf *out);
/* Its times, as far as it has come. */
void api_write_times(const struct job *job, struct buf *out);
/* The job that the text names; answers 404 and returns NULL when there is none. */
struct job *api_find_job(struct exchange *x, const char *text, size_t len);

/* NULL: the picture can become another model now. Else why not, for people. */
const char *api_why_not(const struct job *job);
/* Members that say where a completed job's model is. */
void api_write_model_place(const struct job *job, struct buf *out);

/* Each answers, and returns false, when the request cannot be taken now. */
bool api_check_rate(struct exchange *x);
bool api_check_ready(struct exchange *x);
bool api_check_open(struct exchange *x); /* the same, of a request for a generation: a refusal is counted */
bool api_check_room(struct exchange *x); /* and there is room for it */
bool api_check_params(struct exchange *x, const struct params *p);

/* An error with the header Retry-After. */
void api_send_refusal(struct exchange *x, const struct refusal *refusal);
void api_send_retry(struct exchange *x, int status, const char *error, const char *kind, int seconds);
