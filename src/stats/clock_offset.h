/*
 * clock_offset - how far another machine's clock is from ours, as an interval that holds it.
 *
 * Something that happened there between two points in time of ours, and bears a time of its clock, bounds the
 * offset on both sides (Cristian 1989). Two bounds have to hold at once, so they are intersected; from one
 * time to another they are widened by what clocks may drift (Marzullo and Owicki 1983). Nothing is averaged:
 * where bounds contradict each other, a clock was set, or somebody lies, and the evidence is split there.
 *
 * Pure functions; what they return lives in the caller's arena.
 */
#pragma once

#include "arena.h"
#include "clock.h"

#include <stdbool.h>

/* Of two clocks against each other, in parts per million: ntpd slews no faster (RFC 5905, section 11.3). */
enum { CLOCK_DRIFT_PPM = 500 };

struct clock_bound {
    nsec low, high; /* of: its time less ours */
};

struct clock_evidence {
    nsec at; /* ours */
    struct clock_bound bound;
};

struct clock_offset {
    struct clock_evidence *points; /* ascending; each bound by all evidence of its stretch */
    int *stretches;                /* a point's: between two of them the clock was set */
    int count;
    int steps; /* contradictions: stretches less one */
};

/* `evidence` is sorted, bounds with low <= high. */
void clock_offset_fit(struct clock_evidence *evidence, int count, struct arena *arena,
                      struct clock_offset *ret);
/* The bounds at a time of ours, before the first and after the last evidence too; between two stretches all
 * that either allows. False without any evidence. */
bool clock_offset_at(const struct clock_offset *c, nsec at, struct clock_bound *ret);
/* All points are this long wide or less at the median; -1 without any. */
nsec clock_offset_width(const struct clock_offset *c, struct arena *arena);
