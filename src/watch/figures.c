#include "figures.h"

#include "promtext.h"

#include <math.h>
#include <string.h>

const struct figure_kind figure_kinds[FIGURES] = {
    [FIGURE_MEMORY] = {"target.memory", "bytes", "process_resident_memory_bytes", false, false,
                       "the target's metrics have no process_resident_memory_bytes"},
    [FIGURE_CPU] = {"target.cpu", "s", "process_cpu_seconds_total", false, true,
                    "the target's metrics have no process_cpu_seconds_total"},
    [FIGURE_FDS] = {"target.fds", "", "process_open_fds", false, false,
                    "the target's metrics have no process_open_fds"},
    [FIGURE_GPU_MEMORY] = {"gpu.memory", "MB", "gpu_memory_allocated_mb", true, false,
                           "the target shows no GPU"},
    [FIGURE_GPU_USAGE] = {"gpu.usage", "%", "gpu_usage_percent", true, false, "the target shows no GPU"},
};

static void take(struct figures *f, const struct promtext_sample *s)
{
    for (int i = 0; i < FIGURES; i++) {
        const char *metric = figure_kinds[i].metric;
        if (strlen(metric) != s->name_len || memcmp(metric, s->name, s->name_len) != 0 || !isfinite(s->value))
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

/* The family's name: a histogram's samples are three families to a reader of names. */
static size_t family_len(const struct promtext_sample *s)
{
    static const char *const endings[] = {"_bucket", "_sum", "_count"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t len = strlen(endings[i]);
        if (s->name_len > len && memcmp(s->name + s->name_len - len, endings[i], len) == 0)
            return s->name_len - len;
    }
    return s->name_len;
}

void figures_read(const char *text, size_t len, struct figures *ret)
{
    *ret = (struct figures){0};
    struct promtext p;
    struct promtext_sample s;
    const char *last = "";
    size_t last_len = 0;
    promtext_init(&p, text, len);
    for (int got; (got = promtext_next(&p, &s)) != 0;) {
        if (got < 0) {
            ret->bad_lines++;
            continue;
        }
        take(ret, &s);
        /* The samples of a family stand together: the format says so. */
        size_t name_len = family_len(&s);
        if ((name_len != last_len || memcmp(last, s.name, name_len) != 0) && ret->families < FAMILIES_MAX)
            ret->families++;
        last = s.name;
        last_len = name_len;
    }
}
