/*
 * nvml - what NVIDIA's GPUs say of themselves, through the driver's library, loaded when there is one.
 *
 * Nothing is linked and no header of NVIDIA's is needed: libnvidia-ml.so.1 is opened with dlopen(3), and what
 * it lacks or refuses (an old driver, a card without a sensor, no permission) is a figure that is not there.
 * One thread at a time; a call may take milliseconds, nvml_open() a second, so keep them from a loop that has
 * to answer.
 */
#pragma once

#include <stdbool.h>

enum nvml_figure {
    NVML_USAGE,        /* 0 to 1: share of the driver's last sample period in which a kernel ran */
    NVML_MEMORY_TOTAL, /* bytes */
    NVML_MEMORY_USED,  /* bytes, by all processes; with drivers before 510 what is reserved counts, too */
    NVML_MEMORY_FREE,  /* bytes */
    NVML_TEMPERATURE,  /* degrees Celsius, of the chip */
    NVML_POWER,        /* watts */
    NVML_POWER_LIMIT,  /* watts */
    NVML_ENERGY,       /* joules since the driver was loaded */
    NVML_CLOCK_SM,     /* hertz */
    NVML_CLOCK_MEMORY, /* hertz */
    NVML_FIGURES
};

enum { NVML_GPUS_MAX = 64, NVML_NAME = 96, NVML_WHY = 200 };

struct nvml_gpu {
    bool lost;            /* it fell off the bus, or was never to be had: nothing else is set */
    char name[NVML_NAME]; /* "" when it is not told */
    char uuid[NVML_NAME];
    unsigned present; /* bit i: value[i] is there */
    double value[NVML_FIGURES];
};

static inline bool nvml_has(const struct nvml_gpu *gpu, enum nvml_figure figure)
{
    return gpu->present >> figure & 1;
}

struct nvml;

/* `library` NULL: libnvidia-ml.so.1, as the loader finds it. NULL, with the reason in `why`: there is no
 * library, no driver, or no GPU. */
struct nvml *nvml_open(const char *library, char why[NVML_WHY]);
void nvml_close(struct nvml *n);

int nvml_count(const struct nvml *n);          /* from 1 to NVML_GPUS_MAX */
const char *nvml_driver(const struct nvml *n); /* its version; "" when it is not told */
/* What the GPU shows now. `index` counts from 0, in the driver's order. */
void nvml_read(struct nvml *n, int index, struct nvml_gpu *ret);
