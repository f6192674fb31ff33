/*
 * anomaly - what stands out in a run, one sentence each, for people who read no tables.
 */
#pragma once

#include "verdict.h"

#define ANOMALY_BASELINE_SECONDS 82.0 /* the warm generation that the guide calls its baseline */

enum { ANOMALIES_MAX = 32 };

/* Sentences in the arena, the gravest first; returns how many. */
int anomaly_find(const struct plan *p, const struct record *r, const struct verdict *v, struct arena *arena,
                 const char *ret[ANOMALIES_MAX]);
/* The baseline at the plan's time scale in seconds; NAN when the workflow does not wait for a job: then there
 * is nothing to compare with it. */
double anomaly_baseline(const struct plan *p);
