/*
 * test - cmocka with its prerequisites, for every unit test.
 *
 * Floating-point comparisons by absolute difference; cmocka's own are for float only.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#define assert_near(actual, expected, tolerance)                                                                    \
    do {                                                                                                             \
        double actual_ = (actual), expected_ = (expected), tolerance_ = (tolerance);                                 \
        if (!(fabs(actual_ - expected_) <= tolerance_))                                                              \
            fail_msg("%s = %.12g, expected %.12g (within %g)", #actual, actual_, expected_, tolerance_);             \
    } while (0)
