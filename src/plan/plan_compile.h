/*
 * plan_compile - what the parts of the compiler share; private to this layer.
 *
 * Each part reads its piece of the tree into the plan, tells every mistake and goes on with a harmless value.
 * A plan with mistakes is never given out, so that what stands in place of a wrong value does not matter.
 */
#pragma once

#include "conf.h"
#include "plan.h"

enum {
    PLAN_STEPS_MAX = 32,
    PLAN_VARIABLES_MAX = 128,
    PLAN_CAPTURES_MAX = 32, /* of a step, with those that {step:/pointer} makes */

    PLAN_PARTS_MAX = 32,     /* of a multipart body */
    PLAN_SEGMENTS_MAX = 256, /* of a template */
    PLAN_PHASES_MAX = 64,
    PLAN_CRITERIA_MAX = 100,
    PLAN_METRICS_MAX = 200, /* of a workflow */
    PLAN_METRIC_LABELS_MAX = 8,
    PLAN_FAMILIES_MAX = 10000,
    PLAN_SETTINGS_MAX = 100,
    PLAN_USERS_MAX = 1000000,
    PLAN_IN_FLIGHT_MAX = 10000000,
    PLAN_RATE_MAX = 10000000,   /* a second, after the time scale too */
    PLAN_REPLAY_MAX = 10000000, /* arrivals */
    PLAN_RETRY_MAX = 1000
};

/* So much before the time scale; at the smallest scale it is still far from the end of nsec. */
#define PLAN_DURATION_MAX ((nsec)30 * 86400 * NSEC_PER_SEC)
#define PLAN_DURATION_MIN NSEC_PER_MSEC

struct compile {
    struct plan *plan;
    struct arena *arena;
    struct diag_list *diags;
    double time_scale;
    bool has_steps;                      /* the workflow could be read: names of steps can be checked */
    int captured_by[PLAN_VARIABLES_MAX]; /* the first step that captures it; -1: none */
};

/* ---- plan_scale.c: durations divided by the time scale ---- */

/* To the nearest nanosecond; what is not 0 stays at least 1. */
nsec plan_scaled(const struct compile *c, nsec t);
bool plan_read_duration(const struct compile *c, const struct conf_node *n, nsec low, nsec high, nsec *ret);
/* A rate is per time, and multiplied by the time scale. */
bool plan_read_rate(const struct compile *c, const struct conf_node *n, bool may_be_0, double *ret);
/* "20s" or "uniform 20s..60s". */
bool plan_read_range(const struct compile *c, const struct conf_node *n, struct nsec_range *ret);

/* ---- plan_source.c: where files are ---- */

/* The path of a scenario or workflow, in the arena; NULL after telling that there is none. `beside`: the file
 * that names it, or NULL; `asked_by`: the value that names it, or NULL when it is the command line. */
const char *plan_find_scenario(struct compile *c, const char *name, const char *share_dir);
const char *plan_find_workflow(struct compile *c, const char *name, const char *share_dir, const char *beside,
                               const struct conf_node *asked_by);
/* Of a file that a value of a file names: beside that file. What was set by an option is as it stands. */
const char *plan_path_beside(struct compile *c, const struct conf_node *asked_by, const char *name);

/* ---- plan_setting.c ---- */

/* `options`, put into the tree. */
void plan_apply_settings(struct compile *c, struct conf_node *root, const struct plan_options *options);

/* ---- plan_variable.c ---- */

void plan_variables_init(struct compile *c);
/* -1 when there is none. */
int plan_variable_find(const struct compile *c, const char *name);
/* Finds or adds a variable that a step captures. `name_place` is for messages. Returns -1 after a mistake. */
int plan_variable_capture(struct compile *c, const struct conf_node *name_place, const char *name, int step);
/* The workflow's `vars` declare, the scenario's must exist. */
void plan_variables_declare(struct compile *c, const struct conf_node *vars);
void plan_variables_override(struct compile *c, const struct conf_node *vars);

/* ---- plan_template.c ---- */

struct template_builder {
    struct compile *c;
    int step;        /* in which the template is used */
    struct buf text; /* not yet a segment */
    struct segment segments[PLAN_SEGMENTS_MAX];
    int count;
    bool failed; /* too many segments: told at the end */
};

void template_begin(struct template_builder *b, struct compile *c, int step);
void template_add(struct template_builder *b, const char *bytes, size_t len);
/* Adds the scalar's text, its {variables} as `kind`; for SEGMENT_JSON_PART the text between is escaped. */
void template_scan(struct template_builder *b, const struct conf_node *n, enum segment_kind kind);
void template_end(struct template_builder *b, const struct conf_node *n, struct template *ret);

/* ---- plan_json.c ---- */

void plan_json_compile(struct compile *c, const struct conf_node *n, int step, struct template *ret);
/* Of any kind, a single value too. */
void plan_json_add(struct template_builder *b, const struct conf_node *n);
/* Appends as the inside of a JSON string. */
void plan_json_escape(struct template_builder *b, const char *bytes, size_t len);

/* ---- plan_workflow.c, plan_step.c ---- */

/* `vars`: the scenario's, or NULL. */
void plan_workflow_compile(struct compile *c, const struct conf_node *root, const struct conf_node *vars);
/* Reads the captures of a step, before any template is compiled. */
void plan_step_captures(struct compile *c, const struct conf_node *n, int index);
void plan_step_compile(struct compile *c, const struct conf_node *n, int index);
/* A path on the target, with {variables}; n is there. */
void plan_step_path(struct compile *c, const struct conf_node *n, int step, struct template *ret);
/* A JSON pointer; NULL is none. True when *ret was set. */
bool plan_step_pointer(const struct compile *c, const struct conf_node *n, const char **ret);
/* The statuses that are expected where nothing is said. */
void plan_step_expect_usual(struct plan_step *s);
/* A text with {variables}. */
void plan_step_text(struct compile *c, const struct conf_node *n, int step, struct template *ret);
/* until, fail, healthy: pointers and the values that count; a list gives several. */
struct jsonptr_match *plan_step_matches(struct compile *c, const struct conf_node *n, int *ret_count);
/* "expect: 200", or a list; *ret_count of PLAN_EXPECT_MAX at most. */
void plan_step_statuses(struct compile *c, const struct conf_node *n, int *statuses, int *ret_count);
/* By name; -1 when there is none. */
int plan_step_find(const struct compile *c, const char *name);
/* At byte `offset` of `n`: there is no step `name`. */
void plan_step_unknown(const struct compile *c, const struct conf_node *n, size_t offset, const char *name);

/* ---- plan_wait.c ---- */

/* What only steps that wait have; of others it is a mistake. `s` knows its kind. */
void plan_wait_compile(struct compile *c, const struct conf_node *n, int index, struct plan_step *s);

/* ---- plan_states.c ---- */

/* Has it one of the keys? */
bool plan_states_given(const struct conf_node *n);
/* `states`, or `until`, `fail` and `running`, of a step that waits or of a poll beside it; one of `states`
 * and `until` has to be there. `whose`: "a poll", for messages. */
void plan_states_compile(struct compile *c, const struct conf_node *n, const char *whose,
                         struct plan_states *ret);

/* ---- plan_retry.c ---- */

/* `s` knows already what it expects. */
void plan_retry_compile(struct compile *c, const struct conf_node *n, struct plan_step *s);

/* ---- plan_metric.c ---- */

/* `expect_metrics` and `expect_families`, after `metrics`. */
void plan_metrics_compile(struct compile *c, const struct conf_node *workflow);
/* After workflow and criteria: which metrics are kept over time. */
void plan_watched_compile(struct compile *c);

/* ---- plan_load_model.c and its parts, plan_criterion.c ---- */

/* After the workflow. */
void plan_load_model_compile(struct compile *c, const struct conf_node *load);
/* `arrivals` of an open load, with the file that a replay names. */
void plan_arrivals_compile(struct compile *c, const struct conf_node *load);
/* The list of times in the file; `asked_by` names it. */
void plan_replay_load(struct compile *c, const struct conf_node *asked_by, const char *path);
/* After all else of the load. */
void plan_phases_compile(struct compile *c, const struct conf_node *load, bool model_known);
void plan_criterion_compile(struct compile *c, const struct conf_node *n, struct criterion *ret);
