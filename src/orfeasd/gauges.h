/*
 * gauges - the figures that are read when somebody asks for them: of the server, its process, the machine and
 * its GPUs. Main thread.
 */
#pragma once

#include "backend.h"

/* Hides the families of what does not exist here. The profile and the GPUs are known. */
void gauges_init(struct backend *b);
/* For somebody who is about to read them. */
void gauges_update(struct backend *b);
