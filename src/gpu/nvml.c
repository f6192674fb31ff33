#include "nvml.h"

#include "nvml_abi.h"
#include "nvml_memory.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nvml {
    void *library;
    struct nvml_functions call;
    int count;
    char driver[GPU_NAME];
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
    {"nvmlDeviceGetCurrentClocksEventReasons", offsetof(struct nvml_functions, throttle), false},
    {"nvmlDeviceGetCurrentClocksThrottleReasons", offsetof(struct nvml_functions, throttle_old), false},
    {"nvmlDeviceGetMigMode", offsetof(struct nvml_functions, mig_mode), false},
    {"nvmlDeviceGetMaxMigDeviceCount", offsetof(struct nvml_functions, mig_count), false},
    {"nvmlDeviceGetMigDeviceHandleByIndex", offsetof(struct nvml_functions, mig_handle), false},
    {"nvmlDeviceGetComputeRunningProcesses_v3", offsetof(struct nvml_functions, computing[0].ask), false},
    {"nvmlDeviceGetComputeRunningProcesses_v2", offsetof(struct nvml_functions, computing[1].ask), false},
    {"nvmlDeviceGetComputeRunningProcesses", offsetof(struct nvml_functions, computing[2].ask), false},
    {"nvmlDeviceGetGraphicsRunningProcesses_v3", offsetof(struct nvml_functions, drawing[0].ask), false},
    {"nvmlDeviceGetGraphicsRunningProcesses_v2", offsetof(struct nvml_functions, drawing[1].ask), false},
    {"nvmlDeviceGetGraphicsRunningProcesses", offsetof(struct nvml_functions, drawing[2].ask), false},
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
    for (int i = 0; i < NVML_PROCESS_CALLS; i++)
        n->call.computing[i].entry = n->call.drawing[i].entry =
            i < NVML_PROCESS_CALLS - 1 ? NVML_PROCESS_SIZE : NVML_PROCESS_OLD_SIZE;
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
static void take_text(char text[GPU_NAME], bool ok)
{
    text[ok ? GPU_NAME - 1 : 0] = '\0';
}

static bool start(struct nvml *n, char why[NVML_WHY])
{
    if (fails(n, n->call.init(), "the driver cannot be asked", why))
        return false;
    if (!count_gpus(n, why)) {
        n->call.shutdown();
        return false;
    }
    take_text(n->driver, n->call.driver_version && !n->call.driver_version(n->driver, GPU_NAME));
    return true;
}

static void *load(const char *library)
{
    return dlopen(library ? library : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
}

bool nvml_installed(const char *library)
{
    void *handle = load(library);
    if (handle)
        dlclose(handle);
    return handle;
}

struct nvml *nvml_open(const char *library, char why[NVML_WHY])
{
    struct nvml *n = calloc(1, sizeof *n);
    if (!n) {
        snprintf(why, NVML_WHY, "no memory");
        return NULL;
    }
    n->library = load(library);
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
    struct gpu_reading *gpu;
};

/* Whether the call has answered. A GPU that is gone says so to whatever it is asked. */
static bool answered(struct reading *r, int code)
{
    r->gpu->lost |= code == NVML_GPU_IS_LOST;
    return code == NVML_OK;
}

static void put(struct reading *r, enum gpu_figure figure, double value)
{
    gpu_put(r->gpu, figure, value);
}

static void read_usage(struct reading *r)
{
    struct nvml_utilization u;
    if (r->call->utilization && answered(r, r->call->utilization(r->device, &u))) {
        put(r, GPU_USAGE, u.gpu / 100.0);
        put(r, GPU_MEMORY_TRAFFIC, u.memory / 100.0);
    }
}

/* The second form, where there is one: its `used` leaves out what the driver keeps for itself. */
static bool ask_memory(struct reading *r, nvml_device device, struct nvml_memory *ret)
{
    struct nvml_memory_v2 v2 = {.version = NVML_MEMORY_V2};
    if (r->call->memory_v2 && answered(r, r->call->memory_v2(device, &v2))) {
        *ret = (struct nvml_memory){.total = v2.total, .free = v2.free, .used = v2.used};
        return true;
    }
    return r->call->memory && answered(r, r->call->memory(device, ret));
}

static void read_memory(struct reading *r)
{
    struct nvml_memory memory;
    if (!ask_memory(r, r->device, &memory))
        return;
    put(r, GPU_MEMORY_TOTAL, (double)memory.total);
    put(r, GPU_MEMORY_USED, (double)memory.used);
    put(r, GPU_MEMORY_FREE, (double)memory.free);
}

/* The old call, and on drivers that have dropped it the new one. */
static void read_temperature(struct reading *r)
{
    struct nvml_temperature_v1 v = {.version = NVML_TEMPERATURE_V1, .sensor = NVML_SENSOR_CHIP};
    unsigned celsius;
    if (r->call->temperature && answered(r, r->call->temperature(r->device, NVML_SENSOR_CHIP, &celsius)))
        put(r, GPU_TEMPERATURE, celsius);
    else if (r->call->temperature_v && answered(r, r->call->temperature_v(r->device, &v)))
        put(r, GPU_TEMPERATURE, v.celsius);
}

static void read_milli(struct reading *r, int (*call)(nvml_device, unsigned *), enum gpu_figure figure)
{
    unsigned value;
    if (call && answered(r, call(r->device, &value)))
        put(r, figure, value / 1e3);
}

static void read_energy(struct reading *r)
{
    uint64_t millijoules;
    if (r->call->energy && answered(r, r->call->energy(r->device, &millijoules)))
        put(r, GPU_ENERGY, (double)millijoules / 1e3);
}

static void read_clock(struct reading *r, unsigned domain, enum gpu_figure figure)
{
    unsigned megahertz;
    if (r->call->clock && answered(r, r->call->clock(r->device, domain, &megahertz)))
        put(r, figure, megahertz * 1e6);
}

/* Bits are those of enum gpu_throttle; what newer drivers add is left out. */
static void read_throttle(struct reading *r)
{
    uint64_t reasons;
    r->gpu->throttle_known =
        (r->call->throttle && answered(r, r->call->throttle(r->device, &reasons))) ||
        (r->call->throttle_old && answered(r, r->call->throttle_old(r->device, &reasons)));
    if (r->gpu->throttle_known)
        r->gpu->throttle = (unsigned)(reasons & ((1u << GPU_THROTTLES) - 1));
}

static void read_text(struct reading *r, nvml_device device, int (*call)(nvml_device, char *, unsigned),
                      char text[GPU_NAME])
{
    take_text(text, call && answered(r, call(device, text, GPU_NAME)));
}

/* ---- the target's processes, and MIG ---- */

struct process_sum {
    const struct gpu_processes *processes;
    double bytes;
    bool found;
};

static void add_processes(struct reading *r, nvml_device device, struct process_sum *sum)
{
    double bytes;
    int code;
    if (!sum->processes || !sum->processes->count)
        return;
    if (nvml_memory_of(r->call, device, sum->processes, &bytes, &code)) {
        sum->bytes += bytes;
        sum->found = true;
    }
    answered(r, code);
}

static bool is_divided(struct reading *r)
{
    unsigned current = 0, pending = 0;
    return r->call->mig_mode && answered(r, r->call->mig_mode(r->device, &current, &pending)) && current;
}

static void read_part(struct reading *r, nvml_device device)
{
    struct gpu_part *part = &r->gpu->parts[r->gpu->part_count++];
    struct nvml_memory memory;
    read_text(r, device, r->call->uuid, part->uuid);
    part->known = ask_memory(r, device, &memory);
    if (!part->known)
        return;
    part->memory_total = (double)memory.total;
    part->memory_used = (double)memory.used;
}

/* Places for MIG devices may be free: they have no handle. */
static void read_parts(struct reading *r, struct process_sum *sum)
{
    unsigned most = 0;
    nvml_device device;
    if (!r->call->mig_count || !r->call->mig_handle || !answered(r, r->call->mig_count(r->device, &most)))
        return;
    for (unsigned i = 0; i < most && i < GPU_PARTS_MAX; i++) {
        if (!answered(r, r->call->mig_handle(r->device, i, &device)))
            continue;
        read_part(r, device);
        add_processes(r, device, sum);
    }
}

static void read_processes(struct reading *r, const struct gpu_processes *processes)
{
    struct process_sum sum = {.processes = processes};
    r->gpu->divided = is_divided(r);
    if (r->gpu->divided)
        read_parts(r, &sum);
    else
        add_processes(r, r->device, &sum);
    if (sum.found)
        put(r, GPU_PROCESS_MEMORY, sum.bytes);
}

static void read_figures(struct reading *r)
{
    read_text(r, r->device, r->call->name, r->gpu->name);
    read_text(r, r->device, r->call->uuid, r->gpu->uuid);
    read_usage(r);
    read_memory(r);
    read_temperature(r);
    read_milli(r, r->call->power, GPU_POWER);
    read_milli(r, r->call->power_limit, GPU_POWER_LIMIT);
    read_energy(r);
    read_clock(r, NVML_DOMAIN_SM, GPU_CLOCK_SM);
    read_clock(r, NVML_DOMAIN_MEMORY, GPU_CLOCK_MEMORY);
    read_throttle(r);
}

void nvml_read(struct nvml *n, int index, const struct gpu_processes *processes, struct gpu_reading *ret)
{
    const struct gpu_reading blank = {.vendor = "NVIDIA", .source = "nvml"};
    struct reading r = {.call = &n->call, .gpu = ret};
    *ret = blank;
    ret->lost = n->call.handle((unsigned)index, &r.device) != NVML_OK;
    if (!ret->lost) {
        read_figures(&r);
        read_processes(&r, processes);
    }
    if (ret->lost) {
        *ret = blank;
        ret->lost = true;
    }
}
