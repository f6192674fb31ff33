/*
 * selection_tallied - selection.h of jobs that were tallied; the names and what they return are the same.
 */
#pragma once

#include "selection.h"

void selection_tallied_count(struct selection s, const struct record *r, struct job_counts *ret);
struct durations selection_tallied_durations(struct selection s, const struct record *r, int subject,
                                             struct arena *arena);
struct record_point *selection_tallied_points(struct selection s, const struct record *r, int subject,
                                              struct arena *arena, int *ret_count);
void selection_tallied_failed_in(struct selection s, const struct record *r, int step, int64_t *ret_failed,
                                 int64_t *ret_censored);
int selection_tallied_errors(struct selection s, const struct record *r, struct arena *arena,
                             struct job_error **ret);
struct record_span selection_tallied_jobs(const struct record *r);
nsec selection_tallied_first_success(const struct record *r);
