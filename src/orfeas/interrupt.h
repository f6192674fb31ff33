/*
 * interrupt - Ctrl-C, SIGTERM, and SIGHUP of a terminal that closes: the first lets running jobs end, the
 * second stops them. One that comes at once after the first is the same wish.
 *
 * The program's one piece of state that a signal handler needs.
 */
#pragma once

#include "engine.h"

#include <stdatomic.h>

enum interrupt_first { INTERRUPT_DRAINS, INTERRUPT_STOPS };

/* What the first signal does with running jobs. */
void interrupt_install(enum interrupt_first first);
/* Signals go to this engine from now on; NULL: to none. */
void interrupt_attach(struct engine *e);
/* Set by the first signal. */
const atomic_bool *interrupt_flag(void);
/* The first signal's number, 0: none came. */
int interrupt_signal(void);
