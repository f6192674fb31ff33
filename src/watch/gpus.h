/*
 * gpus - the GPUs of this machine while a scenario is played, where the target is on it.
 *
 * They are read on a thread of its own, since a driver's library takes a second to open, milliseconds to
 * answer, and may hang: nobody waits for it, but gpus_stop() for a moment. A thread that hangs then is left
 * to itself with what belongs to it, and what it had read before counts.
 *
 * Memory: GPUS_READINGS readings, then the time between two is doubled, and so on: an hour and eight minutes
 * at one a second, 3.4 hours with as many more, a week with nine times as many.
 *
 * Create, start, stop, collect and destroy from one thread; gpus_set_pid() from any.
 */
#pragma once

#include "clock.h"
#include "gpu.h"
#include "record.h"

#include <stdbool.h>

enum { GPUS_KEPT = 16, GPUS_READINGS = 4096 };

struct gpus_config {
    bool here;                /* the target is on this machine; else nothing is read */
    nsec every;               /* from one reading to the next; more where a reading takes long */
    struct gpu_places places; /* texts outlive the program's use of it: a thread may be left behind */
};

struct gpus;

/* NULL: no memory. */
struct gpus *gpus_create(const struct gpus_config *config);
/* The target's process, whose memory is told apart with that of all that it started; 0: not known. */
void gpus_set_pid(struct gpus *g, int pid);
/* False with errno when the thread could not be started. */
bool gpus_start(struct gpus *g);
/* After a last reading, or after a second. */
void gpus_stop(struct gpus *g);
/*
 * After gpus_stop(), and after the figures of the target's own metrics are in the record, whose zero of time
 * is `zero`: adds the GPUs and their series. "gpu.memory" (MB) and "gpu.usage" (%) that the metrics did not
 * fill become the memory of the target's process, of all GPUs, or all memory in use where that is not known,
 * and the largest usage. Without GPUs on this machine a target whose process is known has none.
 */
void gpus_collect(const struct gpus *g, struct record *record, nsec zero);
void gpus_destroy(struct gpus *g);
