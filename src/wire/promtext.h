/*
 * promtext - Prometheus' text exposition (format 0.0.4), read sample by sample. Pure; keeps pointers into the
 * text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct promtext_sample {
    const char *name; /* not terminated */
    size_t name_len;
    const char *labels; /* what stands between the braces, unparsed; "" without braces */
    size_t labels_len;
    double value;
};

struct promtext {
    const char *at;
    const char *end;
    int line; /* of the last sample or error, from 1 */
};

void promtext_init(struct promtext *p, const char *text, size_t len);

/* The next sample: 1; the end: 0; a line that is neither sample nor comment: -1 (call again to go on behind
 * it). */
int promtext_next(struct promtext *p, struct promtext_sample *ret);

/* True when the labels have one of that name and value (the value without escapes). */
bool promtext_has_label(const struct promtext_sample *s, const char *name, const char *value);
