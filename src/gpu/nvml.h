/*
 * nvml - what NVIDIA's GPUs say of themselves, through the driver's library, loaded when there is one.
 *
 * Nothing is linked and no header of NVIDIA's is needed: libnvidia-ml.so.1 is opened with dlopen(3), and what
 * it lacks or refuses (an old driver, a card without a sensor, no permission) is a figure that is not there.
 * One thread at a time; gpu.h is what others use.
 */
#pragma once

#include "gpu.h"
#include "gpu_processes.h"

enum { NVML_GPUS_MAX = GPU_MAX, NVML_WHY = 200 };

struct nvml;

/* `library` NULL: libnvidia-ml.so.1, as the loader finds it. NULL, with the reason in `why`: there is no
 * library, no driver, or no GPU. */
struct nvml *nvml_open(const char *library, char why[NVML_WHY]);
void nvml_close(struct nvml *n);
/* Whether there is a library, whatever it answers. */
bool nvml_installed(const char *library);

int nvml_count(const struct nvml *n);          /* from 1 to NVML_GPUS_MAX */
const char *nvml_driver(const struct nvml *n); /* its version; "" when it is not told */
/* What the GPU shows now. `index` counts from 0, in the driver's order. `processes` may be NULL. Of a GPU in
 * MIG mode the driver tells no usage. */
void nvml_read(struct nvml *n, int index, const struct gpu_processes *processes, struct gpu_reading *ret);
