/*
 * job_metrics - what is counted of jobs, from their acceptance to their end. Main thread.
 */
#pragma once

#include "backend.h"

/* Shows what has not happened yet as 0: whoever asks for a rate needs a first value. */
void job_metrics_init(struct backend *b);
void job_metrics_started(struct backend *b, const struct job *job);
void job_metrics_worked(struct backend *b, const struct job *job);
void job_metrics_ended(struct backend *b, const struct job *job);

/* The series of F_GENERATIONS that the job, which has ended, belongs to. */
struct metric_series *job_metrics_generations(struct backend *b, const struct job *job);
