/*
 * sharing - jobs that share one GPU: the more run, the slower each goes.
 *
 * With n jobs in slots each runs at n^-e of its speed alone, where e is the profile's `sharing`: 0 leaves
 * slots independent, at 1 the card's throughput is the same however many share it (processor sharing: time
 * slices in equal parts). When a job starts or ends, what is left of the deadlines of all that run is
 * stretched by (n after / n before)^e. Main thread.
 */
#pragma once

#include "schedule.h"

struct sharing { /* zero: not in use */
    struct schedule *schedule;
    const struct schedule_events *events; /* of whom it stands in front */
    void *context;
    struct job **running; /* as many as there are slots */
    int count;
};

/* Stands in front of the events of a schedule whose profile shares. False: no memory. */
bool sharing_wrap(struct sharing *s, struct schedule *schedule);
void sharing_finish(struct sharing *s);
