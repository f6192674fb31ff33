/*
 * deadline - many waits of the same length: each is set, put off and cancelled in constant time.
 *
 * With one length, who was set last strikes last, so that a list in the order of setting does the work of a
 * heap; the loop has one timer for all of them. A queue belongs to one loop's thread. Deadlines are the
 * caller's memory, zeroed before the first use, and stay in place while they are set.
 */
#pragma once

#include "loop.h"

struct deadline {
    struct deadline *next, *prev; /* NULL: not set */
    nsec due;
};

struct deadlines {
    struct loop *loop;
    nsec after;           /* 0: none of them ever strikes */
    struct deadline ring; /* its next is the earliest */
    struct timer timer;   /* armed for one that may have been put off since: then it is armed again */
    void (*strike)(struct deadline *d);
};

void deadlines_init(struct deadlines *q, struct loop *loop, nsec after, void (*strike)(struct deadline *d));
/* Those that are set are forgotten. */
void deadlines_finish(struct deadlines *q);

/* It strikes `after` from `now`, which is no earlier than at any call before; unset it first when it is set
 * in another queue. */
void deadline_set(struct deadlines *q, struct deadline *d, nsec now);
/* Does nothing when it is not set. */
void deadline_unset(struct deadline *d);
