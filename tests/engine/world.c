#include "test.h"
#include "world.h"

#include "picture_draw.h"
#include "png_write.h"

#include <stdio.h>
#include <stdlib.h>

static struct plan *load(const char *scenario, const char *workflow, const struct plan_setting *settings, int count)
{
    struct diag_list diags;
    struct buf text;
    struct plan_options options = {.time_scale = 1,
                                   .share_dir = SOURCE_ROOT,
                                   .workflow = workflow,
                                   .settings = settings,
                                   .setting_count = count};
    diag_init(&diags);
    buf_init(&text, 1 << 20);
    struct plan *plan = plan_load(scenario, &options, &diags);
    diag_write(&diags, &text);
    if (!plan)
        fail_msg("%s", buf_text(&text));
    buf_finish(&text);
    diag_finish(&diags);
    return plan;
}

/* A picture of 64x64 pixels. */
static void make_payload(struct world *w)
{
    struct picture p;
    struct buf png;
    char error[PAYLOAD_ERROR_TEXT];
    picture_draw(&p, 64, 1);
    buf_init(&png, 1 << 20);
    assert_true(png_write(&p, 1, &png));
    assert_true(payload_init(&w->payload, png.bytes, png.len, true, error));
    picture_finish(&p);
    buf_finish(&png);
}

void world_init_with(struct world *w, const char *scenario, const char *workflow, const struct sim_target *target,
                     uint64_t seed, const struct plan_setting *settings, int count)
{
    char file[4096];
    *w = (struct world){.target = calloc(1, sizeof *target)};
    *w->target = *target;
    sim_target_init(w->target);
    const char *chosen = workflow ? workflow : "exact.yaml";
    snprintf(file, sizeof file, "%s/tests/engine/%s", SOURCE_ROOT, chosen);
    w->plan = load(scenario, strstr(chosen, ".yaml") ? file : chosen, settings, count);
    make_payload(w);
    progress_init(&w->progress, 1);
    struct engine_config config = {.loop = w->target->loop,
                                   .workers = 1,
                                   .plan = w->plan,
                                   .target = {.authority = "sim", .prefix = "", .headers = ""},
                                   .payloads = &w->payload,
                                   .payload_count = 1,
                                   .seed = seed,
                                   .record = &w->record,
                                   .progress = &w->progress};
    w->engine = engine_create(&config);
}

void world_init(struct world *w, const char *scenario, const struct sim_target *target, uint64_t seed,
                const struct plan_setting *settings, int count)
{
    world_init_with(w, scenario, NULL, target, seed, settings, count);
}

void world_run(struct world *w)
{
    assert_true(engine_run(w->engine));
    assert_false(loop_sim_stalled(w->target->loop));
    const char *broken = record_check(&w->record);
    if (broken)
        fail_msg("law: %s", broken);
}

void world_finish(struct world *w)
{
    engine_destroy(w->engine);
    progress_finish(&w->progress);
    record_finish(&w->record);
    payload_finish(&w->payload);
    plan_free(w->plan);
    sim_target_finish(w->target);
    free(w->target);
}

int count_outcome(const struct record *r, enum job_outcome outcome)
{
    int count = 0;
    for (int i = 0; i < r->job_count; i++)
        count += r->jobs[i]->outcome == outcome;
    return count;
}

int count_fail(const struct record *r, enum fail_kind fail)
{
    int count = 0;
    for (int i = 0; i < r->job_count; i++)
        count += r->jobs[i]->fail == fail;
    return count;
}

struct progress_view progress_of(const struct world *w)
{
    struct progress_view v;
    progress_read(&w->progress, &v);
    return v;
}
