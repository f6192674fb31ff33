/*
 * gpu_log - readings of GPUs over time: the series of each one, and what is said of it in sum. Beneath
 * gpus.h.
 *
 * One thread at a time.
 */
#pragma once

#include "gpus.h"

struct gpu_seen {
    char name[GPU_NAME], uuid[GPU_NAME]; /* the last that were told */
    const char *vendor, *source;
    int series[GPU_FIGURES]; /* of the log; -1: none */
    double memory_total, power_limit;
    int readings;
    nsec lost;
    int throttle_readings, throttled[GPU_THROTTLES];
    struct gpu_part parts[GPU_PARTS_MAX]; /* memory_used: the most */
    int part_count;
};

enum gpu_sum { GPU_SUM_PROCESS, GPU_SUM_USED, GPU_SUM_USAGE, GPU_SUMS };

struct gpu_log {
    struct record log; /* series in loop time: GPU_SUMS over all GPUs, then each one's */
    struct gpu_seen gpus[GPUS_KEPT];
    int count, there; /* kept, and on the machine */
};

void gpu_log_init(struct gpu_log *l);
void gpu_log_finish(struct gpu_log *l);
/* Of one point in time: `count` GPUs, at most GPUS_KEPT, of `there`. */
void gpu_log_add(struct gpu_log *l, nsec at, const struct gpu_reading *readings, int count, int there);
/* Adds the GPUs and their series to the record, and fills "gpu.memory" and "gpu.usage" where they are empty.
 */
void gpu_log_collect(const struct gpu_log *l, struct record *record, nsec zero);
