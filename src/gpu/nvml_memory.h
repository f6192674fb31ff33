/*
 * nvml_memory - how much of a GPU's memory processes hold. Beneath nvml.h.
 */
#pragma once

#include "gpu_processes.h"
#include "nvml_abi.h"

#include <stdbool.h>

enum { NVML_PROCESSES_MAX = 4096 }; /* of one list; a longer one is not read */

/*
 * Adds up what `processes` hold on the GPU, or the MIG device. A process that computes and draws is in both
 * lists, with all of its memory in each: it counts once, with the larger value. False: none of them is there,
 * or the driver does not tell how much one of them holds. `*code` is the last error, NVML_OK without one.
 */
bool nvml_memory_of(const struct nvml_functions *call, nvml_device device,
                    const struct gpu_processes *processes, double *bytes, int *code);
