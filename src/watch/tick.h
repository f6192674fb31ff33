/*
 * tick - a grid of times, for what is done again and again on a loop.
 */
#pragma once

#include "loop.h"

/* Arms the timer, which has just fired, for the next time on its grid, past what was missed. */
static inline void tick_next(struct loop *loop, struct timer *timer, nsec every)
{
    nsec now = loop_now(loop), due = timer->node.due + every;
    timer_set(loop, timer, due > now ? due : now + every);
}
