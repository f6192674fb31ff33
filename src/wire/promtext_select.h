/*
 * promtext_select - which samples of an exposition are meant: a name, and labels that they have to carry.
 * Pure.
 */
#pragma once

#include "promtext.h"

struct promtext_wanted {
    const char *name, *value; /* of a label; the value without escapes */
};

struct promtext_selector {
    const char *name; /* a sample's, or its family's: of histograms and summaries */
    const struct promtext_wanted *labels;
    int label_count;
    const char *text; /* as people write it: name{label="value"} */
};

/* By the names alone. */
bool promtext_names(const struct promtext_selector *selector, const struct promtext_sample *s);
/* All of the labels, too. */
bool promtext_selects(const struct promtext_selector *selector, const struct promtext_sample *s);
