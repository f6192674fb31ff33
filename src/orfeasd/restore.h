/*
 * restore - finds the jobs of an earlier process in the directory that keeps them.
 *
 * Those that had ended come back as they were; a completed one only when its model lies there whole. Those
 * that waited or ran have failed as interrupted. A picture without a record comes back as uploaded. What was
 * half written is removed; a folder whose record is not ours, or makes no sense, is left alone. Main thread,
 * before the loop runs.
 */
#pragma once

#include "diag.h"
#include "job_table.h"

enum { RESTORE_MAX = 100000 }; /* folders that are looked at */

struct restored {
    int jobs;        /* that came back, those below included */
    int interrupted; /* of them, those that waited or ran */
    int cleared;     /* folders in which nothing whole was left: removed */
    int skipped;     /* folders left alone, named in `diags` */
};

/* Into the table, the one that ended last as the newest. */
void restore_jobs(const struct store *store, struct job_table *table, nsec now, struct restored *ret,
                  struct diag_list *diags);
