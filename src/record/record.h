/*
 * record - what a scenario's run leaves behind, as plain data: every job, and the target as seen from
 * outside.
 *
 * The engine and the watcher write it, the verdict and the results read it; none of these know each other.
 * Step and phase numbers are those of the plan. All points in time are nanoseconds since `started` (the first
 * job's due time is near 0); -1 means "did not happen". Everything lives in the record's arena; one writer at
 * a time.
 *
 * Laws, see record_check(): scheduled = started + skipped; started = ok + failed + unfinished; due <= sent <=
 * ended; a step ends after it starts.
 */
#pragma once

#include "arena.h"
#include "clock.h"
#include "fail.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Two ways to keep jobs. Jobs of a workflow that waits take seconds to minutes: each is a row. Plain requests
 * may be a hundred thousand a second: they are counted when they end, and their durations go into histograms
 * (stats/hist.h), over the run and per interval.
 */
enum record_keeping { RECORD_ROWS, RECORD_TALLIES };

struct record_shape {
    int steps, phases;
    enum record_keeping keeping;
    int generation_first, generation_last; /* steps */
    bool from_due; /* open arrivals: a generation that begins with the first step counts from the due time */
};

enum job_outcome { JOB_RUNNING, JOB_OK, JOB_FAILED, JOB_UNFINISHED };

struct record_span {
    nsec start, end;
};

struct record_job {
    int number; /* from 0, in the order of starting */
    int user;   /* from 0 */
    int phase;  /* in which it was submitted; -1: warm-up, kept out of every statistic */
    enum job_outcome outcome;
    enum fail_kind fail;
    int failed_step; /* -1: none */
    int error;       /* index of the message; -1: none */
    bool accepted;   /* the step before the wait (or the only one) was answered as expected */
    bool model_checked, model_valid;
    int64_t model_bytes, model_triangles;
    int polls;
    nsec due;  /* when it should have started */
    nsec sent; /* when it did */
    nsec ended;
    struct record_span *steps; /* one a step of the workflow */
    nsec queue, processing;    /* durations told by the server; -1: it does not tell */
    nsec validate;             /* duration of the check; -1: none */
};

/* A job's generation: from the start of the plan's first generation step to the end of its last; -1 when
 * either is missing. */
nsec record_generation(const struct record_job *job, int first_step, int last_step);

struct record_point {
    nsec at;
    double value;
};

enum series_state {
    SERIES_ABSENT,     /* looked for and not there: the target has no such thing */
    SERIES_UNREADABLE, /* exists, or may exist, but could not be read */
    SERIES_PRESENT,
};

struct record_series {
    const char *name; /* "target.memory", "gpu.memory", or a metric's name */
    const char *unit; /* "bytes", "MB", ... */
    enum series_state state;
    const char *why; /* of a state that is not present; and "simulated" for simulated figures */
    bool simulated;
    struct record_point *points;
    int count, capacity;
};

struct record_probe { /* of the target's health */
    nsec at;
    nsec took;
    bool ok;
};

struct record_metrics { /* the target's /metrics, compared from the first scrape to the last */
    bool readable;
    const char *why;     /* when it is not */
    int families;        /* in the last scrape */
    int expected;        /* names that were looked for; 0: nobody looked */
    int present, moving; /* of these: were there; had more than one value */
    const char **wrong;  /* "name: what is wrong with it" */
    int wrong_count;
    int scrapes, failed_scrapes;
};

struct record_generator { /* ourselves */
    int workers;
    nsec cpu;             /* used by the process during the run */
    double steal_percent; /* of the machine, during the run */
    int64_t scheduled;    /* starts that were due under load */
    int64_t skipped;      /* of these, those that were skipped because max_in_flight jobs were under way */
};

struct record {
    struct arena arena;
    nsec started_wall; /* of the zero of time */
    nsec load_ended;   /* when users stopped to start jobs */
    nsec ended;        /* the last job's end */
    bool interrupted;  /* by a signal, or because RECORD_JOBS_MAX jobs were reached */
    int step_count;
    int phase_count;
    struct record_span *phases; /* as they were played */
    struct record_job **jobs;   /* by number */
    int job_count, job_capacity;
    const char **messages; /* distinct error messages, "step: what"; the last may be "other errors" */
    int message_count;
    struct record_point *users; /* each change of the number of active users */
    int user_changes, user_capacity;
    struct record_series *series;
    int series_count, series_capacity;
    struct record_probe *probes;
    int probe_count, probe_capacity;
    struct record_metrics metrics;
    struct record_generator generator;
};

enum { RECORD_MESSAGES_MAX = 100, RECORD_JOBS_MAX = 1 << 20 };

void record_init(struct record *r, int step_count, int phase_count);
void record_finish(struct record *r);

/* A new job with all times -1. There are fewer than RECORD_JOBS_MAX. */
struct record_job *record_add_job(struct record *r);
/* The index of the message, which is copied; past the maximum all are "other errors". Control characters and
 * bytes that are not UTF-8 become '?': the text comes from outside. */
int record_message(struct record *r, const char *text);
void record_add_users(struct record *r, nsec at, int users);
struct record_series *record_add_series(struct record *r, const char *name, const char *unit);
void record_add_point(struct record *r, struct record_series *s, nsec at, double value);
void record_add_probe(struct record *r, struct record_probe probe);
/* NULL when there is none of that name. */
const struct record_series *record_find_series(const struct record *r, const char *name);

/* Checks the laws above. Returns NULL when they hold, else which is broken (static text). */
const char *record_check(const struct record *r);
