/*
 * load - when each user of a paced or closed load comes and goes, from the plan alone.
 *
 * Users are numbered from 0, and those present are always the first ones. Pure functions: threads that share
 * the users out among them agree without asking each other. Any thread.
 *
 * In a phase that wants U users, `here` of them being there when it begins:
 *   U > here  the missing ones join in the order of their numbers, the k-th of M (k from 0) at
 *             k * start_every, in a ramp at k * duration / M; one whose time is not before the phase's end
 *             does not join in it, and is not there when the next one begins.
 *   U < here  the others leave when it begins; in a ramp the highest number first, the k-th of N (k from 1)
 *             at k * duration / N, so that the last one leaves at its end.
 * Quotients are rounded down to a nanosecond. Every user leaves when the load ends.
 */
#pragma once

#include "plan.h"

/* The most that any phase wants. */
int load_users_most(const struct plan_load_model *load);
/* How many users are there when phase number `phase` begins. */
int load_users_before(const struct plan_load_model *load, int phase);
/* From the phase's start; -1: `user` is there already, or does not come in this phase. */
nsec load_join_time(const struct plan_load_model *load, int phase, int user);
/* From the phase's start; -1: `user` is not there when the phase begins, or stays. */
nsec load_leave_time(const struct plan_load_model *load, int phase, int user);
