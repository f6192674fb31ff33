/*
 * nvml_abi - the part of the binary interface of libnvidia-ml.so.1 that we use: our own declarations.
 *
 * All functions return 0 or an error's code. Names with a suffix stand for one layout for good.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

enum { NVML_OK = 0, NVML_GPU_IS_LOST = 15 };
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

static_assert(sizeof(struct nvml_memory) == 24 && sizeof(struct nvml_memory_v2) == 40 &&
                  sizeof(struct nvml_temperature_v1) == 12,
              "the driver's layouts");

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
};
