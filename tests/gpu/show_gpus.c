/*
 * show_gpus - prints what our layer reads of this machine's GPUs, as JSON, one GPU a line.
 *
 * Usage: show_gpus [PID]; with the memory that this process and its descendants hold.
 */
#include "gpu.h"
#include "gpu_processes.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const NAMES[GPU_FIGURES] = {
    [GPU_USAGE] = "usage",
    [GPU_MEMORY_TRAFFIC] = "memory_traffic",
    [GPU_MEMORY_TOTAL] = "memory_total",
    [GPU_MEMORY_USED] = "memory_used",
    [GPU_MEMORY_FREE] = "memory_free",
    [GPU_PROCESS_MEMORY] = "process_memory",
    [GPU_TEMPERATURE] = "temperature",
    [GPU_POWER] = "power",
    [GPU_POWER_LIMIT] = "power_limit",
    [GPU_ENERGY] = "energy",
    [GPU_CLOCK_SM] = "clock_sm",
    [GPU_CLOCK_MEMORY] = "clock_memory",
};

static void show(const struct gpu_reading *r)
{
    printf("{\"source\": \"%s\", \"name\": \"%s\", \"uuid\": \"%s\", \"lost\": %s", r->source, r->name, r->uuid,
           r->lost ? "true" : "false");
    for (int i = 0; i < GPU_FIGURES; i++)
        if (gpu_has(r, (enum gpu_figure)i))
            printf(", \"%s\": %.3f", NAMES[i], r->value[i]);
    if (r->throttle_known)
        printf(", \"throttle\": %u", r->throttle);
    printf(", \"mig\": %d}\n", r->part_count);
}

int main(int argc, char **argv)
{
    char why[GPU_WHY];
    struct gpu_processes processes;
    struct gpu_set *set = gpu_open(NULL, why);
    if (!set) {
        fprintf(stderr, "%s\n", why);
        return 77;
    }
    gpu_processes_find(&processes, "/proc", argc > 1 ? atoi(argv[1]) : 0);
    for (int i = 0; i < gpu_count(set); i++) {
        struct gpu_reading r;
        gpu_read(set, i, &processes, &r);
        show(&r);
    }
    gpu_close(set);
    return 0;
}
