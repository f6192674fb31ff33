/*
 * amdgpu - what AMD's graphics cards say of themselves, read from sysfs as the kernel's amdgpu driver writes
 * it (its documentation: gpu/amdgpu/thermal, gpu/amdgpu/driver-misc), and of a process from its fdinfo
 * (gpu/drm-usage-stats). Any file may be missing: then its figure is not there. It counts no energy.
 *
 * One thread at a time; gpu.h is what others use.
 */
#pragma once

#include "gpu.h"
#include "gpu_processes.h"

enum { AMDGPU_CARDS_MAX = 16 };

struct amdgpu;

/* `drm` "/sys/class/drm", `proc` "/proc"; both outlive it. NULL: there is no such card. */
struct amdgpu *amdgpu_open(const char *drm, const char *proc);
void amdgpu_close(struct amdgpu *a);

int amdgpu_count(const struct amdgpu *a); /* from 1 to AMDGPU_CARDS_MAX */
/* What the card shows now; `index` counts from 0, by the cards' numbers. `processes` may be NULL. */
void amdgpu_read(const struct amdgpu *a, int index, const struct gpu_processes *processes,
                 struct gpu_reading *ret);
