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

/* How many cores this process may use; at least 1. */
int machine_cores(void);
/* Descriptors that the process may have open; the first call raises the limit as far as it may. */
int machine_fd_limit(void);
/* How many it has open now. */
int machine_fds(void);
/* How many connections of users fit beside what else needs descriptors; at least 1. */
int machine_connections(void);

/* Whether somebody keeps this machine's clock right, as the kernel tells it: a phrase for people. */
const char *machine_clock_state(void);
