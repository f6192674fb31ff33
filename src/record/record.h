/*
 * record - what a scenario's run leaves behind, as plain data: every job, as rows or tallied, and the target
 * as seen from outside.
 *
 * The engine and the watcher write it, the verdict and the results read it; none of these know each other.
 * Step and phase numbers are those of the plan. All points in time are nanoseconds since `started` (the first
 * job's due time is near 0); -1 means "did not happen". What is of a fixed size lives in the record's arena,
 * histograms on the heap; record_finish() frees both. One writer at a time: a worker has a record of its own,
 * and at the end all are merged into one.
 *
 * Laws, see record_check(): scheduled = started + skipped + abandoned; started = ok + failed + unfinished;
 * due <= sent <= ended; a step ends after it starts, and starts after the one before has ended; the parts of
 * a job make up its whole (record_parts.h).
 *
 * Memory of a tallied record: 9 KiB and a histogram for each step and two more a phase, the intervals' (see
 * there), and 1 MiB for the lags at most; a histogram costs the octaves that its values touch, 8 KiB each.
 */
#pragma once

#include "arena.h"
#include "clock.h"
#include "fail.h"
#include "hist.h"
#include "record_contact.h"
#include "record_intervals.h"
#include "record_tally.h"
#include "record_words.h"

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

struct record_told { /* by a server of a job, by its own clock: since 1970; -1: not told */
    nsec created, started, finished;
    nsec grain; /* each is off by this at most: to so much it was rounded */
};

struct record_stage { /* of the target's work on a job */
    int name;         /* index into the record's stages */
    nsec start, end;  /* since the processing began */
};

struct record_job {
    int number; /* from 0; the writer's */
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
    int messages;      /* by which the target told of it, and all else that came on that way */
    int backwards;     /* of these, those whose progress was less than before */
    int out_of_order;  /* times that one who tells of it said an earlier state, or number, than before */
    bool contradicted; /* what was told and what a poll beside saw cannot both be true */
    bool missed;       /* the target did not tell that it had ended: a poll beside saw it */
    nsec late; /* so long after a poll beside saw it the target told; -1: it told first, or nobody looked */
    int throttled;       /* answers that said "not now" */
    int retries;         /* steps that were tried again after one */
    uint64_t model_hash; /* of the model's bytes; 0: none */
    nsec due;            /* when it should have started */
    nsec sent;           /* when it did */
    nsec ended;
    struct record_span *steps; /* one a step of the workflow */
    nsec queue, processing;    /* durations told by the server, or as they were seen; -1: neither */
    bool seen;                 /* they were: nothing is left to notice */
    int waited;                /* the step, ended or failed, that they are parts of; -1: none */
    struct record_told told;
    nsec implausible; /* by so much the server's times exceed what the job can have lasted; not believed */
    struct record_stage *stages; /* of the processing, in the server's order; they may overlap */
    int stage_count;
    nsec unseen;   /* of a polled wait: from the last "not yet" to its end; -1: none */
    nsec validate; /* duration of the check; -1: none */
};

/* How long a step took; -1 when it was not done, or the job failed in it. */
nsec record_step_took(const struct record_job *job, int step);
/* The job's time was up in this step. */
bool record_timed_out_in(const struct record_job *job, int step);

struct record_point {
    nsec at;
    double value;
};

struct record_clock { /* what the dates of answers tell of the target's clock, of some seconds */
    nsec first, last; /* when the answers came */
    nsec low, high;   /* the target's wall time less ours since `started` lies between */
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
    const char *why; /* of a state that is not present; else where it is from and what is left out, or "" */
    bool simulated;
    struct record_point *points;
    int count, capacity;
};

struct record_probe { /* of the target's health */
    nsec at;
    nsec took;
    bool ok;
    enum fail_kind fail; /* FAIL_NONE: an answer came, of whatever status */
};

struct record_metric { /* a metric of the target that was kept: the sum over the series that were asked for */
    const char *name;  /* its points are the series of this name */
    const char *type;  /* as declared, "untyped" when it is not; NULL: it was never there */
    int series;        /* in the last scrape */
    bool moved;        /* one of them had more than one value */
    int resets;        /* scrapes in which one had fallen as only a target's restart explains */
    double first, last;   /* of histograms and summaries the count; NAN when no series had a number */
    double grew;          /* by how much from the first scrape to the last; what a restart took away counts */
    double p50, p95, p99; /* of what a histogram counted meanwhile; NAN: nothing, or it is none */
};

struct record_metrics { /* the target's /metrics */
    bool readable;
    const char *why; /* when it is not, and of scrapes that failed */
    int families;    /* in the last scrape */
    int scrapes, failed_scrapes;
    nsec first, last; /* when the first good scrape had ended, and when the last one began; without any
                         NSEC_NEVER and -NSEC_NEVER */
    int restarts;     /* of the target, by its start time */
    struct record_span restart; /* the first one: between two good scrapes; -1 without */
    int64_t mistakes;           /* lines that break the format's rules, in the scrape that had most */
    const char *mistake;        /* the first one: "line 7: what"; "" without */
    int64_t unread;             /* series beyond what is read of an exposition */
    int64_t unkept;             /* samples beyond the series that are kept */
    struct record_metric *items;
    int count;
};

struct record_process { /* the target's, on this machine */
    int pid;            /* the last that was found; 0: none */
    const char *found;  /* how: "embedded", "pid", "listening socket"; NULL: not found */
    const char *why;    /* when it was not; NULL otherwise */
    nsec gone;          /* when it was first seen to be no more; -1: never */
    int restarts;       /* times that another took its place */
};

struct record_machine {              /* the target's, where it is ours */
    bool here;                       /* it is */
    const char *why;                 /* when it is not; NULL otherwise */
    int cores;                       /* 0: not known */
    double memory_total, disk_total; /* bytes; NAN: not known */
    const char *disk; /* whose file system's free bytes were read: "/", or "the process' directory"; NULL */
};

struct record_throttle { /* a reason for a GPU's clocks to be below their highest */
    const char *reason;
    bool slows; /* a card at work */
    int readings;
};

struct record_gpu_part { /* a MIG device */
    const char *uuid;
    double memory_total, memory_used; /* bytes; used: the most that was seen; NAN: not told */
};

struct record_gpu { /* of this machine; what changes are the series "gpu.INDEX.usage" and so on */
    int index;
    const char *name, *uuid; /* "" when they are not told */
    const char *vendor, *source;
    double memory_total; /* bytes; NAN: not told */
    double power_limit;  /* W; likewise */
    int readings;        /* in which it was there */
    nsec lost;           /* since when it is gone; -1: it is there */
    int throttle_readings;
    struct record_throttle *throttles; /* those that were seen */
    int throttle_count;
    struct record_gpu_part *parts;
    int part_count;
};

struct record_gpus {
    struct record_gpu *items;
    int count;
    const char *why;    /* there is none, or they are not all; NULL otherwise */
    bool memory, usage; /* the series "gpu.memory", "gpu.usage" are of these, not of the target's metrics */
};

struct record_peer {          /* who answers, before the run */
    const char *server, *via; /* its headers of these names; NULL or "" without */
    bool local;               /* on this machine: there is no network between */
};

struct record_traffic { /* with the target, of measured jobs and of the warm-up */
    int64_t requests;
    int64_t resent;       /* of the requests, since a kept connection ended without an answer */
    int64_t polls;        /* of the requests: whether a job has ended, or whether there is news */
    int64_t messages;     /* that the target sent unasked */
    int64_t reconnects;   /* of those who listen, after a loss */
    int64_t out_of_order; /* messages and answers with an earlier state, or number, than the one before */
    int64_t contradicted; /* jobs of which poll and messages say what cannot both be true */
    int64_t backwards;    /* messages whose progress was less than before */
    int64_t missed, late; /* ends that were not told, or after a poll beside had seen them */
    nsec latest;          /* after it, at most */
    int64_t throttled, retries;
    int64_t connects; /* connections that were opened */
    int64_t bytes_sent, bytes_received;
};

struct record_generator { /* ourselves */
    int workers;
    nsec cpu;               /* used by the process during the run */
    double steal_percent;   /* of the machine, during the run */
    int64_t scheduled;      /* starts that were due under load */
    int64_t skipped;        /* of these, those that were skipped because max_in_flight jobs were under way */
    int64_t abandoned;      /* of these, those that waited for their turn when the run was interrupted */
    struct hist *start_lag; /* how late measured jobs were started */
    struct hist *loop_lag;  /* how late the loop came to what was due */
    int64_t fd_limit;       /* descriptors that the process may have; 0: not known */
    int64_t fd_most;        /* that it had at a time; 0: not known */
};

struct record {
    struct arena arena;
    struct record_shape shape;
    nsec started_wall;          /* of the zero of time */
    nsec load_ended;            /* when users stopped to start jobs */
    nsec ended;                 /* the last job's end */
    bool interrupted;           /* by a signal, or because RECORD_JOBS_MAX jobs were reached */
    struct record_span *phases; /* as they were played */
    struct record_job **jobs;   /* RECORD_ROWS: in the order of starting */
    int job_count, job_capacity;
    struct record_tally *tallies;      /* RECORD_TALLIES: one a phase, without the warm-up */
    struct record_intervals intervals; /* RECORD_TALLIES */
    const char *broken;                /* RECORD_TALLIES: the law that a job broke, the first one; NULL */
    struct record_traffic traffic;
    struct record_contact contact;
    struct record_peer peer;
    struct record_words unknown; /* states that the workflow does not know, as often as they were said */
    const char **messages;       /* distinct error messages, "step: what"; the last may be "other errors" */
    int message_count;
    const char **stages; /* their distinct names; the last may be "other stages" */
    int stage_count;
    struct record_clock *clock;
    int clock_count, clock_capacity;
    struct record_point *users; /* each change of the number of active users */
    int user_changes, user_capacity;
    struct record_series *series;
    int series_count, series_capacity;
    struct record_probe *probes;
    int probe_count, probe_capacity;
    struct record_metrics metrics;
    struct record_process process;
    struct record_machine machine;
    struct record_gpus gpus;
    struct record_generator generator;
};

enum {
    RECORD_JOBS_MAX = 1 << 20, /* rows of one writer */
    RECORD_STAGES_MAX = 32,    /* distinct names, and stages of one job */
    RECORD_CLOCK_MAX = 1 << 16 /* a week's; later dates are not looked at */
};

void record_init(struct record *r, const struct record_shape *shape);
/* Safe on a record that is zero. */
void record_finish(struct record *r);

/* ---- writing ---- */

/* A blank row in the record's arena, all times -1; in no list yet. A warm-up job until its phase is set. */
struct record_job *record_new_job(struct record *r);
/* Makes it blank again, for a row that is used for another job: with tallies only, rows are kept. */
void record_blank_job(struct record *r, struct record_job *job);
/* Its phase, user, due, sent and number are set. Rows: it joins them, fewer than RECORD_JOBS_MAX. Tallies: it
 * is counted. */
void record_job_started(struct record *r, struct record_job *job);
/* All of it is set. When it failed is noted. Tallies: it is counted, and may be made blank again. */
void record_job_ended(struct record *r, const struct record_job *job);
/* Below zero is zero. */
void record_start_lag(struct record *r, nsec lag);
void record_loop_lag(struct record *r, nsec lag);
/* The index of the message, which is copied; past the maximum all are "other errors". Control characters and
 * bytes that are not UTF-8 become '?': the text comes from outside. A message that is known costs no memory.
 */
int record_message(struct record *r, const char *text);
/* The index of the stage's name, kept like a message; past the maximum all are "other stages". */
int record_stage_name(struct record *r, const char *text);
/* An answer that was asked for at `sent` and came at `received` bears the `date`, in whole seconds since
 * 1970.
 */
void record_clock_saw(struct record *r, nsec sent, nsec received, int64_t date);
/* `users` are active from `at` on; the calls' times ascend. */
void record_add_users(struct record *r, nsec at, int users);
struct record_series *record_add_series(struct record *r, const char *name, const char *unit);
void record_add_point(struct record *r, struct record_series *s, nsec at, double value);
/* Texts are copied and cleaned. */
void record_set_peer(struct record *r, const char *server, const char *via, bool local);
void record_add_probe(struct record *r, struct record_probe probe);

/*
 * `into` gets all that `from` holds, as if one writer had seen it: counts are sums, messages keep their
 * texts, users are the sum of both over time. Both have the same shape; `from` is finished. Rows stay as they
 * were, one record's behind the other's, until record_sort().
 */
void record_merge(struct record *into, struct record *from);
/* After the last merge: rows by the time of their start. Their numbers stay. */
void record_sort(struct record *r);

/* ---- reading ---- */

/* A job's generation: from the start of the first generation step to the end of the last, or from when the
 * job was due where the shape says so; -1 when either is missing. */
nsec record_generation(const struct record *r, const struct record_job *job);
/* NULL when there is none of that name. */
const struct record_series *record_find_series(const struct record *r, const char *name);
/* Checks the laws above. Returns NULL when they hold, else which is broken (static text). */
const char *record_check(const struct record *r);
/* The same of one job that has ended. */
const char *record_check_job(const struct record *r, const struct record_job *job);
