/*
 * preflight - can this target be tested now? Reachable, healthy, its models loaded.
 *
 * Blocks the calling thread, with a loop of its own. A target that refuses or never answers is an answer
 * within seconds; one that is loading is waited for.
 */
#pragma once

#include "http_client.h"
#include "jsonptr.h"

#include <stdatomic.h>

struct preflight_config {
    struct http_target target;
    const char *url;         /* as the user gave it, for messages */
    const char *health_path; /* "": not asked */
    const struct jsonptr_match
        *healthy; /* what its JSON has to say, any of them; none: every answer 2xx will do */
    int healthy_count;
    const char *ready_path;    /* "": not asked; one that is not there (404, 405) counts as ready */
    nsec wait;                 /* for a target that is loading */
    const atomic_bool *cancel; /* ends the wait */
    void (*waiting)(void *context, nsec waited); /* about once a second while it loads; may be NULL */
    void *context;
};

struct preflight {
    struct loop_addr addr;        /* the one that took the connection */
    char server[HTTP1_VALUE_MAX]; /* headers of its answer, "" without */
    char via[HTTP1_VALUE_MAX];
    char health[64];   /* "healthy", or what the status field said */
    char message[400]; /* when it failed: what is wrong */
    char hint[400];    /* ... and what to do */
};

/* Returns true when the target can be tested. */
bool preflight_run(const struct preflight_config *config, struct preflight *ret);
