#include "job_record.h"

#include "json_out.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

/* The year 2116, and 1000 days: a time and all stages behind it can be added up. */
#define WALL_MAX ((int64_t)1 << 62)
#define LASTED_MAX (1000 * 86400 * NSEC_PER_SEC)

static const char VERSION_KEY[] = "orfeasd_job";

/* ---- the members that are plain numbers: one table for both directions ---- */

enum width { WIDTH_INT, WIDTH_64 };

#define FIELD(member, width) offsetof(struct job, member), width
static const struct number {
    const char *key;
    size_t offset;
    enum width width;
    int64_t low, high;
    bool of_result; /* a worker may be writing it, unless the job has completed */
} NUMBERS[] = {
    {"created", FIELD(created_wall, WIDTH_64), 0, WALL_MAX},
    {"queued", FIELD(queued_wall, WIDTH_64), 0, WALL_MAX},
    {"started", FIELD(started_wall, WIDTH_64), 0, WALL_MAX},
    {"finished", FIELD(finished_wall, WIDTH_64), 0, WALL_MAX},
    {"lasted", FIELD(finished, WIDTH_64), 0, LASTED_MAX},
    {"input_bytes", FIELD(input_bytes, WIDTH_64), 0, (int64_t)1 << 40},
    {"input_width", FIELD(picture.width, WIDTH_INT), 0, INT_MAX},
    {"input_height", FIELD(picture.height, WIDTH_INT), 0, INT_MAX},
    {"quality", FIELD(work.options.quality, WIDTH_INT), 0, 10},
    {"width", FIELD(work.options.width, WIDTH_INT), 0, 1000},
    {"height", FIELD(work.options.height, WIDTH_INT), 0, 1000},
    {"depth", FIELD(work.options.depth, WIDTH_INT), 0, 1000},
    {"model_bytes", FIELD(model_bytes, WIDTH_64), 0, (int64_t)1 << 40},
    {"vertices", FIELD(work.result.vertices, WIDTH_INT), 0, INT_MAX, true},
    {"triangles", FIELD(work.result.triangles, WIDTH_INT), 0, INT_MAX, true},
};
#undef FIELD

enum { NUMBER_COUNT = sizeof NUMBERS / sizeof NUMBERS[0] };

static int64_t get_number(const struct job *job, const struct number *n)
{
    const char *at = (const char *)job + n->offset;
    return n->width == WIDTH_INT ? *(const int *)at : *(const int64_t *)at;
}

static void set_number(struct job *job, const struct number *n, int64_t value)
{
    char *at = (char *)job + n->offset;
    if (n->width == WIDTH_INT)
        *(int *)at = (int)value;
    else
        *(int64_t *)at = value;
}

/* ---- out ---- */

static void write_numbers(const struct job *job, bool has_result, struct buf *out)
{
    for (int i = 0; i < NUMBER_COUNT; i++) {
        int64_t value = NUMBERS[i].of_result && !has_result ? 0 : get_number(job, &NUMBERS[i]);
        if (NUMBERS[i].offset == offsetof(struct job, finished))
            value = value > job->started ? value - job->started : 0; /* 0: not finished */
        json_int(out, NUMBERS[i].key, value);
    }
}

static void write_stages(const struct job_stages *stages, struct buf *out)
{
    json_open(out, "stages", '[');
    for (int i = 0; i < stages->count; i++) {
        json_open(out, NULL, '{');
        json_text(out, "name", stages->ended[i].name);
        json_int(out, "lasted", stages->ended[i].lasted);
        json_close(out, '}');
    }
    json_close(out, ']');
    if (stages->current)
        json_text(out, "stage", stages->current);
    json_int(out, "progress", stages->percent);
}

void job_record_write(const struct job *job, enum job_state state, const struct profile *profile,
                      struct buf *out)
{
    struct job_stages stages;
    char batch[UUID_TEXT];
    job_stages(job, profile, job->finished ? job->finished : job->started, &stages);
    json_open(out, NULL, '{');
    json_int(out, VERSION_KEY, VERSION);
    json_text(out, "id", job->id_text);
    json_text(out, "state", job_state_name(state));
    bool has_result = state == JOB_COMPLETED;
    write_numbers(job, has_result, out);
    json_text(out, "input_format", picture_format_name(job->picture.format));
    json_bool(out, "input_alpha", job->picture.has_alpha);
    json_text(out, "format", model_format_name(job->work.options.format));
    if (job->in_batch)
        json_text(out, "batch", uuid_text(&job->batch, batch));
    if (has_result && job->work.result.segmentation)
        json_text(out, "segmentation", job->work.result.segmentation);
    json_fraction(out, "confidence", has_result ? job->work.result.confidence : 0);
    json_text(out, "error_kind", job->error_kind);
    json_text(out, "error", job->error);
    write_stages(&stages, out);
    json_close(out, '}');
    json_end(out);
}

/* ---- in ---- */

static bool read_numbers(const json_t *root, struct job *job)
{
    for (int i = 0; i < NUMBER_COUNT; i++) {
        const json_t *value = json_object_get(root, NUMBERS[i].key);
        json_int_t number = json_integer_value(value);
        if (!json_is_integer(value) || number < NUMBERS[i].low || number > NUMBERS[i].high)
            return false;
        set_number(job, &NUMBERS[i], number);
    }
    return true;
}

/* Copies a text that fits; false when it does not, or is none. */
static bool read_text(const json_t *root, const char *key, char *to, size_t room)
{
    const json_t *value = json_object_get(root, key);
    if (!json_is_string(value) || json_string_length(value) >= room)
        return false;
    memcpy(to, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_picture(const json_t *root, struct job *job)
{
    char name[16];
    if (!read_text(root, "input_format", name, sizeof name))
        return false;
    job->picture.has_alpha = json_is_true(json_object_get(root, "input_alpha"));
    for (int i = PICTURE_PNG; i <= PICTURE_WEBP; i++)
        if (strcmp(name, picture_format_name((enum picture_format)i)) == 0) {
            job->picture.format = (enum picture_format)i;
            return true;
        }
    return false;
}

static bool read_stages(const json_t *root, struct job_past *past)
{
    const json_t *list = json_object_get(root, "stages");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > JOB_STAGES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i), *lasted = json_object_get(item, "lasted");
        if (!read_text(item, "name", past->names[i], sizeof past->names[i]) || !json_is_integer(lasted) ||
            json_integer_value(lasted) < 0 || json_integer_value(lasted) > LASTED_MAX)
            return false;
        past->stages.ended[i] = (struct job_stage){past->names[i], json_integer_value(lasted)};
    }
    past->stages.count = (int)count;
    if (read_text(root, "stage", past->names[JOB_STAGES_MAX], sizeof past->names[0]))
        past->stages.current = past->names[JOB_STAGES_MAX];
    return true;
}

static bool read_past(const json_t *root, struct job *job)
{
    struct job_past *past = job->past = calloc(1, sizeof *past);
    if (!past || !read_stages(root, past) ||
        !read_text(root, "error_kind", past->error_kind, sizeof past->error_kind) ||
        !read_text(root, "error", job->error, sizeof job->error))
        return false;
    job->error_kind = past->error_kind;
    if (read_text(root, "segmentation", past->segmentation, sizeof past->segmentation))
        job->work.result.segmentation = past->segmentation;
    else if (job->state == JOB_COMPLETED)
        return false;
    double confidence = json_number_value(json_object_get(root, "confidence"));
    job->work.result.confidence = confidence >= 0 && confidence <= 1 ? confidence : 0;
    json_int_t percent = json_integer_value(json_object_get(root, "progress"));
    past->stages.percent = job->state == JOB_COMPLETED    ? 100
                           : percent > 0 && percent < 100 ? (int)percent
                                                          : 0;
    return true;
}

static bool read_batch(const json_t *root, struct job *job)
{
    const json_t *batch = json_object_get(root, "batch");
    job->in_batch = batch;
    return !batch || uuid_parse(json_is_string(batch) ? json_string_value(batch) : "",
                                json_string_length(batch), &job->batch);
}

static void write_times(struct job *job)
{
    const struct {
        nsec wall;
        char *text;
    } times[] = {{job->created_wall, job->created_at},
                 {job->queued_wall, job->queued_at},
                 {job->started_wall, job->started_at},
                 {job->finished_wall, job->finished_at}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (times[i].wall)
            timestamp_text(times[i].wall, times[i].text);
        else
            times[i].text[0] = '\0';
}

/* NULL, or what is wrong. */
static const char *read_root(const json_t *root, struct job *job)
{
    char text[UUID_TEXT], state[16], format[8];
    if (json_integer_value(json_object_get(root, VERSION_KEY)) != VERSION)
        return "not a record of this version";
    if (!read_text(root, "id", text, sizeof text) || strcmp(text, job->id_text) != 0)
        return "the record of another job";
    if (!read_text(root, "state", state, sizeof state) || !job_state_parse(state, &job->state))
        return "an unknown state";
    if (!read_text(root, "format", format, sizeof format) ||
        !model_format_parse(format, &job->work.options.format))
        return "an unknown format";
    if (!read_numbers(root, job) || !job->created_wall)
        return "a number is missing or out of its range";
    if (!read_picture(root, job) || !read_batch(root, job) || !read_past(root, job))
        return "a member is missing or not what it should be";
    write_times(job);
    return NULL;
}

struct job *job_record_read(const char *text, size_t len, const struct uuid *id,
                            char error[JOB_RECORD_ERROR_TEXT])
{
    json_error_t parse_error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &parse_error);
    struct job *job = job_create(id);
    const char *wrong = !root ? "no JSON" : !job ? "no memory" : read_root(root, job);
    json_decref(root);
    if (!wrong)
        return job;
    snprintf(error, JOB_RECORD_ERROR_TEXT, "%s", wrong);
    job_destroy(job);
    return NULL;
}
