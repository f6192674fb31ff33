/*
 * live - what goes on, while it goes on: one line on a terminal redrawn in place, plain lines elsewhere.
 *
 * A thread of its own reads the engine's counters and the watcher's last figures; neither waits for it.
 */
#pragma once

#include "plan.h"
#include "progress.h"
#include "watch.h"

#include <stdio.h>

struct live_config {
    const struct plan *plan;
    struct progress *progress;
    const struct watch *watch; /* may be NULL */
    FILE *out;
    bool terminal; /* redraw in place, four times a second; else a line every five seconds */
};

struct live;

/* NULL with errno when no thread could be started. The config's pointers outlive it. */
struct live *live_start(const struct live_config *config);
/* Wipes the line on a terminal. NULL-safe. */
void live_stop(struct live *l);

/* The line as it stands at `now`, at most `width` columns, without colour or newline. */
void live_render(const struct live_config *config, nsec now, int width, struct buf *out);
