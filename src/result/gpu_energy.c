#include "gpu_energy.h"

#include "selection.h"

#include <math.h>
#include <stdio.h>

static const double COVERED = .9;

static const struct record_series *find(const struct record *r, int index, const char *figure)
{
    char name[64];
    snprintf(name, sizeof name, "gpu.%d.%s", index, figure);
    const struct record_series *s = record_find_series(r, name);
    return s && s->count > 1 ? s : NULL;
}

/* By linear interpolation between two points, of which the second is later. */
static double value_at(const struct record_point *p, nsec at)
{
    double part = (double)(at - p[0].at) / (double)(p[1].at - p[0].at);
    return p[0].value + part * (p[1].value - p[0].value);
}

/* What of `span` lies between two points. */
static struct record_span shared(const struct record_point *p, struct record_span span)
{
    return (struct record_span){p[0].at > span.start ? p[0].at : span.start,
                                p[1].at < span.end ? p[1].at : span.end};
}

typedef double piece(const struct record_point *p, struct record_span within);

static double counted(const struct record_point *p, struct record_span within)
{
    return value_at(p, within.end) - value_at(p, within.start);
}

static double integrated(const struct record_point *p, struct record_span within)
{
    return (value_at(p, within.start) + value_at(p, within.end)) / 2 * nsec_to_sec(within.end - within.start);
}

static bool add_up(const struct record_series *s, struct record_span span, piece *one, const char *method,
                   struct gpu_energy *ret)
{
    double joules = 0, seconds = 0;
    for (int i = 0; s && i + 1 < s->count; i++) {
        struct record_span within = shared(&s->points[i], span);
        if (within.end <= within.start)
            continue;
        double more = one(&s->points[i], within);
        if (more < 0)
            return false; /* the driver was loaded anew */
        joules += more;
        seconds += nsec_to_sec(within.end - within.start);
    }
    if (seconds <= 0)
        return false;
    *ret = (struct gpu_energy){joules, seconds, method, NAN};
    return true;
}

void gpu_energy_measure(const struct record *r, int index, struct gpu_energy *ret)
{
    struct record_span span = {selection_load(r).start, r->ended};
    struct job_counts counts;
    *ret = (struct gpu_energy){.joules = NAN, .seconds = 0, .per_job = NAN};
    if (!add_up(find(r, index, "energy"), span, counted, "counter", ret) &&
        !add_up(find(r, index, "power"), span, integrated, "power", ret))
        return;
    selection_count((struct selection){.phase = PHASE_ALL}, r, &counts);
    if (counts.ok > 0 && ret->seconds >= COVERED * nsec_to_sec(span.end - span.start))
        ret->per_job = ret->joules / (double)counts.ok;
}
