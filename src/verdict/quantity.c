#include "quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct scale {
    double from; /* absolute values at or above */
    double factor;
    const char *name;
};

static const struct scale time_scales[] = {{0.9995, 1, "s"}, {0.9995e-3, 1e3, "ms"}, {0, 1e6, "µs"}};
static const struct scale byte_scales[] = {{0x1p40, 0x1p-40, "TiB"},
                                           {0x1p30, 0x1p-30, "GiB"},
                                           {0x1p20, 0x1p-20, "MiB"},
                                           {0x1p10, 0x1p-10, "KiB"},
                                           {0, 1, "B"}};

static const struct scale *scale_of(const struct scale *scales, double value)
{
    while (fabs(value) < scales->from)
        scales++;
    return scales;
}

/* Digits behind the point, so that small numbers keep three digits that count. */
static int digits_of(double value)
{
    double size = fabs(value);
    return size >= 9.995 ? 1 : 2;
}

static char *not_finite(double value, char out[QUANTITY_TEXT])
{
    snprintf(out, QUANTITY_TEXT, "%s", isnan(value) ? "–" : "not reached");
    return out;
}

char *quantity_seconds(double seconds, char out[QUANTITY_TEXT])
{
    if (!isfinite(seconds))
        return not_finite(seconds, out);
    if (seconds == 0)
        return strcpy(out, "0 s");
    const struct scale *scale = scale_of(time_scales, seconds);
    double value = seconds * scale->factor;
    int digits = scale->factor > 1 && fabs(value) >= 99.95 ? 0 : digits_of(value);
    snprintf(out, QUANTITY_TEXT, "%.*f %s", digits, value, scale->name);
    return out;
}

char *quantity_text(double value, enum measure_unit unit, char out[QUANTITY_TEXT])
{
    if (!isfinite(value))
        return not_finite(value, out);
    if (unit == UNIT_SECONDS)
        return quantity_seconds(value, out);
    if (unit == UNIT_PERCENT)
        snprintf(out, QUANTITY_TEXT, value == floor(value) ? "%.0f %%" : "%.2f %%", value);
    else
        snprintf(out, QUANTITY_TEXT, value == floor(value) ? "%.0f" : "%.3g", value);
    return out;
}

static void write_end(double value, int digits, char out[QUANTITY_TEXT])
{
    if (isfinite(value))
        snprintf(out, QUANTITY_TEXT, "%.*f", digits, value);
    else
        snprintf(out, QUANTITY_TEXT, value < 0 ? "-∞" : "∞");
}

char *quantity_interval(struct interval i, enum measure_unit unit, char out[QUANTITY_TEXT])
{
    if (!interval_exists(i))
        return not_finite(NAN, out);
    double larger = isfinite(i.high) ? i.high : isfinite(i.low) ? i.low : 1;
    const struct scale *scale =
        unit == UNIT_SECONDS ? scale_of(time_scales, larger) : &(struct scale){0, 1, "%"};
    char low[QUANTITY_TEXT], high[QUANTITY_TEXT];
    int digits = unit == UNIT_PERCENT ? 2 : digits_of(larger * scale->factor);
    write_end(i.low * scale->factor, digits, low);
    write_end(i.high * scale->factor, digits, high);
    snprintf(out, QUANTITY_TEXT, "%.16s..%.16s%s%s", low, high, unit == UNIT_NONE ? "" : " ",
             unit == UNIT_NONE ? "" : scale->name);
    return out;
}

char *quantity_of_series(double value, const char *unit, char out[QUANTITY_TEXT])
{
    if (!isfinite(value))
        return not_finite(value, out);
    if (strcmp(unit, "bytes") == 0) {
        const struct scale *scale = scale_of(byte_scales, value);
        snprintf(out, QUANTITY_TEXT, "%.*f %s", scale->factor == 1 ? 0 : 2, value * scale->factor,
                 scale->name);
    } else {
        snprintf(out, QUANTITY_TEXT, "%.*f%s%.16s", digits_of(value), value, *unit ? " " : "", unit);
    }
    return out;
}
