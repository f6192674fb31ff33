#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static nsec read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (nsec)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

nsec clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

nsec clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

nsec clock_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

nsec nsec_from_sec(double seconds)
{
    return (nsec)llround(seconds * 1e9);
}

static const struct {
    const char *name;
    double seconds;
} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};

enum { UNITS = sizeof units / sizeof units[0] };

/* Reads one "12.5ms" at *at; moves *at behind it. */
static bool parse_part(const char **at, const char *end, double *ret_seconds)
{
    char number[32];
    size_t n = strspn(*at, "0123456789.");
    if (n == 0 || n >= sizeof number || *at + n > end)
        return false;
    memcpy(number, *at, n);
    number[n] = '\0';
    char *rest;
    double value = strtod(number, &rest);
    if (*rest || rest == number)
        return false;
    const char *unit = *at + n;
    size_t len = 0;
    while (unit + len < end && unit[len] >= 'a' && unit[len] <= 'z')
        len++;
    for (int i = 0; i < UNITS; i++) {
        if (strlen(units[i].name) == len && memcmp(unit, units[i].name, len) == 0) {
            *ret_seconds = value * units[i].seconds;
            *at = unit + len;
            return true;
        }
    }
    return false;
}

bool duration_parse(const char *text, size_t len, nsec *ret)
{
    char copy[64];
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    const char *at = copy, *end = copy + len;
    double total = 0;
    while (at < end) {
        double part;
        if (!parse_part(&at, end, &part))
            return false;
        total += part;
    }
    if (!(total <= 1000 * 86400.0))
        return false;
    *ret = nsec_from_sec(total);
    return true;
}

char *duration_text(nsec t, char out[DURATION_TEXT])
{
    double s = nsec_to_sec(t < 0 ? -t : t);
    const char *sign = t < 0 ? "-" : "";
    if (s < 1e-3)
        snprintf(out, DURATION_TEXT, "%s%.3g us", sign, s * 1e6);
    else if (s < 0.9995)
        snprintf(out, DURATION_TEXT, "%s%.3g ms", sign, s * 1e3);
    else if (s < 99.95)
        snprintf(out, DURATION_TEXT, "%s%.3g s", sign, s);
    else if (s < 3599.5)
        snprintf(out, DURATION_TEXT, "%s%d m %02d s", sign, (int)(s + 0.5) / 60, (int)(s + 0.5) % 60);
    else
        snprintf(out, DURATION_TEXT, "%s%d h %02d m", sign, (int)(s + 30) / 3600, (int)(s + 30) / 60 % 60);
    return out;
}

char *timestamp_text(nsec wall, char out[TIMESTAMP_TEXT])
{
    time_t seconds = (time_t)(wall / NSEC_PER_SEC);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t n = strftime(out, TIMESTAMP_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + n, TIMESTAMP_TEXT - n, ".%06dZ", (int)(wall % NSEC_PER_SEC / NSEC_PER_USEC));
    return out;
}
