/*
 * scenario - one scenario of a run: played, watched, judged, written.
 */
#pragma once

#include "options.h"
#include "payload.h"
#include "preflight.h"
#include "target.h"
#include "terminal.h"
#include "verdict.h"

struct scenario {
    struct plan *plan;
    struct payload *payloads; /* NULL when no step uploads */
    int payload_count;
    bool played; /* the record and the verdict are there */
    struct record record;
    struct verdict verdict;
    char file[4096]; /* its results; "" when they could not be written */
};

/* How a text for people on standard output is to look. */
struct terminal scenario_terminal(const struct options *o);

/* Plays it. Returns the exit code that it asks for. */
int scenario_run(struct scenario *s, const struct options *o, const struct target *target,
                 const struct preflight *preflight);
void scenario_finish(struct scenario *s);
