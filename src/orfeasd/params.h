/*
 * params - what a generation is asked for, read from JSON or from a form, with every mistake at once.
 *
 * The names, ranges and defaults are the original's: format stl, obj, glb or ply (stl); quality 1 to 10 (7);
 * dimensions of width and height 1 to 1000 and depth 1 to 500, in millimetres (100, 100, 20).
 */
#pragma once

#include "generator.h"
#include "metrics.h"
#include "uuid.h"

#include <stdbool.h>

enum { PARAM_MISTAKES_MAX = 8, PARAM_TEXT_MAX = 160, PARAM_JOBS_MAX = 50, PARAMS_JSON_DEPTH = 16 };

struct param_mistake {
    const char *loc[2]; /* the second may be NULL */
    char message[PARAM_TEXT_MAX];
    const char *type;
};

struct params {
    struct uuid job_id;
    struct generator_options options;
    int mistake_count;
    struct param_mistake mistakes[PARAM_MISTAKES_MAX];
};

/* The defaults. */
void params_init(struct params *p);
/* {job_id, format?, dimensions?, quality?}, at most PARAMS_JSON_DEPTH deep. */
void params_from_json(struct params *p, const char *text, size_t len);
bool params_has_field(const char *name);
/* One field of a form; names that are not ours are ignored. */
void params_from_field(struct params *p, const char *name, const char *value);
/* The same of a batch, whose fields the original names otherwise: format_type; quality, also low, medium or
 * high (4, 7, 10); batch_size 1 to 64, which says how many pictures a GPU takes at once: here the slots do.
 */
bool params_has_batch_field(const char *name);
void params_from_batch_field(struct params *p, const char *name, const char *value);
/* {job_ids: [...], format?, dimensions?, quality?}: the ids, each once, into `ids`. Returns how many. */
int params_from_batch_json(struct params *p, const char *text, size_t len, struct uuid ids[PARAM_JOBS_MAX]);
/* {"error": "Invalid request parameters", "details": [{loc, msg, type}]} */
void params_write_mistakes(const struct params *p, struct buf *out);
/* {width, height, depth} under "dimensions". */
void params_write_dimensions(const struct generator_options *options, struct buf *out);
