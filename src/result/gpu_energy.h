/*
 * gpu_energy - what a GPU consumed while jobs were under way, from the load's start to the last job's end.
 *
 * It is the whole card's, idle time and others' work included: a card cannot tell whose its watts are. Pure
 * functions on the record.
 */
#pragma once

#include "record.h"

struct gpu_energy {
    double joules;      /* NAN: not known */
    double seconds;     /* of that time, so long it was read; what is missing is not made up */
    const char *method; /* "counter": the difference of the card's own count; "power": its power readings
                           integrated by trapezoids; NULL: neither */
    double per_job; /* of those that succeeded; NAN without any, or when less than nine tenths were read */
};

/* `index` as in "gpu.INDEX.energy". */
void gpu_energy_measure(const struct record *r, int index, struct gpu_energy *ret);
