/*
 * probes - the target's health, asked at a steady pace whether or not it answers.
 *
 * On a loop, from its thread. What was seen is added to a record in loop time.
 */
#pragma once

#include "fetch.h"
#include "record.h"

enum {
    PROBES = 64
}; /* under way at once; with all of them hanging, the next is a failure without being sent */

struct probes_config {
    struct loop *loop;
    struct http_pool *pool;
    const struct http_target *target;
    const char *path; /* "": none is sent */
    nsec every;
    struct record *log;
};

struct probe {
    struct fetch fetch;
    struct probes *probes;
    bool busy;
    nsec at;
};

struct probes {
    struct probes_config config;
    struct timer timer;
    struct probe items[PROBES];
};

/* What the config points to outlives it. */
void probes_init(struct probes *p, const struct probes_config *config);
void probes_finish(struct probes *p);
void probes_start(struct probes *p);
/* No more; those under way go on. */
void probes_stop(struct probes *p);
