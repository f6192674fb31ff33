#include "result_process.h"

#include "json_value.h"
#include "quantity.h"
#include "result_series.h"

#include <math.h>
#include <string.h>

json_t *result_process(const struct record *r)
{
    const struct record_process *p = &r->process;
    json_t *out = json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "pid",
                            p->pid ? json_integer(p->pid) : json_null(), "found", json_value_text(p->found),
                            "why", json_value_text(p->why), "gone", json_value_seconds(p->gone), "restarts",
                            p->restarts, "tree", result_series_object(r, "process."));
    json_t *told = result_series_object(r, "target.");
    json_object_update(out, told);
    json_decref(told);
    return out;
}

json_t *result_machine(const struct record *r)
{
    const struct record_machine *m = &r->machine;
    json_t *out =
        json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "here", m->here, "why", json_value_text(m->why), "cores",
                  m->cores ? json_integer(m->cores) : json_null(), "memory_total",
                  json_value_number(m->here ? m->memory_total : NAN), "disk_total",
                  json_value_number(m->here ? m->disk_total : NAN), "disk", json_value_text(m->disk));
    json_t *series = result_series_object(r, "machine.");
    json_object_update(out, series);
    json_decref(series);
    return out;
}

/* ---- for people ---- */

static const struct record_series *present(const struct record *r, const char *name)
{
    const struct record_series *s = record_find_series(r, name);
    return s && s->state == SERIES_PRESENT && s->count ? s : NULL;
}

static double first(const struct record_series *s)
{
    return s->points[0].value;
}

static double last(const struct record_series *s)
{
    return s->points[s->count - 1].value;
}

/* Of a total that only a new process begins anew: how much of it came a second. NaN of a single point. */
static double rate(const struct record_series *s)
{
    double rose = 0;
    nsec time = s->points[s->count - 1].at - s->points[0].at;
    for (int i = 1; i < s->count; i++) {
        double step = s->points[i].value - s->points[i - 1].value;
        rose += step >= 0 ? step : s->points[i].value;
    }
    return time > 0 ? rose / nsec_to_sec(time) : NAN;
}

static const char *memory_text(const struct record *r, struct arena *arena)
{
    const struct record_series *s = present(r, "process.rss");
    return s ? arena_printf(arena, ", memory %.3g → %.3g MB", first(s) / 1e6, last(s) / 1e6) : "";
}

static const char *cpu_text(const struct record *r, struct arena *arena)
{
    const struct record_series *s = present(r, "process.cpu");
    double cores = s ? rate(s) : NAN;
    return isfinite(cores) ? arena_printf(arena, ", %.2g cores", cores) : "";
}

static const char *count_text(const struct record *r, const char *name, const char *of, struct arena *arena)
{
    const struct record_series *s = present(r, name);
    return s ? arena_printf(arena, ", %.0f → %.0f %s", first(s), last(s), of) : "";
}

static const char *fate_text(const struct record *r, struct arena *arena)
{
    const struct record_process *p = &r->process;
    char at[DURATION_TEXT];
    if (p->gone < 0)
        return "";
    const char *text = arena_printf(arena, ", gone at %s", duration_text(p->gone, at));
    return p->restarts ? arena_printf(arena, "%s, %d time%s another one took its place", text, p->restarts,
                                      p->restarts == 1 ? "" : "s")
                       : text;
}

/* Of a target elsewhere nobody expects it. */
const char *result_process_line(const struct record *r, struct arena *arena)
{
    const struct record_process *p = &r->process;
    if (!p->found)
        return r->machine.here && p->why ? arena_printf(arena, "process not watched: %s", p->why) : "";
    return arena_printf(arena, "process %d%s%s%s%s%s", p->pid, memory_text(r, arena), cpu_text(r, arena),
                        count_text(r, "process.fds", "descriptors", arena),
                        count_text(r, "process.children", "children", arena), fate_text(r, arena));
}
