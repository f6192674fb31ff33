/*
 * gpu - the graphics cards of this machine, whoever made them: what each one shows of itself now.
 *
 * NVIDIA's are asked through the driver's library (nvml.h), AMD's are read from sysfs (amdgpu.h); cards of
 * both kinds may stand side by side. What a card does not tell is a figure that is not there, never a zero.
 * One thread at a time; a call may take milliseconds, gpu_open() a second, so keep them from a loop that has
 * to answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum gpu_figure {
    GPU_USAGE,          /* 0 to 1: share of the driver's last sample period in which it computed */
    GPU_MEMORY_TRAFFIC, /* 0 to 1: share in which its memory was read or written */
    GPU_MEMORY_TOTAL,   /* bytes */
    GPU_MEMORY_USED,    /* bytes, by all processes; NVIDIA's before 510 count what is reserved, too */
    GPU_MEMORY_FREE,    /* bytes */
    GPU_PROCESS_MEMORY, /* bytes, of the processes that were asked for; absent when none of them is there */
    GPU_TEMPERATURE,    /* degrees Celsius, of the chip */
    GPU_POWER,          /* watts */
    GPU_POWER_LIMIT,    /* watts */
    GPU_ENERGY,         /* joules since the driver was loaded */
    GPU_CLOCK_SM,       /* hertz */
    GPU_CLOCK_MEMORY,   /* hertz */
    GPU_FIGURES
};

/* Why the clocks are not at their highest. */
enum gpu_throttle {
    GPU_IDLE,
    GPU_APPLICATION_CLOCKS,
    GPU_SW_POWER_CAP,
    GPU_HW_SLOWDOWN,
    GPU_SYNC_BOOST,
    GPU_SW_THERMAL,
    GPU_HW_THERMAL,
    GPU_HW_POWER_BRAKE,
    GPU_DISPLAY_CLOCK,
    GPU_THROTTLES
};

struct gpu_throttle_kind {
    const char *name; /* as nvidia-smi writes it */
    bool slows;       /* a card at work; else it is nothing to worry about */
};

extern const struct gpu_throttle_kind gpu_throttle_kinds[GPU_THROTTLES];

enum { GPU_MAX = 64, GPU_PARTS_MAX = 8, GPU_NAME = 96, GPU_WHY = 300 };

struct gpu_part { /* a MIG device: its memory; how busy it is no driver tells */
    char uuid[GPU_NAME];
    bool known; /* the memory */
    double memory_total, memory_used;
};

struct gpu_reading {
    bool lost; /* it fell off the bus, or was never to be had: only vendor and source are set besides */
    const char *vendor, *source; /* "NVIDIA", "nvml"; "AMD", "amdgpu" */
    char name[GPU_NAME];         /* "" when it is not told */
    char uuid[GPU_NAME];
    unsigned present; /* bit i: value[i] is there */
    double value[GPU_FIGURES];
    bool throttle_known;
    unsigned throttle; /* bit i: enum gpu_throttle */
    bool divided;      /* MIG */
    struct gpu_part parts[GPU_PARTS_MAX];
    int part_count;
};

static inline bool gpu_has(const struct gpu_reading *r, enum gpu_figure figure)
{
    return r->present >> figure & 1;
}

static inline void gpu_put(struct gpu_reading *r, enum gpu_figure figure, double value)
{
    r->value[figure] = value;
    r->present |= 1u << figure;
}

struct gpu_processes; /* whose memory is asked for: gpu_processes.h */

struct gpu_places {   /* where to look; NULL: as usual */
    const char *nvml; /* the library: libnvidia-ml.so.1, as the loader finds it */
    const char *drm;  /* /sys/class/drm */
    const char *proc; /* /proc */
};

struct gpu_set;

/* NULL, with the reason in `why`: there is no card whose driver can be asked. `places` may be NULL. */
struct gpu_set *gpu_open(const struct gpu_places *places, char why[GPU_WHY]);
/* When it is NULL: whether there may be cards all the same, whose driver is installed but does not answer. */
bool gpu_may_be(const struct gpu_places *places);
void gpu_close(struct gpu_set *s);

int gpu_count(const struct gpu_set *s); /* from 1 to GPU_MAX */
/* Its driver's version; "" when it is not told: AMD's is the kernel's. */
const char *gpu_driver(const struct gpu_set *s, int index);
/* What the card shows now. `index` counts from 0: NVIDIA's in their driver's order, then AMD's by number.
 * `processes` may be NULL. */
void gpu_read(struct gpu_set *s, int index, const struct gpu_processes *processes, struct gpu_reading *ret);
