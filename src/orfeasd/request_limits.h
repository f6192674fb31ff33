/*
 * request_limits - how large the head of a request may be. Pure.
 */
#pragma once

#include <stddef.h>

enum {
    REQUEST_LINE_MAX = 8 << 10,
    REQUEST_HEADERS_MAX = 100,
    REQUEST_HEADER_BYTES_MAX = 32 << 10, /* names and values, with what stands between and behind them */
};
