/*
 * faults - a backend that is ill in the ways a fault_plan asks for.
 *
 * Everything is hung in front of what is there already: the events of the schedule, the handlers that submit,
 * timers. A backend that was asked for no fault has none of it, and no line on the way of its jobs asks.
 * Health, readiness and metrics are answered as ever, but while it is frozen or gone. Main thread.
 */
#pragma once

#include "backend.h"

enum { FAULTS_LEAK_BYTES = 1 << 30 }; /* what is lost in all, at most; then the leak has stopped */

struct faults;

/* In front of the backend's schedule and routes, which it changes. `plan` asks for something and outlives
 * it. NULL: no memory. */
struct faults *faults_create(struct backend *b, const struct fault_plan *plan);
void faults_destroy(struct faults *f);
