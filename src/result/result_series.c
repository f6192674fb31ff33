#include "result_series.h"

#include "json_value.h"
#include "sample.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { SAMPLE_MAX_BYTES = 1 << 30 };

static const char *const state_names[] = {
    [SERIES_ABSENT] = "absent", [SERIES_UNREADABLE] = "unreadable", [SERIES_PRESENT] = "present"};

json_t *result_series(const struct record_series *s)
{
    struct arena scratch;
    arena_init(&scratch, "series", SAMPLE_MAX_BYTES);
    double *values = arena_new(&scratch, double, s->count);
    for (int i = 0; i < s->count; i++)
        values[i] = s->points[i].value;
    double first = s->count ? values[0] : NAN, last = s->count ? values[s->count - 1] : NAN;
    struct sample sample = sample_of(values, s->count);
    struct sample_summary summary;
    sample_summarise(&sample, &summary);
    json_t *out = json_pack("{s:s, s:o, s:o, s:b, s:i}", "state", state_names[s->state], "why",
                            json_value_text(s->why && *s->why ? s->why : NULL), "unit",
                            json_value_text(s->unit), "simulated", s->simulated, "count", s->count);
    if (s->count)
        json_object_update_new(
            out, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "first", json_value_number(first), "last",
                           json_value_number(last), "min", json_value_number(summary.min), "mean",
                           json_value_number(summary.mean), "median", json_value_number(summary.p50), "max",
                           json_value_number(summary.max)));
    arena_finish(&scratch);
    return out;
}

json_t *result_series_object(const struct record *r, const char *prefix)
{
    json_t *out = json_object();
    for (int i = 0; i < r->series_count; i++)
        if (strncmp(r->series[i].name, prefix, strlen(prefix)) == 0)
            json_object_set_new(out, r->series[i].name + strlen(prefix), result_series(&r->series[i]));
    return out;
}

bool result_is_one_gpu(const struct record_series *s)
{
    return strncmp(s->name, "gpu.", 4) == 0 && isdigit((unsigned char)s->name[4]);
}

/* What a card has counted since its driver was loaded says nothing. */
static bool is_energy(const struct record_series *s)
{
    static const char COUNTER[] = ".energy";
    size_t len = strlen(s->name), counter = sizeof COUNTER - 1;
    return result_is_one_gpu(s) && len > counter && strcmp(s->name + len - counter, COUNTER) == 0;
}

bool result_shows_series(const struct record_series *s)
{
    static const char *const PREFIXES[] = {"target.", "process.", "machine.", "gpu."};
    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++)
        if (strncmp(s->name, PREFIXES[i], strlen(PREFIXES[i])) == 0)
            return !is_energy(s);
    return false;
}
