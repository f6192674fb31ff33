#include "rate_limit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const nsec WINDOW = 60 * NSEC_PER_SEC;

void rate_limit_init(struct rate_limit *r, int per_minute)
{
    memset(r, 0, sizeof *r);
    r->per_minute = per_minute;
}

void rate_limit_finish(struct rate_limit *r)
{
    for (int i = 0; i < r->count; i++)
        free(r->clients[i].times);
    r->count = 0;
}

static struct rate_client *client_of(struct rate_limit *r, uint32_t address)
{
    struct rate_client *longest = &r->clients[0];
    for (int i = 0; i < r->count; i++) {
        if (r->clients[i].address == address)
            return &r->clients[i];
        if (r->clients[i].seen < longest->seen)
            longest = &r->clients[i];
    }
    struct rate_client *c = longest;
    if (r->count < RATE_CLIENTS_MAX) {
        c = &r->clients[r->count++];
        c->times = calloc((size_t)r->per_minute, sizeof *c->times);
        assert(c->times);
    }
    c->address = address;
    c->first = c->count = 0;
    return c;
}

nsec rate_limit_take(struct rate_limit *r, uint32_t address, nsec now)
{
    if (!r->per_minute)
        return 0;
    struct rate_client *c = client_of(r, address);
    c->seen = now;
    while (c->count && c->times[c->first] <= now - WINDOW) {
        c->first = (c->first + 1) % r->per_minute;
        c->count--;
    }
    if (c->count == r->per_minute)
        return c->times[c->first] + WINDOW - now;
    c->times[(c->first + c->count++) % r->per_minute] = now;
    return 0;
}
