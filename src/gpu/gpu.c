#include "gpu.h"

#include "amdgpu.h"
#include "nvml.h"

#include <stdio.h>
#include <stdlib.h>

const struct gpu_throttle_kind gpu_throttle_kinds[GPU_THROTTLES] = {
    [GPU_IDLE] = {"gpu_idle", false},
    [GPU_APPLICATION_CLOCKS] = {"applications_clocks_setting", false},
    [GPU_SW_POWER_CAP] = {"sw_power_cap", true},
    [GPU_HW_SLOWDOWN] = {"hw_slowdown", true},
    [GPU_SYNC_BOOST] = {"sync_boost", true},
    [GPU_SW_THERMAL] = {"sw_thermal_slowdown", true},
    [GPU_HW_THERMAL] = {"hw_thermal_slowdown", true},
    [GPU_HW_POWER_BRAKE] = {"hw_power_brake_slowdown", true},
    [GPU_DISPLAY_CLOCK] = {"display_clock_setting", false},
};

struct gpu_set {
    struct nvml *nvml;     /* NULL: none of these */
    struct amdgpu *amdgpu; /* likewise */
    int nvidia, count;
};

struct gpu_set *gpu_open(const struct gpu_places *places, char why[GPU_WHY])
{
    static const struct gpu_places usual;
    const struct gpu_places *at = places ? places : &usual;
    char no_nvidia[NVML_WHY];
    struct gpu_set *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, GPU_WHY, "no memory");
        return NULL;
    }
    s->nvml = nvml_open(at->nvml, no_nvidia);
    s->amdgpu = amdgpu_open(at->drm ? at->drm : "/sys/class/drm", at->proc ? at->proc : "/proc");
    s->nvidia = s->nvml ? nvml_count(s->nvml) : 0;
    s->count = s->nvidia + (s->amdgpu ? amdgpu_count(s->amdgpu) : 0);
    s->count = s->count < GPU_MAX ? s->count : GPU_MAX;
    if (s->count)
        return s;
    snprintf(why, GPU_WHY, "%s; no amdgpu card", no_nvidia);
    gpu_close(s);
    return NULL;
}

bool gpu_may_be(const struct gpu_places *places)
{
    return nvml_installed(places ? places->nvml : NULL);
}

void gpu_close(struct gpu_set *s)
{
    if (!s)
        return;
    nvml_close(s->nvml);
    amdgpu_close(s->amdgpu);
    free(s);
}

int gpu_count(const struct gpu_set *s)
{
    return s->count;
}

const char *gpu_driver(const struct gpu_set *s, int index)
{
    return index < s->nvidia ? nvml_driver(s->nvml) : "";
}

void gpu_read(struct gpu_set *s, int index, const struct gpu_processes *processes, struct gpu_reading *ret)
{
    if (index < s->nvidia)
        nvml_read(s->nvml, index, processes, ret);
    else
        amdgpu_read(s->amdgpu, index - s->nvidia, processes, ret);
}
