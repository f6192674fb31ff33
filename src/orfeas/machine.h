/*
 * machine - what the generator itself used, and what the machine took away from it.
 */
#pragma once

#include "clock.h"

struct machine_usage {
    nsec cpu;             /* of this process */
    long long steal, all; /* the machine's ticks; 0 where /proc/stat does not tell */
};

void machine_read(struct machine_usage *ret);
/* Per cent of the machine's time that its host took, between two readings; NaN when it is not told. */
double machine_steal_percent(const struct machine_usage *from, const struct machine_usage *to);
