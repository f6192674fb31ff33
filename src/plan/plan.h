/*
 * plan - a scenario and its workflow, checked and compiled: what the engine plays and what the verdict
 * judges.
 *
 * Made once by plan_load(), immutable afterwards, shared by pointer between threads. All durations are
 * already divided by the time scale. Everything lives in the plan's arena.
 */
#pragma once

#include "arena.h"
#include "clock.h"
#include "diag.h"
#include "jsonptr.h"
#include "promtext_select.h"

#include <stdbool.h>

/* ---- templates: text with {variables} ---- */

enum segment_kind {
    SEGMENT_TEXT,
    SEGMENT_VARIABLE, /* the value as it is; in a path percent-encoded, except when it begins with '/' or
                         "http" */
    SEGMENT_JSON,     /* the value as JSON: a number or boolean as it stands, else a quoted, escaped string */
    SEGMENT_JSON_PART /* the value within a JSON string: escaped, not quoted */
};

struct segment {
    enum segment_kind kind;
    const char *text; /* SEGMENT_TEXT */
    size_t len;
    int variable; /* the others */
};

struct template
{
    struct segment *segments;
    int count;
};

struct plan_variable {
    const char *name;
    const char *value; /* its first value in every job; NULL: only known after a capture */
};

/* Variables that every job has; the engine sets them. */
enum { VARIABLE_USER, VARIABLE_NUMBER, VARIABLE_SEED, VARIABLE_BUILTINS };

/* ---- workflow ---- */

enum http_method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE };
const char *http_method_name(enum http_method method);

enum step_kind {
    STEP_REQUEST,
    STEP_POLL,      /* asks again and again whether the job has ended; the others are told of it: */
    STEP_EVENTS,    /* by Server-Sent Events */
    STEP_WEBSOCKET, /* by messages on a WebSocket */
    STEP_SOCKETIO   /* by Socket.IO's events */
};
enum body_kind { BODY_NONE, BODY_JSON, BODY_MULTIPART };

struct plan_part { /* of a multipart body */
    const char *name;
    bool is_image; /* the picture to upload, else `value` */
    struct template value;
};

struct plan_capture { /* a value out of the answer's JSON */
    int variable;
    const char *pointer; /* RFC 6901 */
};

enum {
    PLAN_EXPECT_MAX = 8,
    PLAN_MATCHES_MAX = 16 /* of one match, until or fail; values of one state */
};

struct plan_retry {                /* of a step that the target refuses for now */
    int statuses[PLAN_EXPECT_MAX]; /* 429 and 503, unless the workflow says others */
    int status_count;              /* 0: the step is not tried again */
    int times;                     /* at most, of one job's step */
    nsec wait;                     /* before each, where the answer has no Retry-After */
};

/* How a waiting job stands, in the order in which it gets there; the last three are ends. */
enum plan_state {
    STATE_NONE,
    STATE_QUEUED,
    STATE_RUNNING,
    STATE_DONE,
    STATE_FAILED,
    STATE_CANCELLED,
    STATES
};
bool state_is_end(enum plan_state state);

struct plan_sign { /* the job stands so where this is there */
    struct jsonptr_match is;
    enum plan_state state;
};

struct plan_states {
    /* Where the one value stands that says it: another one than those of the signs is one that the workflow
     * does not know. NULL: the signs look at places of their own, and where none is, nothing is said. */
    const char *at;
    struct plan_sign *signs; /* the first that is there counts */
    int count;
};

enum plan_transport { TRANSPORT_UPGRADE, TRANSPORT_WEBSOCKET, TRANSPORT_POLLING };

struct plan_same { /* the value at `pointer`, as text, is the template's */
    const char *pointer;
    struct template value;
};

struct plan_listen { /* of a step that is told */
    const char **on; /* names of the events that count; none: all of them do */
    int on_count;
    struct plan_same *match; /* of messages that count, all of them */
    int match_count;
    bool says; /* `message` is sent once the connection stands */
    /* WebSocket: its text; Socket.IO: the list of the event's name and its argument */
    struct template message;
    enum plan_transport transport; /* Socket.IO, and all below */
    const char *namespace;         /* "/" */
    bool has_auth;
    struct template auth;      /* what is sent on connecting to the namespace */
    const char *progress;      /* where a number stands that only rises; NULL: not looked at */
    struct plan_step *witness; /* a poll beside, that sees what is not told; NULL: none */
};

struct plan_stages {  /* of the target's work, in the answer that ends a wait */
    const char *at;   /* where they stand, a list or an object with their names as keys; NULL: nowhere */
    const char *name; /* pointers into one of them */
    const char *started;
    const char *finished;
};

struct plan_step {
    const char *name;
    enum step_kind kind;
    enum http_method method;
    struct template path;
    enum body_kind body;
    struct template json;
    struct plan_part *parts;
    int part_count;
    int expect[PLAN_EXPECT_MAX]; /* statuses; default 200, 201, 202, 204 */
    int expect_count;
    struct plan_capture *captures; /* of a wait: taken from the answer or message that ended it */
    int capture_count;
    nsec every;    /* polls */
    double jitter; /* polls: each waits `every` +- this share of it, drawn uniformly; 0 to 1 */
    struct plan_retry retry;
    struct plan_states states; /* of steps that wait */
    struct plan_listen listen;
    const char *created_pointer; /* server's timestamps (RFC 3339, or seconds since 1970) or NULL */
    const char *started_pointer;
    const char *finished_pointer;
    struct plan_stages stages;
    const char *error_pointer; /* where a failed job says why; default "/error" */
    bool model_valid;          /* the body has to be a valid model */
};

/* Our own counts of jobs, the warm-up's included. */
enum plan_count { COUNT_NONE, COUNT_ATTEMPTED, COUNT_ACCEPTED, COUNT_COMPLETED, COUNT_FAILED, PLAN_COUNTS };
extern const char *const plan_count_names[PLAN_COUNTS]; /* "", "attempted", ... */

struct plan_metric { /* that the target has to show */
    const struct promtext_selector *selector;
    bool typed;
    enum promtext_type type; /* when typed */
    bool moves;              /* a target that completes jobs cannot keep it still */
    enum plan_count grows;   /* at least by this; then it moves, too */
    bool optional;           /* it may be absent */
};

struct workflow {
    const char *name;
    const char *about;
    struct plan_variable *variables; /* the first VARIABLE_BUILTINS are built in */
    int variable_count;
    struct plan_step *steps;
    int step_count;
    int generation_first, generation_last; /* step numbers */
    int accept_step;                       /* the one whose expected answer means "accepted" */
    const char *health_path;               /* "/health"; "" when there is none */
    struct jsonptr_match *healthy; /* of its JSON, any of them; without any, every answer 2xx will do */
    int healthy_count;
    const char *ready_path;   /* "/ready" */
    const char *metrics_path; /* "/metrics" */
    struct plan_metric *metrics;
    int metric_count;
    int families; /* that the target's metrics have at least; 0: nobody asks */
};

/* ---- load ---- */

enum user_model {
    USERS_PACED,  /* submit, think, submit again; jobs are followed meanwhile */
    USERS_CLOSED, /* wait for the job, then think */
    USERS_OPEN    /* no users: jobs arrive at a rate, whatever became of those before */
};
const char *user_model_name(enum user_model model);

struct nsec_range {
    nsec low, high; /* uniform; equal: constant */
};

enum arrival_kind { ARRIVALS_CONSTANT, ARRIVALS_POISSON, ARRIVALS_REPLAY };
const char *arrival_kind_name(enum arrival_kind kind); /* "constant", "poisson", "replay" */

struct plan_phase {
    const char *name;
    int users;     /* paced and closed: at its end; 0 when open */
    double rate;   /* open: arrivals a second at its end; 0 otherwise, and in a replay */
    bool ramp;     /* users or rate go there in a straight line, from where the phase before ended (from 0 in
                      the first), and not at once */
    nsec duration; /* NSEC_NEVER: until all jobs are done */
    struct nsec_range think;
    nsec start_every; /* between the starts of users that join, unless they ramp */
};

struct plan_load_model {
    enum user_model users;
    int64_t jobs; /* in all, of a closed or open model; with a duration too, what comes first; 0: no limit */
    int64_t max_in_flight; /* jobs due and not ended; beyond it a start is skipped */
    int64_t concurrent;    /* open: jobs under way; those due beyond it wait for their turn, and their wait
                              counts; 0: no limit */
    enum arrival_kind arrivals; /* open */
    const nsec *replay;         /* ARRIVALS_REPLAY: when jobs are due, from the load's start, ascending */
    int64_t replay_count; /* those that happen; its one phase ends a nanosecond after the last of them */
    int warmup_jobs;
    bool unique_images;
    struct plan_phase *phases; /* at least one */
    int phase_count;
    nsec timeout;            /* of a whole job */
    nsec connect_timeout;    /* a connection's, TLS included; not divided by the time scale */
    nsec first_byte_timeout; /* from the request's start to the answer's first byte; 0: none */
    nsec idle_timeout;       /* an answer that has begun and stands still; 0: none */
    int connections;         /* at most; 0: as many as this machine lets us have */
    bool resolve_each;       /* look the target's name up for each connection, not once before the run */
};

/* ---- criteria ---- */

enum measure_kind {
    MEASURE_ATTEMPTED,
    MEASURE_ACCEPTED,
    MEASURE_COMPLETED,
    MEASURE_ERROR_RATE,
    MEASURE_SUCCESS_RATE,
    MEASURE_AVG,
    MEASURE_MAX,
    MEASURE_PERCENTILE,  /* of a step or of the generation, in seconds */
    MEASURE_GROWTH,      /* of a series, in per cent */
    MEASURE_DEGRADATION, /* of a step's or the generation's durations, in per cent */
    MEASURE_UPTIME       /* in per cent */
};

/* What a duration is of: a step, by its number, or one of these. Queue, processing and notice are the parts
 * of a job's first wait, where the server tells its own times; unseen is what a polled wait leaves open: the
 * job ended in it, between the last "not yet" and the first "done"; validate is our check of the model. A
 * step of the same name comes first. */
enum subject {
    SUBJECT_GENERATION = -1,
    SUBJECT_QUEUE = -2,
    SUBJECT_PROCESSING = -3,
    SUBJECT_NOTICE = -4,
    SUBJECT_UNSEEN = -5,
    SUBJECT_VALIDATE = -6,
    SUBJECT_LAST = SUBJECT_VALIDATE
};
/* "generation", "queue" ...; or the step's name. */
const char *subject_name(const struct workflow *w, int subject);
bool step_waits(const struct plan_step *s);   /* for the job's end, in whichever way */
bool step_listens(const struct plan_step *s); /* it waits to be told */
/* The first step that waits; -1: none. */
int workflow_wait(const struct workflow *w);
/* Does a step upload the picture? */
bool workflow_uploads(const struct workflow *w);

struct measure {
    enum measure_kind kind;
    double percentile;  /* 50, 99.9 ... */
    int step;           /* or a subject */
    const char *series; /* of a growth */
    int phase;          /* -1: all */
    nsec last;          /* only the last so much of the load; 0: all */
};

enum comparison {
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_GREATER,
    COMPARE_AT_LEAST,
    COMPARE_RANGE, /* within LOW..HIGH */
    COMPARE_NEAR   /* within N% of another measure */
};

enum measure_unit { UNIT_NONE, UNIT_SECONDS, UNIT_PERCENT };
const char *measure_unit_name(enum measure_unit unit); /* "", "s", "%" */

struct criterion {
    const char *name;
    const char *expression; /* as written */
    struct measure left;
    enum comparison comparison;
    enum measure_unit unit;
    double limit;         /* seconds are divided by the time scale; COMPARE_NEAR: the N */
    double limit_high;    /* COMPARE_RANGE */
    struct measure right; /* COMPARE_NEAR */
};

/* ---- the whole ---- */

struct plan {
    struct arena arena;
    const char *scenario; /* name; file names are made from it: [a-z0-9_-]+ */
    const char *about;
    const char *file; /* where it was read from, "" when nowhere */
    double time_scale;
    struct workflow workflow;
    struct plan_load_model load;
    struct criterion *criteria;
    int criterion_count;
    /* Metrics of the target that are kept over time: those of the workflow, in its order, then those that
     * criteria name besides. */
    struct promtext_selector *watched;
    int watched_count;
};

enum setting_kind {
    SETTING_KEY,      /* `key` becomes `value` */
    SETTING_RATE,     /* the load becomes an open one with the rate `value`: what it says of users goes */
    SETTING_ARRIVALS, /* "constant", "poisson", "replay FILE", "replay:FILE"; a replay makes the load open */
    SETTING_STAGE     /* "30s:20": all stages together become the phases, ramps to 20 users, or to a rate */
};

/* An option, applied to the scenario's tree before it is read. In which order those of other kinds are given
 * does not matter; of those with one key the last counts. */
struct plan_setting {
    const char *key;    /* "load.users", "load.phases.0.users", "vars.quality" */
    const char *value;  /* a YAML scalar */
    const char *origin; /* for messages: "--set load.users=4" */
    enum setting_kind kind;
};

struct plan_options {
    double time_scale;     /* >= 1e-3; 1: real time */
    const char *workflow;  /* name or file, in place of the scenario's; NULL: none */
    const char *share_dir; /* where scenarios/ and workflows/ lie */
    const struct plan_setting *settings;
    int setting_count;
};

/* `scenario` is a name (then share_dir/scenarios/NAME.yaml) or a path that ends in .yaml or .yml; NULL, with
 * options->workflow set: an ad-hoc run of closed users (or an open one, if the settings make it open) without
 * criteria, named as the workflow, whose jobs or duration the settings say. Returns NULL with every mistake
 * in `diags`, never just the first. The caller frees with plan_free(). */
struct plan *plan_load(const char *scenario, const struct plan_options *options, struct diag_list *diags);
/* A workflow file alone, for `orfeas check`; true when it is right. */
bool plan_check_workflow(const char *path, struct diag_list *diags);
/* Scenario or workflow, by its first key; true when it is right. */
bool plan_check_file(const char *path, const struct plan_options *options, struct diag_list *diags);
void plan_free(struct plan *plan);
