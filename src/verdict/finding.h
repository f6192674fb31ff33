/*
 * finding - what a run says about who is to blame: each finding with its evidence and the next step.
 *
 * Names are stable identifiers; docs/findings.md has a table of them. A finding that follows from another one
 * is not listed: it stands in the evidence of its cause. Rules have thresholds, stated where they are
 * defined, that noise does not reach; none of them changes a verdict. Pure; all texts in the caller's arena,
 * or static.
 */
#pragma once

#include "verdict.h"

enum culprit { CULPRIT_TARGET, CULPRIT_NETWORK, CULPRIT_GENERATOR, CULPRIT_WORKLOAD, CULPRIT_SAMPLE };
const char *culprit_name(enum culprit culprit); /* "target", "network" ... */

enum severity {
    SEVERITY_NOTE,    /* to be known when the figures are read */
    SEVERITY_WARNING, /* something is not as it should be */
    SEVERITY_CRITICAL /* jobs were lost over it, or the figures are void */
};
const char *severity_name(enum severity severity); /* "note", "warning", "critical" */

struct finding {
    const char *name; /* "target_crashed" */
    enum culprit culprit;
    enum severity severity;
    const char *says;     /* what it is, a clause: "the target is gone" */
    const char *evidence; /* figures and times; times count from the run's start */
    const char *next;     /* what to do; "" when there is nothing */
    nsec since;           /* when it was first seen; -1: it has no time */
    int64_t jobs;         /* measured jobs that failed over it, as far as that is known */
};

enum { FINDINGS_MAX = 64 };

/* The worst first, causes before others; returns how many. */
int finding_find(const struct plan *p, const struct record *r, const struct verdict *v, struct arena *arena,
                 struct finding ret[FINDINGS_MAX]);

/* All that can be found: names by index, NULL past the last. */
const char *finding_name(int index);
