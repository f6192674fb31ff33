/*
 * rate_limit - a sliding window of one minute for each client address.
 *
 * At most 256 addresses are told apart; a new one then takes the place of the one that was seen longest ago.
 * One thread.
 */
#pragma once

#include "clock.h"

#include <stdbool.h>
#include <stdint.h>

enum { RATE_CLIENTS_MAX = 256 };

struct rate_client {
    uint32_t address;
    nsec seen;
    nsec *times; /* a ring of `per_minute` */
    int first, count;
};

struct rate_limit {
    int per_minute; /* 0: no limit */
    int count;
    struct rate_client clients[RATE_CLIENTS_MAX];
};

void rate_limit_init(struct rate_limit *r, int per_minute);
void rate_limit_finish(struct rate_limit *r);
/* Counts the request and returns 0, or how long the client has to wait. */
nsec rate_limit_take(struct rate_limit *r, uint32_t address, nsec now);
