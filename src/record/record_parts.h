/*
 * record_parts - a job taken apart: where its time went, so that the parts make up the whole.
 *
 *   a job  = lag (due until sent) + its steps, retries and their waits included + between (ours)
 *   a wait = queue + processing + notice (until we knew)
 *
 * All of it in nanoseconds and exactly. Pure functions, any thread.
 */
#pragma once

#include "record.h"

/*
 * Takes the wait in `step`, which has ended, apart by what the server tells, all of which is set and in
 * order.
 *
 * A server's queue begins while we still submit, and so it may begin to work: what queue and processing
 * exceed the wait by is cut off their front, the queue's first. No job lasts longer than from its sending to
 * the wait's end, though; what exceeds that by more than the grain of the times is implausible, and counted.
 */
void record_parts_told(struct record_job *job, int step, const struct record_told *told);
/* The same of a server that tells nothing: it was seen to begin at `began`, within the wait. */
void record_parts_seen(struct record_job *job, int step, nsec began);
/* A stage between two of the server's times, after record_parts_told(): cut to the processing. There are
 * fewer than RECORD_STAGES_MAX, and room for one more. */
void record_parts_stage(struct record_job *job, int name, nsec started, nsec finished);

/* How long we did not know that the target was done; -1: not known. */
nsec record_parts_notice(const struct record_job *job);
/* What belongs to no step: between two of them, and while our checker had the model. */
nsec record_parts_between(const struct record_shape *shape, const struct record_job *job);

/* Of one job that has ended and whose steps are in order: NULL, or which law is broken (static text). */
const char *record_parts_check(const struct record_shape *shape, const struct record_job *job);
