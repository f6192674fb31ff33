/*
 * nvml_abi - the part of the binary interface of libnvidia-ml.so.1 that we use: our own declarations.
 *
 * All functions return 0 or an error's code. Names with a suffix stand for one layout for good.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum { NVML_OK = 0, NVML_INSUFFICIENT_SIZE = 7, NVML_GPU_IS_LOST = 15 };
enum { NVML_SENSOR_CHIP = 0, NVML_DOMAIN_SM = 1, NVML_DOMAIN_MEMORY = 2 };

typedef struct nvml_device *nvml_device;

struct nvml_utilization {
    unsigned gpu, memory; /* per cent */
};

struct nvml_memory {
    uint64_t total, free, used;
};

struct nvml_memory_v2 {
    unsigned version; /* NVML_MEMORY_V2 */
    uint64_t total, reserved, free, used;
};
#define NVML_MEMORY_V2 0x02000028u

struct nvml_temperature_v1 {
    unsigned version; /* NVML_TEMPERATURE_V1 */
    unsigned sensor;
    int celsius;
};
#define NVML_TEMPERATURE_V1 0x0100000cu

struct nvml_process {
    unsigned pid;
    uint64_t bytes;              /* NVML_NOT_AVAILABLE: not told */
    unsigned instance, computes; /* of MIG; the old layout ends before them */
};
#define NVML_NOT_AVAILABLE UINT64_MAX
enum { NVML_PROCESS_SIZE = 24, NVML_PROCESS_OLD_SIZE = 16 };

static_assert(sizeof(struct nvml_process) == NVML_PROCESS_SIZE &&
                  offsetof(struct nvml_process, instance) == NVML_PROCESS_OLD_SIZE,
              "the driver's layouts");
static_assert(sizeof(struct nvml_memory) == 24 && sizeof(struct nvml_memory_v2) == 40 &&
                  sizeof(struct nvml_temperature_v1) == 12,
              "the driver's layouts");

/* A list of processes: `count` is the room, then how many there are. */
struct nvml_processes_call {
    int (*ask)(nvml_device device, unsigned *count, void *entries);
    size_t entry; /* bytes */
};
enum { NVML_PROCESS_CALLS = 3 };

/* NULL: this library has no such function. */
struct nvml_functions {
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_string)(int code);
    int (*driver_version)(char *text, unsigned len);
    int (*count)(unsigned *ret);
    int (*handle)(unsigned index, nvml_device *ret);
    int (*name)(nvml_device device, char *text, unsigned len);
    int (*uuid)(nvml_device device, char *text, unsigned len);
    int (*utilization)(nvml_device device, struct nvml_utilization *ret);
    int (*memory)(nvml_device device, struct nvml_memory *ret);
    int (*memory_v2)(nvml_device device, struct nvml_memory_v2 *ret);
    int (*temperature)(nvml_device device, unsigned sensor, unsigned *celsius);
    int (*temperature_v)(nvml_device device, struct nvml_temperature_v1 *ret);
    int (*power)(nvml_device device, unsigned *milliwatts);
    int (*power_limit)(nvml_device device, unsigned *milliwatts);
    int (*energy)(nvml_device device, uint64_t *millijoules);
    int (*clock)(nvml_device device, unsigned domain, unsigned *megahertz);
    int (*throttle)(nvml_device device, uint64_t *reasons);
    int (*throttle_old)(nvml_device device, uint64_t *reasons); /* its name before 535 */
    int (*mig_mode)(nvml_device device, unsigned *current, unsigned *pending);
    int (*mig_count)(nvml_device device, unsigned *most);
    int (*mig_handle)(nvml_device device, unsigned index, nvml_device *ret);
    struct nvml_processes_call computing[NVML_PROCESS_CALLS]; /* the newest first */
    struct nvml_processes_call drawing[NVML_PROCESS_CALLS];
};
