/*
 * find - what the finders share. Private to the files find_*.c, each a room of rules, and to finding.c, which
 * has the table of them all.
 *
 * A finder returns whether it has found something, and then sets says, evidence and since; what its row in
 * the table says of culprit, severity and next step stands there already and may be changed.
 */
#pragma once

#include "finding.h"
#include "metric_check.h"
#include "selection.h"

struct find {
    const struct plan *plan;
    const struct record *record;
    const struct verdict *verdict;
    struct job_counts counts;
    struct durations generations;
    struct metric_checks metrics;
    struct arena *arena;
};

/* "41.2 s", of a time or a duration. */
const char *find_time(const struct find *f, nsec t);
const char *find_seconds(const struct find *f, double seconds);
/* "12 jobs", "1 job": an s behind more than one. */
const char *find_count(const struct find *f, int64_t count, const char *what);
/* "12 jobs from 41.2 s to 50.0 s" */
const char *find_stretch(const struct find *f, int64_t count, const char *what, nsec first, nsec last);
/* The first message of measured jobs that failed in this way; "" without. */
const char *find_message(const struct find *f, enum fail_kind kind);
/* The status in the message of a job that failed by one, "submit: status 507, ..."; 0: none. */
int find_status(const char *message);
bool find_contains(const char *text, const char *word); /* capital or not */
/* Is the message about memory that ran out? 507 alone may be a full disk. */
bool find_is_memory(const char *message);
/* Does another than who answered before the run say so: a proxy between? */
bool find_is_proxy(const struct find *f, const struct record_refusal *r);
/* Jobs that failed in this way: how many, when, and the first message, as evidence. False: none. */
bool find_kind(const struct find *f, struct finding *ret, enum fail_kind kind, const char *says);
/* Jobs that failed over an answer with this status. */
int64_t find_failed_with(const struct find *f, int status);
/* Jobs that the target worked on then. */
int find_under_way(const struct find *f, nsec at);
/* When one of the target's GPUs had hardly any memory left, as a clause that follows others; "" if none. */
const char *find_memory_pressure(const struct find *f);

typedef bool find_function(const struct find *f, struct finding *ret);

/* find_contact.c: whether the target is there at all */
find_function find_crashed, find_restarted, find_refuses, find_frozen, find_reset, find_resent;
find_function find_unresolved, find_unreachable, find_connect_timeouts, find_tls, find_failed_probes;
/* find_answers.c: what it answers */
find_function find_rate_limited, find_queue_full, find_unavailable, find_errors, find_late_answers,
    find_broken_answers;
/* find_jobs.c: what becomes of jobs */
find_function find_stuck, find_failed_jobs, find_invalid_models, find_timed_out, find_critical_rate,
    find_unfinished;
/* find_told.c: what it tells of them */
find_function find_untold, find_late_ends, find_backwards, find_unknown_states, find_out_of_order,
    find_contradicted;
/* find_memory.c */
find_function find_out_of_memory, find_memory_growth, find_gpu_memory_growth;
/* find_speed.c: how fast it is */
find_function find_slowing, find_gpu_idle, find_gpu_full, find_off_baseline, find_cold_start;
/* find_metrics.c: what it says of itself */
find_function find_wrong_metrics, find_unreadable_metrics, find_few_families, find_malformed_metrics,
    find_many_series, find_other_clients, find_simulated;
/* find_generator.c: ourselves, and the run */
find_function find_late_generator, find_local_limit, find_stolen_time, find_interrupted, find_skipped,
    find_abandoned;
/* find_sample.c: how much the figures bear */
find_function find_small_sample, find_censored, find_coarse_polls;
