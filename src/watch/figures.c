#include "figures.h"

#include <math.h>

const struct figure_kind figure_kinds[FIGURES] = {
    [FIGURE_MEMORY] = {"target.memory", "bytes", "process_resident_memory_bytes", false,
                       "the target's metrics have no process_resident_memory_bytes"},
    [FIGURE_CPU] = {"target.cpu", "s", "process_cpu_seconds_total", false,
                    "the target's metrics have no process_cpu_seconds_total"},
    [FIGURE_FDS] = {"target.fds", "", "process_open_fds", false,
                    "the target's metrics have no process_open_fds"},
    [FIGURE_GPU_MEMORY] = {"gpu.memory", "MB", "gpu_memory_allocated_mb", true, "the target shows no GPU"},
    [FIGURE_GPU_USAGE] = {"gpu.usage", "%", "gpu_usage_percent", true, "the target shows no GPU"},
};

void figures_take(struct figures *f, const struct promtext_sample *s)
{
    for (int i = 0; i < FIGURES; i++) {
        if (!promtext_is(s->name, figure_kinds[i].metric) || !isfinite(s->value))
            continue;
        bool largest = i == FIGURE_GPU_USAGE;
        double value = !f->present[i] ? s->value
                       : largest      ? fmax(f->value[i], s->value)
                                      : f->value[i] + s->value;
        if (!isfinite(value))
            continue; /* a sum past all numbers */
        f->value[i] = value;
        f->present[i] = true;
        f->simulated[i] |= promtext_has_label(s, "simulated", "true");
    }
}
