#include "params.h"

#include "json_depth.h"
#include "json_out.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct range {
    const char *name;
    int low, high;
    size_t field;
    bool dimension;
} RANGES[] = {
    {"quality", 1, 10, offsetof(struct generator_options, quality), false},
    {"width", 1, 1000, offsetof(struct generator_options, width), true},
    {"height", 1, 1000, offsetof(struct generator_options, height), true},
    {"depth", 1, 500, offsetof(struct generator_options, depth), true},
};

enum { RANGE_COUNT = sizeof RANGES / sizeof RANGES[0] };

void params_init(struct params *p)
{
    *p = (struct params){.options = {MODEL_STL, 7, 100, 100, 20}};
}

static void __attribute__((format(printf, 5, 6)))
mistake(struct params *p, const char *loc, const char *inner, const char *type, const char *format, ...)
{
    if (p->mistake_count == PARAM_MISTAKES_MAX)
        return;
    struct param_mistake *m = &p->mistakes[p->mistake_count++];
    m->loc[0] = loc;
    m->loc[1] = inner;
    m->type = type;
    va_list args;
    va_start(args, format);
    vsnprintf(m->message, sizeof m->message, format, args);
    va_end(args);
}

static void set_range(struct params *p, const struct range *range, const char *outer, long long value)
{
    const char *loc = outer ? outer : range->name, *inner = outer ? range->name : NULL;
    if (value < range->low)
        mistake(p, loc, inner, "greater_than_equal", "Input should be greater than or equal to %d",
                range->low);
    else if (value > range->high)
        mistake(p, loc, inner, "less_than_equal", "Input should be less than or equal to %d", range->high);
    else
        *(int *)((char *)&p->options + range->field) = (int)value;
}

static void set_format(struct params *p, const char *name)
{
    if (!name || !model_format_parse(name, &p->options.format))
        mistake(p, "format", NULL, "enum", "Input should be 'stl', 'obj', 'glb' or 'ply'");
}

/* ---- JSON ---- */

static void json_range(struct params *p, const struct range *range, const char *outer, const json_t *value)
{
    if (json_is_integer(value))
        set_range(p, range, outer, json_integer_value(value));
    else
        mistake(p, outer ? outer : range->name, outer ? range->name : NULL, "int_type",
                "Input should be a valid integer");
}

static void read_dimensions(struct params *p, const json_t *dimensions)
{
    if (!json_is_object(dimensions)) {
        mistake(p, "dimensions", NULL, "dict_type", "Input should be an object of width, height and depth");
        return;
    }
    for (int i = 0; i < RANGE_COUNT; i++) {
        if (!RANGES[i].dimension)
            continue;
        const json_t *value = json_object_get(dimensions, RANGES[i].name);
        if (value)
            json_range(p, &RANGES[i], "dimensions", value);
        else
            mistake(p, "dimensions", RANGES[i].name, "missing", "Field required");
    }
}

static void read_job_id(struct params *p, const json_t *id)
{
    if (!id)
        mistake(p, "job_id", NULL, "missing", "Field required");
    else if (!json_is_string(id) || !uuid_parse(json_string_value(id), json_string_length(id), &p->job_id))
        mistake(p, "job_id", NULL, "uuid_parsing", "Input should be a job_id as upload-image returns it");
}

/* NULL when it is no object. */
static json_t *load_object(struct params *p, const char *text, size_t len)
{
    json_error_t error;
    if (json_deeper_than(text, len, PARAMS_JSON_DEPTH)) {
        mistake(p, "body", NULL, "json_invalid", "nested deeper than %d", PARAMS_JSON_DEPTH);
        return NULL;
    }
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(root))
        return root;
    mistake(p, "body", NULL, "json_invalid", "%s", root ? "Input should be an object" : error.text);
    json_decref(root);
    return NULL;
}

static void read_options(struct params *p, const json_t *root)
{
    const json_t *value = json_object_get(root, "format");
    if (value)
        set_format(p, json_string_value(value));
    value = json_object_get(root, "quality");
    if (value)
        json_range(p, &RANGES[0], NULL, value);
    value = json_object_get(root, "dimensions");
    if (value && !json_is_null(value))
        read_dimensions(p, value);
}

void params_from_json(struct params *p, const char *text, size_t len)
{
    json_t *root = load_object(p, text, len);
    if (!root)
        return;
    read_job_id(p, json_object_get(root, "job_id"));
    read_options(p, root);
    json_decref(root);
}

static bool is_among(const struct uuid *ids, int count, const struct uuid *id)
{
    for (int i = 0; i < count; i++)
        if (memcmp(&ids[i], id, sizeof *id) == 0)
            return true;
    return false;
}

static int read_job_ids(struct params *p, const json_t *list, struct uuid ids[PARAM_JOBS_MAX])
{
    int count = 0;
    size_t size = json_array_size(list);
    if (size == 0 || size > PARAM_JOBS_MAX) {
        mistake(p, "job_ids", NULL, "list_type", "Input should be a list of 1 to %d job_ids", PARAM_JOBS_MAX);
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_string(id) || !uuid_parse(json_string_value(id), json_string_length(id), &ids[count]))
            mistake(p, "job_ids", NULL, "uuid_parsing",
                    "Input should be job_ids as upload-image returns them");
        else if (!is_among(ids, count, &ids[count]))
            count++;
    }
    return count;
}

int params_from_batch_json(struct params *p, const char *text, size_t len, struct uuid ids[PARAM_JOBS_MAX])
{
    json_t *root = load_object(p, text, len);
    if (!root)
        return 0;
    int count = read_job_ids(p, json_object_get(root, "job_ids"), ids);
    read_options(p, root);
    json_decref(root);
    return count;
}

/* ---- form ---- */

bool params_has_field(const char *name)
{
    for (int i = 0; i < RANGE_COUNT; i++)
        if (strcmp(name, RANGES[i].name) == 0)
            return true;
    return strcmp(name, "format") == 0;
}

void params_from_field(struct params *p, const char *name, const char *value)
{
    if (strcmp(name, "format") == 0)
        set_format(p, value);
    for (int i = 0; i < RANGE_COUNT; i++) {
        if (strcmp(name, RANGES[i].name) != 0)
            continue;
        char *end;
        errno = 0;
        long long number = strtoll(value, &end, 10);
        if (end == value || *end || errno)
            mistake(p, RANGES[i].name, NULL, "int_parsing", "Input should be a valid integer");
        else
            set_range(p, &RANGES[i], NULL, number);
    }
}

static const struct {
    const char *name;
    int quality;
} QUALITIES[] = {{"low", 4}, {"medium", 7}, {"high", 10}};

static const struct range BATCH_SIZE = {.name = "batch_size", .low = 1, .high = 64};

bool params_has_batch_field(const char *name)
{
    return strcmp(name, "format_type") == 0 || strcmp(name, "quality") == 0 ||
           strcmp(name, BATCH_SIZE.name) == 0;
}

static void check_batch_size(struct params *p, const char *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || errno || number < BATCH_SIZE.low || number > BATCH_SIZE.high)
        mistake(p, BATCH_SIZE.name, NULL, "int_parsing", "Input should be an integer from %d to %d",
                BATCH_SIZE.low, BATCH_SIZE.high);
}

void params_from_batch_field(struct params *p, const char *name, const char *value)
{
    if (strcmp(name, "format_type") == 0)
        set_format(p, value);
    else if (strcmp(name, BATCH_SIZE.name) == 0)
        check_batch_size(p, value);
    if (strcmp(name, "quality") != 0)
        return;
    for (size_t i = 0; i < sizeof QUALITIES / sizeof QUALITIES[0]; i++)
        if (strcmp(value, QUALITIES[i].name) == 0) {
            p->options.quality = QUALITIES[i].quality;
            return;
        }
    params_from_field(p, name, value);
}

/* ---- answers ---- */

void params_write_mistakes(const struct params *p, struct buf *out)
{
    json_open(out, NULL, '{');
    json_text(out, "error", "Invalid request parameters");
    json_open(out, "details", '[');
    for (int i = 0; i < p->mistake_count; i++) {
        const struct param_mistake *m = &p->mistakes[i];
        json_open(out, NULL, '{');
        json_open(out, "loc", '[');
        for (int k = 0; k < 2 && m->loc[k]; k++)
            json_text(out, NULL, m->loc[k]);
        json_close(out, ']');
        json_text(out, "msg", m->message);
        json_text(out, "type", m->type);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}

void params_write_dimensions(const struct generator_options *options, struct buf *out)
{
    json_open(out, "dimensions", '{');
    json_int(out, "width", options->width);
    json_int(out, "height", options->height);
    json_int(out, "depth", options->depth);
    json_close(out, '}');
}
