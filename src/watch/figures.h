/*
 * figures - what is read out of a target's /metrics: the few figures that every run records.
 */
#pragma once

#include "promtext.h"

enum figure { FIGURE_MEMORY, FIGURE_CPU, FIGURE_FDS, FIGURE_GPU_MEMORY, FIGURE_GPU_USAGE, FIGURES };

struct figure_kind {
    const char *series; /* the record's name of it */
    const char *unit;
    const char *metric;  /* the family it is read from */
    bool optional;       /* a target without it has no such thing; else it has, but does not tell */
    const char *absence; /* a sentence for people when it is not there */
};

extern const struct figure_kind figure_kinds[FIGURES];

struct figures {
    bool present[FIGURES];
    bool simulated[FIGURES]; /* a label simulated="true" */
    double value[FIGURES];   /* over all label sets: the sum; of the usage the largest */
};

/* Adds a sample to figures that were zero before the first one. */
void figures_take(struct figures *f, const struct promtext_sample *s);
