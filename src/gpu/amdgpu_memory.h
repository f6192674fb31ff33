/*
 * amdgpu_memory - how much of a card's memory processes hold, from their fdinfo. Beneath amdgpu.h.
 */
#pragma once

#include "gpu_processes.h"

enum { AMDGPU_CLIENTS_MAX = 1024 }; /* more are left out */

/*
 * Adds up what `processes` hold on the card of the PCI address `bus`. A descriptor that was duplicated or
 * handed on is the same client, and counts once. False: none of them has the card open, or may be looked at.
 */
bool amdgpu_memory_of(const char *proc, const char *bus, const struct gpu_processes *processes,
                      double *bytes);
