#include "nvml.h"

#include "nvml_abi.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nvml {
    void *library;
    struct nvml_functions call;
    int count;
    char driver[NVML_NAME];
};

static const struct {
    const char *name;
    size_t offset; /* in struct nvml_functions */
    bool required;
} SYMBOLS[] = {
    {"nvmlInit_v2", offsetof(struct nvml_functions, init), true},
    {"nvmlShutdown", offsetof(struct nvml_functions, shutdown), true},
    {"nvmlErrorString", offsetof(struct nvml_functions, error_string), false},
    {"nvmlSystemGetDriverVersion", offsetof(struct nvml_functions, driver_version), false},
    {"nvmlDeviceGetCount_v2", offsetof(struct nvml_functions, count), true},
    {"nvmlDeviceGetHandleByIndex_v2", offsetof(struct nvml_functions, handle), true},
    {"nvmlDeviceGetName", offsetof(struct nvml_functions, name), false},
    {"nvmlDeviceGetUUID", offsetof(struct nvml_functions, uuid), false},
    {"nvmlDeviceGetUtilizationRates", offsetof(struct nvml_functions, utilization), false},
    {"nvmlDeviceGetMemoryInfo", offsetof(struct nvml_functions, memory), false},
    {"nvmlDeviceGetMemoryInfo_v2", offsetof(struct nvml_functions, memory_v2), false},
    {"nvmlDeviceGetTemperature", offsetof(struct nvml_functions, temperature), false},
    {"nvmlDeviceGetTemperatureV", offsetof(struct nvml_functions, temperature_v), false},
    {"nvmlDeviceGetPowerUsage", offsetof(struct nvml_functions, power), false},
    {"nvmlDeviceGetEnforcedPowerLimit", offsetof(struct nvml_functions, power_limit), false},
    {"nvmlDeviceGetTotalEnergyConsumption", offsetof(struct nvml_functions, energy), false},
    {"nvmlDeviceGetClockInfo", offsetof(struct nvml_functions, clock), false},
};

/* ---- life ---- */

static bool find_symbols(struct nvml *n, char why[NVML_WHY])
{
    for (size_t i = 0; i < sizeof SYMBOLS / sizeof SYMBOLS[0]; i++) {
        void *symbol = dlsym(n->library, SYMBOLS[i].name);
        if (!symbol && SYMBOLS[i].required) {
            snprintf(why, NVML_WHY, "the library of the driver has no %s", SYMBOLS[i].name);
            return false;
        }
        memcpy((char *)&n->call + SYMBOLS[i].offset, &symbol, sizeof symbol);
    }
    return true;
}

static bool fails(const struct nvml *n, int code, const char *what, char why[NVML_WHY])
{
    if (code == NVML_OK)
        return false;
    snprintf(why, NVML_WHY, "%s: %s (%d)", what, n->call.error_string ? n->call.error_string(code) : "error",
             code);
    return true;
}

static bool count_gpus(struct nvml *n, char why[NVML_WHY])
{
    unsigned count = 0;
    if (fails(n, n->call.count(&count), "cannot count the GPUs", why))
        return false;
    if (count == 0) {
        snprintf(why, NVML_WHY, "the driver knows no GPU");
        return false;
    }
    n->count = count < NVML_GPUS_MAX ? (int)count : NVML_GPUS_MAX;
    return true;
}

/* Bytes from the driver as a text. */
static void take_text(char text[NVML_NAME], bool ok)
{
    text[ok ? NVML_NAME - 1 : 0] = '\0';
}

static bool start(struct nvml *n, char why[NVML_WHY])
{
    if (fails(n, n->call.init(), "the driver cannot be asked", why))
        return false;
    if (!count_gpus(n, why)) {
        n->call.shutdown();
        return false;
    }
    take_text(n->driver, n->call.driver_version && !n->call.driver_version(n->driver, NVML_NAME));
    return true;
}

struct nvml *nvml_open(const char *library, char why[NVML_WHY])
{
    struct nvml *n = calloc(1, sizeof *n);
    if (!n) {
        snprintf(why, NVML_WHY, "no memory");
        return NULL;
    }
    n->library = dlopen(library ? library : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!n->library)
        snprintf(why, NVML_WHY, "%s", dlerror());
    else if (find_symbols(n, why) && start(n, why))
        return n;
    else
        dlclose(n->library);
    free(n);
    return NULL;
}

void nvml_close(struct nvml *n)
{
    if (!n)
        return;
    n->call.shutdown();
    dlclose(n->library);
    free(n);
}

int nvml_count(const struct nvml *n)
{
    return n->count;
}

const char *nvml_driver(const struct nvml *n)
{
    return n->driver;
}

/* ---- reading ---- */

struct reading {
    const struct nvml_functions *call;
    nvml_device device;
    struct nvml_gpu *gpu;
};

/* Whether the call has answered. A GPU that is gone says so to whatever it is asked. */
static bool answered(struct reading *r, int code)
{
    r->gpu->lost |= code == NVML_GPU_IS_LOST;
    return code == NVML_OK;
}

static void put(struct reading *r, enum nvml_figure figure, double value)
{
    r->gpu->value[figure] = value;
    r->gpu->present |= 1u << figure;
}

static void read_usage(struct reading *r)
{
    struct nvml_utilization u;
    if (r->call->utilization && answered(r, r->call->utilization(r->device, &u)))
        put(r, NVML_USAGE, u.gpu / 100.0);
}

static void put_memory(struct reading *r, uint64_t total, uint64_t used, uint64_t free)
{
    put(r, NVML_MEMORY_TOTAL, (double)total);
    put(r, NVML_MEMORY_USED, (double)used);
    put(r, NVML_MEMORY_FREE, (double)free);
}

/* The second form, where there is one: its `used` leaves out what the driver keeps for itself. */
static void read_memory(struct reading *r)
{
    struct nvml_memory_v2 v2 = {.version = NVML_MEMORY_V2};
    struct nvml_memory v1;
    if (r->call->memory_v2 && answered(r, r->call->memory_v2(r->device, &v2)))
        put_memory(r, v2.total, v2.used, v2.free);
    else if (r->call->memory && answered(r, r->call->memory(r->device, &v1)))
        put_memory(r, v1.total, v1.used, v1.free);
}

/* The old call, and on drivers that have dropped it the new one. */
static void read_temperature(struct reading *r)
{
    struct nvml_temperature_v1 v = {.version = NVML_TEMPERATURE_V1, .sensor = NVML_SENSOR_CHIP};
    unsigned celsius;
    if (r->call->temperature && answered(r, r->call->temperature(r->device, NVML_SENSOR_CHIP, &celsius)))
        put(r, NVML_TEMPERATURE, celsius);
    else if (r->call->temperature_v && answered(r, r->call->temperature_v(r->device, &v)))
        put(r, NVML_TEMPERATURE, v.celsius);
}

static void read_milli(struct reading *r, int (*call)(nvml_device, unsigned *), enum nvml_figure figure)
{
    unsigned value;
    if (call && answered(r, call(r->device, &value)))
        put(r, figure, value / 1e3);
}

static void read_energy(struct reading *r)
{
    uint64_t millijoules;
    if (r->call->energy && answered(r, r->call->energy(r->device, &millijoules)))
        put(r, NVML_ENERGY, (double)millijoules / 1e3);
}

static void read_clock(struct reading *r, unsigned domain, enum nvml_figure figure)
{
    unsigned megahertz;
    if (r->call->clock && answered(r, r->call->clock(r->device, domain, &megahertz)))
        put(r, figure, megahertz * 1e6);
}

static void read_text(struct reading *r, int (*call)(nvml_device, char *, unsigned), char text[NVML_NAME])
{
    take_text(text, call && answered(r, call(r->device, text, NVML_NAME)));
}

void nvml_read(struct nvml *n, int index, struct nvml_gpu *ret)
{
    struct reading r = {.call = &n->call, .gpu = ret};
    *ret = (struct nvml_gpu){0};
    if (n->call.handle((unsigned)index, &r.device) != NVML_OK) {
        ret->lost = true;
        return;
    }
    read_text(&r, n->call.name, ret->name);
    read_text(&r, n->call.uuid, ret->uuid);
    read_usage(&r);
    read_memory(&r);
    read_temperature(&r);
    read_milli(&r, n->call.power, NVML_POWER);
    read_milli(&r, n->call.power_limit, NVML_POWER_LIMIT);
    read_energy(&r);
    read_clock(&r, NVML_DOMAIN_SM, NVML_CLOCK_SM);
    read_clock(&r, NVML_DOMAIN_MEMORY, NVML_CLOCK_MEMORY);
    if (ret->lost)
        *ret = (struct nvml_gpu){.lost = true};
}
