#include "profile.h"

#include "file.h"
#include "rng.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum { FILE_MAX = 64 << 10 };

struct reader {
    yaml_document_t doc;
    const char *file;
    struct diag_list *diags;
};

/* One key of a mapping: where its value goes. `field` is the offset in the struct that the mapping fills. */
struct key {
    const char *name;
    void (*read)(struct reader *r, yaml_node_t *value, void *field);
    size_t field;
    bool required;
};

static void complain(struct reader *r, const yaml_node_t *at, const char *hint, const char *what,
                     const char *which)
{
    diag_add(r->diags, r->file, (int)at->start_mark.line + 1, (int)at->start_mark.column + 1, hint, "%s%s",
             what, which);
}

static const char *scalar(struct reader *r, const yaml_node_t *value, const char *what)
{
    if (value->type == YAML_SCALAR_NODE)
        return (const char *)value->data.scalar.value;
    complain(r, value, NULL, "expected ", what);
    return NULL;
}

static void read_name(struct reader *r, yaml_node_t *value, void *field)
{
    const char *text = scalar(r, value, "a name");
    if (!text)
        return;
    size_t len = strlen(text);
    if (len == 0 || len > PROFILE_NAME_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len)
        complain(r, value, "lower-case letters, digits, '-' and '_', at most 47",
                 "not a usable name: ", text);
    else
        memcpy(field, text, len + 1);
}

static void read_duration(struct reader *r, yaml_node_t *value, void *field)
{
    const char *text = scalar(r, value, "a duration");
    if (text && !duration_parse(text, strlen(text), field))
        complain(r, value, "a number and a unit, as in 250ms, 22s, 1m30s", "not a duration: ", text);
}

static void read_number(struct reader *r, yaml_node_t *value, void *field)
{
    const char *text = scalar(r, value, "a number");
    if (!text)
        return;
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !(number >= 0 && number <= 1e9))
        complain(r, value, NULL, "not a number from 0 to 1000000000: ", text);
    else
        *(double *)field = number;
}

static void read_covers(struct reader *r, yaml_node_t *value, void *field)
{
    const char *text = scalar(r, value, "a stage of the generator");
    if (!text)
        return;
    for (int i = 0; i < GENERATOR_STAGES; i++)
        if (strcmp(text, generator_stage_name((enum generator_stage)i)) == 0) {
            *(int *)field = i;
            return;
        }
    complain(r, value,
             "image_loading, image_preprocessing, shape_generation, texture_synthesis or mesh_export",
             "the generator has no stage ", text);
}

static void read_nothing(struct reader *r, yaml_node_t *value, void *field)
{
    (void)field;
    scalar(r, value, "a text");
}

static void read_mapping(struct reader *r, yaml_node_t *node, const struct key *keys, int count, void *into)
{
    if (node->type != YAML_MAPPING_NODE) {
        complain(r, node, NULL, "expected a mapping", "");
        return;
    }
    unsigned seen = 0;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *name = yaml_document_get_node(&r->doc, pair->key);
        yaml_node_t *value = yaml_document_get_node(&r->doc, pair->value);
        const char *text = scalar(r, name, "a key");
        int i = 0;
        while (text && i < count && strcmp(text, keys[i].name) != 0)
            i++;
        if (text && i == count)
            complain(r, name, NULL, "unknown key ", text);
        else if (text && seen >> i & 1)
            complain(r, name, NULL, "a second time the key ", text);
        else if (text) {
            seen |= 1u << i;
            keys[i].read(r, value, (char *)into + keys[i].field);
        }
    }
    for (int i = 0; i < count; i++)
        if (keys[i].required && !(seen >> i & 1))
            complain(r, node, NULL, "a missing key: ", keys[i].name);
}

static void read_stages(struct reader *r, yaml_node_t *value, void *field)
{
    static const struct key KEYS[] = {
        {"name", read_name, offsetof(struct profile_stage, name), true},
        {"covers", read_covers, offsetof(struct profile_stage, covers), false},
        {"mean", read_duration, offsetof(struct profile_stage, mean), true},
        {"sd", read_duration, offsetof(struct profile_stage, sd), false},
    };
    struct profile *p = field;
    if (value->type != YAML_SEQUENCE_NODE) {
        complain(r, value, NULL, "expected a list of stages", "");
        return;
    }
    for (yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top;
         item++) {
        yaml_node_t *node = yaml_document_get_node(&r->doc, *item);
        if (p->stage_count == PROFILE_STAGES_MAX) {
            complain(r, node, NULL, "more than 16 stages", "");
            return;
        }
        struct profile_stage *stage = &p->stages[p->stage_count++];
        stage->covers = -1;
        read_mapping(r, node, KEYS, sizeof KEYS / sizeof KEYS[0], stage);
    }
    if (p->stage_count == 0)
        complain(r, value, NULL, "a profile needs a stage", "");
}

static void read_gpu(struct reader *r, yaml_node_t *value, void *field)
{
    static const struct key KEYS[] = {
        {"total_mb", read_number, offsetof(struct profile_gpu, total_mb), true},
        {"base_mb", read_number, offsetof(struct profile_gpu, base_mb), true},
        {"job_mb", read_number, offsetof(struct profile_gpu, job_mb), true},
        {"share", read_number, offsetof(struct profile_gpu, share), true},
    };
    struct profile_gpu *gpu = field;
    gpu->present = true;
    read_mapping(r, value, KEYS, sizeof KEYS / sizeof KEYS[0], gpu);
    if (gpu->share > 1 || gpu->base_mb > gpu->share * gpu->total_mb)
        complain(r, value, "share is at most 1, and base_mb lies below share * total_mb",
                 "no memory is left for jobs", "");
}

static void read_profile(struct reader *r, yaml_node_t *root, struct profile *ret)
{
    static const struct key KEYS[] = {
        {"profile", read_name, offsetof(struct profile, name), true},   {"about", read_nothing, 0, false},
        {"load", read_duration, offsetof(struct profile, load), false}, {"stages", read_stages, 0, true},
        {"gpu", read_gpu, offsetof(struct profile, gpu), false},
    };
    read_mapping(r, root, KEYS, sizeof KEYS / sizeof KEYS[0], ret);
    if (ret->stage_count) /* a job has not ended before its model exists */
        ret->stages[ret->stage_count - 1].covers = STAGE_MESH_EXPORT;
    for (int i = 0, highest = -1; i < ret->stage_count; i++) {
        int covers = ret->stages[i].covers;
        if (covers >= 0 && covers < highest)
            complain(r, root, NULL, "stages cover the generator's out of order: ", ret->stages[i].name);
        highest = covers > highest ? covers : highest;
    }
}

bool profile_parse(const char *text, size_t len, const char *file, struct profile *ret,
                   struct diag_list *diags)
{
    *ret = (struct profile){0};
    struct reader r = {.file = file, .diags = diags};
    int before = diags->count;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    if (!yaml_parser_load(&parser, &r.doc)) {
        diag_add(diags, file, (int)parser.problem_mark.line + 1, (int)parser.problem_mark.column + 1, NULL,
                 "not YAML: %s", parser.problem ? parser.problem : "out of memory");
    } else {
        yaml_node_t *root = yaml_document_get_root_node(&r.doc);
        if (root)
            read_profile(&r, root, ret);
        else
            diag_add(diags, file, 1, 1, NULL, "the file is empty");
        yaml_document_delete(&r.doc);
    }
    yaml_parser_delete(&parser);
    return diags->count == before;
}

static bool exists(char *path, const char *dir, const char *name)
{
    int len = snprintf(path, PATH_MAX, "%s/profiles/%s.yaml", dir, name);
    return len < PATH_MAX && access(path, R_OK) == 0;
}

/* The program runs from build/ or from deeper inside it; the tree's root is up to three folders above. */
static bool find_in_tree(char *path, const char *name)
{
    char dir[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", dir, sizeof dir - 1);
    if (len < 0)
        return false;
    dir[len] = '\0';
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(dir, '/');
        if (!slash)
            return false;
        *slash = '\0';
        if (up > 0 && exists(path, dir, name))
            return true;
    }
    return false;
}

static bool find(const char *name, char *path)
{
    size_t len = strlen(name);
    if (strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".yaml") == 0))
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    const char *share = getenv("ORFEAS_SHARE");
    return (share && *share && exists(path, share, name)) || find_in_tree(path, name) ||
           exists(path, ORFEAS_DATADIR, name);
}

bool profile_load(const char *name, struct profile *ret, struct diag_list *diags)
{
    char path[PATH_MAX];
    if (!find(name, path)) {
        diag_add(diags, "", 0, 0, "the shipped one is hunyuan3d; a file is given with its .yaml",
                 "no profile \"%s\"", name);
        return false;
    }
    struct buf text;
    buf_init(&text, FILE_MAX);
    int error = file_read(path, &text);
    bool ok = false;
    if (error)
        diag_add(diags, path, 0, 0, NULL, "cannot be read: %s", strerror(error));
    else
        ok = profile_parse(buf_text(&text), text.len, path, ret, diags);
    buf_finish(&text);
    return ok;
}

void profile_draw(const struct profile *p, uint64_t seed, uint64_t job, double time_scale,
                  nsec ends[PROFILE_STAGES_MAX])
{
    struct rng rng;
    rng_init(&rng, seed, job);
    double at = 0;
    for (int i = 0; i < p->stage_count; i++) {
        double z = rng_normal(&rng);
        z = z < -4 ? -4 : z > 4 ? 4 : z;
        double lasts = nsec_to_sec(p->stages[i].mean) + z * nsec_to_sec(p->stages[i].sd);
        at += lasts > 0 ? lasts / time_scale : 0;
        ends[i] = nsec_from_sec(at);
    }
}
