#include "test.h"
#include "container.h"
#include "world.h"

#include "png_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A file of its own for the text of a scenario or workflow; `name` is a template of mkstemps(). */
static void write_text(char *name, const char *text)
{
    int fd = mkstemps(name, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static struct plan *load(const char *scenario, const char *workflow, const struct plan_setting *settings,
                         int count)
{
    char file[] = "/tmp/orfeas-world-XXXXXX.yaml";
    bool is_text = scenario && strchr(scenario, '\n');
    if (is_text)
        write_text(file, scenario);
    struct diag_list diags;
    struct buf text;
    struct plan_options options = {.time_scale = 1,
                                   .share_dir = SOURCE_ROOT,
                                   .workflow = workflow,
                                   .settings = settings,
                                   .setting_count = count};
    diag_init(&diags);
    buf_init(&text, 1 << 20);
    struct plan *plan = plan_load(is_text ? file : scenario, &options, &diags);
    if (is_text)
        unlink(file);
    diag_write(&diags, &text);
    if (!plan)
        fail_msg("%s", buf_text(&text));
    buf_finish(&text);
    diag_finish(&diags);
    return plan;
}

/* A grey picture of 32x1 pixels. */
static void make_payload(struct world *w)
{
    uint8_t rgba[32 * 4];
    struct picture p = {.width = 32, .height = 1, .rgba = rgba};
    struct buf png;
    char error[PAYLOAD_ERROR_TEXT];
    memset(rgba, 128, sizeof rgba);
    buf_init(&png, 1 << 20);
    assert_true(png_write(&p, 1, &png));
    assert_true(payload_init(&w->payload, png.bytes, png.len, true, error));
    buf_finish(&png);
}

/* The workflow and the engine; the loop and the payload are there. */
static void begin(struct world *w, const char *scenario, const char *workflow, uint64_t seed,
                  const struct plan_setting *settings, int count)
{
    char file[4096], own[] = "/tmp/orfeas-world-XXXXXX.yaml";
    bool is_text = strchr(workflow, '\n');
    snprintf(file, sizeof file, "%s/tests/engine/%s", SOURCE_ROOT, workflow);
    if (is_text)
        write_text(own, workflow);
    w->plan = load(scenario, is_text ? own : strstr(workflow, ".yaml") ? file : workflow, settings, count);
    if (is_text)
        unlink(own);
    progress_init(&w->progress, 1);
    struct engine_config config = {.loop = w->loop,
                                   .workers = 1,
                                   .plan = w->plan,
                                   .target = {.authority = "sim", .prefix = "", .headers = ""},
                                   .payloads = &w->payload,
                                   .payload_count = w->target ? 1 : 0,
                                   .seed = seed,
                                   .record = &w->record,
                                   .progress = &w->progress};
    w->engine = engine_create(&config);
    assert_non_null(w->engine);
}

void world_init_with(struct world *w, const char *scenario, const char *workflow,
                     const struct sim_target *target, uint64_t seed, const struct plan_setting *settings,
                     int count)
{
    *w = (struct world){.target = calloc(1, sizeof *target)};
    assert_non_null(w->target);
    *w->target = *target;
    sim_target_init(w->target);
    w->loop = w->target->loop;
    make_payload(w);
    begin(w, scenario, workflow ? workflow : "exact.yaml", seed, settings, count);
}

void world_init(struct world *w, const char *scenario, const struct sim_target *target, uint64_t seed,
                const struct plan_setting *settings, int count)
{
    world_init_with(w, scenario, NULL, target, seed, settings, count);
}

void world_init_plain(struct world *w, const char *scenario, const char *workflow,
                      const struct sim_plain *plain, uint64_t seed)
{
    *w = (struct world){.plain = calloc(1, sizeof *plain)};
    assert_non_null(w->plain);
    *w->plain = *plain;
    sim_plain_init(w->plain);
    w->loop = w->plain->loop;
    begin(w, scenario, workflow ? workflow : "get", seed, NULL, 0);
}

void world_init_served(struct world *w, const char *scenario, const char *workflow, struct loop *loop)
{
    *w = (struct world){.loop = loop};
    begin(w, scenario, workflow, 1, NULL, 0);
}

/* ---- playing ---- */

static void on_command(struct timer *timer)
{
    struct world *w = CONTAINER(struct world, command_timer, timer);
    w->command(w->engine);
}

void world_run_with(struct world *w, nsec at, void (*command)(struct engine *e))
{
    w->command_timer = (struct timer){.fire = on_command};
    w->command = command;
    timer_set(w->loop, &w->command_timer, loop_now(w->loop) + at);
    world_run(w);
}

void world_run(struct world *w)
{
    assert_true(engine_run(w->engine));
    assert_false(loop_sim_stalled(w->loop));
    const char *broken = record_check(&w->record);
    if (broken)
        fail_msg("law: %s", broken);
}

void world_finish(struct world *w)
{
    engine_destroy(w->engine);
    progress_finish(&w->progress);
    record_finish(&w->record);
    plan_free(w->plan);
    if (w->target) {
        payload_finish(&w->payload);
        sim_target_finish(w->target);
    } else if (w->plain) {
        sim_plain_finish(w->plain);
    }
    free(w->target);
    free(w->plain);
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
