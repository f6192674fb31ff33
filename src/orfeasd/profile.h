/*
 * profile - how long the stages of a job take on the machine that is imitated, and what its GPU would show.
 *
 * A profile paces, it does not fake: the model is always really made. The ends of its stages are cumulative
 * deadlines from the moment the job took its slot, so that a job lasts max(real work, profile). Immutable
 * after loading.
 */
#pragma once

#include "clock.h"
#include "diag.h"
#include "generator.h"

#include <stdbool.h>

enum { PROFILE_STAGES_MAX = 16, PROFILE_NAME_MAX = 47 };

/* No deadline is later after a job's start: 31 years, which is never. */
#define PROFILE_END_MAX ((nsec)1000000000 * NSEC_PER_SEC)

struct profile_stage {
    char name[PROFILE_NAME_MAX + 1];
    int covers;    /* enum generator_stage that must really be done before this stage ends; -1: none */
    nsec mean, sd; /* normal, cut at four standard deviations and at zero */
    nsec first;    /* what the first job of the process takes longer here: its models load */
};

struct profile_gpu {
    bool present;
    char name[PROFILE_NAME_MAX + 1]; /* of the card, as people read it; the profile's when none is given */
    double total_mb, base_mb, job_mb;
    double share; /* of the memory that jobs may fill */
    bool refuse;  /* jobs that do not fit are refused; else they take less */
};

struct profile {
    char name[PROFILE_NAME_MAX + 1];
    nsec load;      /* of the models, at the start */
    double sharing; /* 0: slots are independent; to 1: they share one GPU, see sharing.h */
    int stage_count;
    struct profile_stage stages[PROFILE_STAGES_MAX];
    struct profile_gpu gpu;
};

/* Reads `text` (YAML). False when anything was added to `diags`. `file` is for the messages. */
bool profile_parse(const char *text, size_t len, const char *file, struct profile *ret,
                   struct diag_list *diags);
/* A file (its name has a '/' or ends in ".yaml") or the name of a shipped profile, looked for in
 * $ORFEAS_SHARE, beside the source tree that the program was built in, and in the installed data directory.
 */
bool profile_load(const char *name, struct profile *ret, struct diag_list *diags);

/* Draws a job's deadlines, in ns from its start, divided by `time_scale`: ends[i] for stage i, rising. The
 * same for the same (seed, job). Job 0 is the first. */
void profile_draw(const struct profile *p, uint64_t seed, uint64_t job, double time_scale,
                  nsec ends[PROFILE_STAGES_MAX]);
/* What of the deadlines lies behind `from` becomes `factor` times as long, at most PROFILE_END_MAX. */
void profile_stretch(const struct profile *p, nsec from, double factor, nsec ends[PROFILE_STAGES_MAX]);
