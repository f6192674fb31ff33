/*
 * fetch - one GET with a deadline, on a loop: what probes, scrapes and the preflight are made of.
 *
 * The caller's memory; zero it, set `done`, and it can be used again and again. Ends once per fetch_start().
 */
#pragma once

#include "http_client.h"

struct fetch {
    void (*done)(struct fetch *f);
    struct http_exchange exchange; /* the outcome; a deadline that struck is FAIL_TIMEOUT */
    char error[HTTP_ERROR_TEXT];   /* when it failed */
    const char *accept;            /* what is asked for, unless the target's headers say it; NULL: anything */
    struct http1_names names;      /* of the answer */
    struct buf body;
    struct buf head;
    struct iovec iov;
    struct timer deadline;
};

void fetch_init(struct fetch *f, void (*done)(struct fetch *f), size_t max_body);
void fetch_finish(struct fetch *f);
void fetch_start(struct fetch *f, struct http_pool *pool, const struct http_target *target, const char *path,
                 nsec timeout);
void fetch_cancel(struct fetch *f);
bool fetch_ok(const struct fetch *f); /* an answer came, and its status is 2xx */
