#include "json_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *json_value_number(double value)
{
    if (!isfinite(value))
        return json_null();
    /* Beyond 2^53 / 10^6 there is nothing behind the point to round. */
    double rounded = fabs(value) < 9e9 ? round(value * 1e6) / 1e6 : value;
    return json_real(rounded == 0 ? 0.0 : rounded);
}

json_t *json_value_seconds(nsec t)
{
    return t < 0 ? json_null() : json_value_number(nsec_to_sec(t));
}

json_t *json_value_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    char *plain = strdup(text);
    if (!plain)
        return json_null();
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

void json_value_add_count(json_t *object, const char *key, int64_t value)
{
    json_t *name = json_value_text(key);
    const char *clean = name ? json_string_value(name) : NULL;
    if (clean) {
        json_int_t before = json_integer_value(json_object_get(object, clean));
        json_object_set_new(object, clean, json_integer(before + value));
    }
    json_decref(name);
}
