/*
 * clock - the one type of time: nanoseconds in a signed 64-bit integer.
 *
 * A point in time is monotonic unless its name says `wall` (then: since 1970-01-01 UTC). Pure functions, any
 * thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t nsec;

#define NSEC_PER_USEC ((nsec)1000)
#define NSEC_PER_MSEC ((nsec)1000000)
#define NSEC_PER_SEC ((nsec)1000000000)
#define NSEC_NEVER INT64_MAX

nsec clock_monotonic(void);
nsec clock_wall(void);
/* What the calling thread has used of a core. */
nsec clock_thread_cpu(void);

static inline double nsec_to_sec(nsec t)
{
    return (double)t / 1e9;
}

/* Rounds to the nearest nanosecond; the caller has checked that it fits. */
nsec nsec_from_sec(double seconds);

/*
 * A duration as people write it: a number and a unit (ns us ms s m h), several in a row ("1m30s").
 * A bare number is refused: "300" of what? Returns false when the text is no duration, or exceeds 1000 days.
 */
bool duration_parse(const char *text, size_t len, nsec *ret);

enum { DURATION_TEXT = 32 };
/* Short and readable: "82 s", "1.37 s", "16.7 ms", "1 h 05 m". Returns `out`. */
char *duration_text(nsec t, char out[DURATION_TEXT]);

enum { TIMESTAMP_TEXT = 32 };
/* RFC 3339 in UTC with microseconds, "2026-01-31T12:00:00.123456Z". Returns `out`. */
char *timestamp_text(nsec wall, char out[TIMESTAMP_TEXT]);
