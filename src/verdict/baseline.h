/*
 * baseline - the warm generation that results are compared with.
 */
#pragma once

#include "plan.h"

#define BASELINE_SECONDS 82.0 /* as the guide has it, of ORFEAS */

/* At the plan's time scale in seconds; NAN when the workflow does not wait for a job: then there is nothing
 * to compare with it. */
double baseline_seconds(const struct plan *p);
