#include "profile.h"

#include "conf.h"
#include "rng.h"
#include "share.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const nsec LONGEST = 24 * 3600 * NSEC_PER_SEC;
static const double MOST_MEGABYTES = 1e9;

static const char STAGE_HINT[] = "{name: shape_diffusion, mean: 22s, sd: 600ms, covers: shape_generation}";

static void keep_text(const struct conf_node *n, struct diag_list *diags, const char *text,
                      char ret[PROFILE_NAME_MAX + 1])
{
    if (strlen(text) > PROFILE_NAME_MAX)
        conf_error(n, diags, NULL, "longer than %d characters", PROFILE_NAME_MAX);
    else
        memcpy(ret, text, strlen(text) + 1);
}

static void read_name(const struct conf_node *n, struct diag_list *diags, char ret[PROFILE_NAME_MAX + 1])
{
    const char *text = "";
    if (conf_name(n, diags, &text))
        keep_text(n, diags, text, ret);
}

static void read_stage(const struct conf_node *n, struct diag_list *diags, struct profile_stage *ret)
{
    static const struct conf_key KEYS[] = {
        {"name", "name: shape_diffusion", true},
        {"mean", "mean: 22s", true},
        {"sd", "sd: 600ms", false},
        {"first", "first: 85s", false},
        {"covers", "covers: shape_generation", false},
    };
    const char *covers[GENERATOR_STAGES];
    for (int i = 0; i < GENERATOR_STAGES; i++)
        covers[i] = generator_stage_name((enum generator_stage)i);
    ret->covers = -1;
    if (!conf_expect_kind(n, CONF_MAPPING, STAGE_HINT, diags) ||
        !conf_expect_keys(n, KEYS, sizeof KEYS / sizeof KEYS[0], diags))
        return;
    read_name(conf_get(n, "name"), diags, ret->name);
    conf_duration(conf_get(n, "mean"), diags, 0, LONGEST, &ret->mean);
    conf_duration(conf_get(n, "sd"), diags, 0, LONGEST, &ret->sd);
    conf_duration(conf_get(n, "first"), diags, 0, LONGEST, &ret->first);
    conf_choice(conf_get(n, "covers"), diags, covers, GENERATOR_STAGES, &ret->covers);
}

/* The real work is done in one order; a profile cannot wait for a later part of it before an earlier one. */
static void check_order(const struct conf_node *stages, struct diag_list *diags, struct profile *p)
{
    p->stages[p->stage_count - 1].covers =
        STAGE_MESH_EXPORT; /* a job has not ended before its model exists */
    const struct conf_node *n = stages->first;
    for (int i = 0, highest = -1; i < p->stage_count; i++, n = n->next) {
        if (p->stages[i].covers >= 0 && p->stages[i].covers < highest)
            conf_error(n, diags, NULL, "a stage before it covers later work already");
        highest = p->stages[i].covers > highest ? p->stages[i].covers : highest;
    }
}

static void read_stages(const struct conf_node *n, struct diag_list *diags, struct profile *p)
{
    if (!n || !conf_expect_kind(n, CONF_SEQUENCE, STAGE_HINT, diags))
        return;
    if (n->count == 0 || n->count > PROFILE_STAGES_MAX) {
        conf_error(n, diags, NULL, "from 1 to %d stages", PROFILE_STAGES_MAX);
        return;
    }
    for (const struct conf_node *item = n->first; item; item = item->next)
        read_stage(item, diags, &p->stages[p->stage_count++]);
    check_order(n, diags, p);
}

static void read_card(const struct conf_node *n, struct diag_list *diags, char ret[PROFILE_NAME_MAX + 1])
{
    const char *text = "";
    if (conf_string(n, diags, &text))
        keep_text(n, diags, text, ret);
}

static void read_gpu(const struct conf_node *n, struct diag_list *diags, struct profile_gpu *ret)
{
    static const struct conf_key KEYS[] = {
        {"name", "name: NVIDIA GeForce RTX 3090", false},
        {"total_mb", "total_mb: 24576", true},
        {"base_mb", "base_mb: 4927", true},
        {"job_mb", "job_mb: 4096", true},
        {"share", "share: 0.8", true},
        {"full", "full: refuse", false},
    };
    if (!n ||
        !conf_expect_kind(n, CONF_MAPPING, "gpu: {total_mb: 24576, base_mb: 4927, job_mb: 4096, share: 0.8}",
                          diags) ||
        !conf_expect_keys(n, KEYS, sizeof KEYS / sizeof KEYS[0], diags))
        return;
    ret->present = true;
    if (conf_get(n, "name"))
        read_card(conf_get(n, "name"), diags, ret->name);
    bool ok = conf_number(conf_get(n, "total_mb"), diags, 0, MOST_MEGABYTES, &ret->total_mb);
    ok &= conf_number(conf_get(n, "base_mb"), diags, 0, MOST_MEGABYTES, &ret->base_mb);
    ok &= conf_number(conf_get(n, "job_mb"), diags, 0, MOST_MEGABYTES, &ret->job_mb);
    ok &= conf_number(conf_get(n, "share"), diags, 0, 1, &ret->share);
    static const char *const FULL[] = {"shrink", "refuse"};
    int full = 0;
    conf_choice(conf_get(n, "full"), diags, FULL, 2, &full);
    ret->refuse = full;
    if (ok && ret->base_mb > ret->share * ret->total_mb)
        conf_error(n, diags, "base_mb has to lie below share * total_mb", "no memory is left for jobs");
}

static bool read_profile(const struct conf_node *root, int before, struct diag_list *diags,
                         struct profile *ret)
{
    static const struct conf_key KEYS[] = {
        {"profile", "profile: hunyuan3d", true}, {"about", "about: one line", false},
        {"load", "load: 200ms", false},          {"stages", "stages: a list", true},
        {"gpu", "gpu: a mapping", false},        {"sharing", "sharing: 1", false},
    };
    *ret = (struct profile){0};
    if (!root)
        return false;
    if (conf_expect_kind(root, CONF_MAPPING, "profile: hunyuan3d", diags) &&
        conf_expect_keys(root, KEYS, sizeof KEYS / sizeof KEYS[0], diags)) {
        const char *about;
        read_name(conf_get(root, "profile"), diags, ret->name);
        conf_string(conf_get(root, "about"), diags, &about);
        conf_duration(conf_get(root, "load"), diags, 0, LONGEST, &ret->load);
        conf_number(conf_get(root, "sharing"), diags, 0, 1, &ret->sharing);
        read_stages(conf_get(root, "stages"), diags, ret);
        memcpy(ret->gpu.name, ret->name, sizeof ret->name);
        read_gpu(conf_get(root, "gpu"), diags, &ret->gpu);
    }
    return diags->count == before;
}

bool profile_parse(const char *text, size_t len, const char *file, struct profile *ret,
                   struct diag_list *diags)
{
    struct arena arena;
    arena_init(&arena, "profile", CONF_ARENA_BYTES);
    int before = diags->count;
    bool ok = read_profile(conf_parse(&arena, file, text, len, diags), before, diags, ret);
    arena_finish(&arena);
    return ok;
}

/* A path as it is; a name among the shipped ones. */
static bool find(const char *name, char path[SHARE_PATH])
{
    size_t len = strlen(name);
    if (strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".yaml") == 0))
        return snprintf(path, SHARE_PATH, "%s", name) < SHARE_PATH;
    char what[PROFILE_NAME_MAX + 20], dir[SHARE_PATH];
    if (snprintf(what, sizeof what, "profiles/%s.yaml", name) >= (int)sizeof what || !share_dir(what, dir))
        return false;
    return snprintf(path, SHARE_PATH, "%s/%s", dir, what) < SHARE_PATH;
}

bool profile_load(const char *name, struct profile *ret, struct diag_list *diags)
{
    char path[SHARE_PATH];
    if (!find(name, path)) {
        diag_add(diags, "", 0, 0,
                 "shipped are hunyuan3d, hunyuan3d-shared, hunyuan3d-cold and turbo; a file is given with "
                 "its .yaml",
                 "no profile \"%s\"", name);
        return false;
    }
    struct arena arena;
    arena_init(&arena, "profile", CONF_ARENA_BYTES);
    int before = diags->count;
    bool ok = read_profile(conf_load(&arena, path, diags), before, diags, ret);
    arena_finish(&arena);
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
        lasts += job == 0 ? nsec_to_sec(p->stages[i].first) : 0;
        at += lasts > 0 ? lasts / time_scale : 0;
        ends[i] = nsec_from_sec(at);
    }
}

void profile_stretch(const struct profile *p, nsec from, double factor, nsec ends[PROFILE_STAGES_MAX])
{
    for (int i = 0; i < p->stage_count; i++) {
        if (ends[i] <= from)
            continue;
        double end = (double)from + (double)(ends[i] - from) * factor;
        ends[i] = end < (double)PROFILE_END_MAX ? (nsec)llround(end) : PROFILE_END_MAX;
    }
}
