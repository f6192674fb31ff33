#include "generator.h"
#include "arena.h"
#include "grid.h"
#include "mesher.h"
#include "multigrid.h"
#include "picture.h"
#include "poisson.h"
#include "segment.h"
#include "texture.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_CYCLES = 20, MIN_ARENA = 1024 * 1024 };

#define MAX_ARENA ((size_t)1024 * 1024 * 1024)
#define MAX_TEXTURE ((size_t)16 * 1024 * 1024)

static const double solved = 1e-3; /* residual: beyond it z no longer changes to the eye */
/* What a picture's own alpha shows is meant, however small, so of that next to nothing may be lost. Noise
 * that is taken for the object may be. */
static const struct grid_losses drawn = {.each = 1e-3, .together = 5e-3};
static const struct grid_losses found = {.each = 1e-3, .together = 5e-2};

struct generator {
    struct arena arena; /* one job's; a single block once the largest job has been seen */
    struct buf texture;
    generator_load *load; /* NULL: in this thread */
    void *load_context;
};

static const char *const stage_names[GENERATOR_STAGES] = {
    [STAGE_IMAGE_LOADING] = "image_loading",       [STAGE_IMAGE_PREPROCESSING] = "image_preprocessing",
    [STAGE_SHAPE_GENERATION] = "shape_generation", [STAGE_TEXTURE_SYNTHESIS] = "texture_synthesis",
    [STAGE_MESH_EXPORT] = "mesh_export",
};

const char *generator_stage_name(enum generator_stage stage)
{
    return stage_names[stage];
}

const char *generator_error_name(enum generator_error error)
{
    static const char *const names[] = {[GENERATOR_OK] = "ok",
                                        [GENERATOR_BAD_IMAGE] = "bad_image",
                                        [GENERATOR_NO_FOREGROUND] = "no_foreground",
                                        [GENERATOR_TOO_LARGE] = "too_large",
                                        [GENERATOR_CANCELLED] = "cancelled",
                                        [GENERATOR_DECODER] = "decoder"};
    return names[error];
}

struct generator *generator_create(void)
{
    struct generator *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    arena_init(&g->arena, "generator", MAX_ARENA);
    buf_init(&g->texture, MAX_TEXTURE);
    return g;
}

void generator_destroy(struct generator *g)
{
    if (!g)
        return;
    arena_finish(&g->arena);
    buf_finish(&g->texture);
    free(g);
}

void generator_set_load(struct generator *g, generator_load *load, void *context)
{
    g->load = load;
    g->load_context = context;
}

size_t generator_held_bytes(const struct generator *g)
{
    return g->arena.held_bytes + g->texture.capacity;
}

/* One job on its way through the stages. */
struct job {
    struct generator *generator;
    const struct generator_options *options;
    struct generator_result *ret;
    generator_progress *progress;
    void *context;
    enum generator_stage stage;
    struct picture picture;
    struct grid grid;
    struct poisson poisson;
    struct multigrid multigrid;
    struct mesher_shape shape;
};

static nsec cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (nsec)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static bool report(struct job *j, double fraction)
{
    return !j->progress || j->progress(j->context, j->stage, fraction);
}

static enum generator_error fail(struct job *j, enum generator_error error, const char *why)
{
    snprintf(j->ret->message, sizeof j->ret->message, "%s", why);
    return error;
}

static enum generator_error cancelled(struct job *j)
{
    return fail(j, GENERATOR_CANCELLED, "cancelled");
}

static enum generator_error load_here(const void *image, size_t len, struct picture *ret, char *why)
{
    if (picture_decode(image, len, &picture_default_limits, ret, why))
        return GENERATOR_OK;
    return picture_is_too_large(image, len, &picture_default_limits) ? GENERATOR_TOO_LARGE
                                                                     : GENERATOR_BAD_IMAGE;
}

static enum generator_error load(struct job *j, const void *image, size_t len)
{
    const struct generator *g = j->generator;
    char why[PICTURE_ERROR_TEXT] = "";
    enum generator_error error = g->load ? g->load(g->load_context, image, len, &j->picture, why)
                                         : load_here(image, len, &j->picture, why);
    if (!error)
        return GENERATOR_OK;
    j->picture = (struct picture){0};
    return fail(j, error, why);
}

static enum generator_error preprocess(struct job *j)
{
    struct arena *arena = &j->generator->arena;
    struct segment_result segment;
    bool is_object = segment_run(&j->picture, arena, &segment);
    j->ret->segmentation = segment.method;
    j->ret->confidence = segment.confidence;
    if (!is_object)
        return fail(j, GENERATOR_NO_FOREGROUND, segment.why);
    arena_reset(arena);
    if (!report(j, 0.5))
        return cancelled(j);
    grid_init(&j->grid, arena, &j->picture, j->options->quality);
    j->ret->grid = j->grid.longer;
    if (!grid_clean(&j->grid, arena, segment.is_drawn ? &drawn : &found))
        return fail(j, GENERATOR_NO_FOREGROUND,
                    "the object is too thin for this quality: no node lies inside it");
    return GENERATOR_OK;
}

/* Cycles until the residual is small; the share of its way there, on a log scale, is the progress. A solution
 * that is not there by MAX_CYCLES is used as it is: the mesh is valid with any heights. */
static bool solve(struct job *j)
{
    double fraction = 0;
    for (int cycle = 0; cycle < MAX_CYCLES; cycle++) {
        double residual = multigrid_cycle(&j->multigrid);
        if (residual < solved)
            return true;
        fraction = fmax(fraction, fmin(1, log(residual) / log(solved)));
        if (!report(j, 0.8 * fraction))
            return false;
    }
    return true;
}

static enum generator_error make_shape(struct job *j)
{
    struct arena *arena = &j->generator->arena;
    const struct grid *g = &j->grid;
    poisson_init(&j->poisson, arena, g->w, g->h, g->alpha, g->rule, 0);
    multigrid_init(&j->multigrid, arena, &j->poisson);
    if (!solve(j))
        return cancelled(j);
    const struct mesher_grid nodes = {
        .w = g->w, .h = g->h, .alpha = g->alpha, .rule = g->rule, .u = multigrid_solution(&j->multigrid)};
    mesher_build(&j->shape, arena, &nodes);
    if (!report(j, 0.9))
        return cancelled(j);
    if (j->options->format != MODEL_STL)
        mesher_add_normals(&j->shape, arena, &nodes);
    if (j->options->format == MODEL_GLB)
        mesher_add_uv(&j->shape, arena, (const double[2]){g->origin, g->origin},
                      (const double[2]){g->cell / j->picture.width, g->cell / j->picture.height});
    mesher_fit(&j->shape, (const double[3]){j->options->width, j->options->height, j->options->depth});
    j->ret->vertices = j->shape.mesh.vertex_count;
    j->ret->triangles = j->shape.mesh.triangle_count;
    return GENERATOR_OK;
}

static bool report_texture(void *context, double fraction)
{
    return report(context, fraction);
}

static enum generator_error make_texture(struct job *j)
{
    struct arena *arena = &j->generator->arena;
    struct texture texture;
    buf_clear(&j->generator->texture);
    if (j->options->format == MODEL_STL)
        return GENERATOR_OK;
    texture_init(&texture, arena, &j->picture, &j->grid);
    if (j->options->format != MODEL_GLB)
        texture_colour_mesh(&texture, arena, &j->shape.mesh, j->shape.node);
    else if (!texture_write_jpeg(&texture, arena, report_texture, j, &j->generator->texture))
        return j->generator->texture.failed ? fail(j, GENERATOR_TOO_LARGE, "the texture is too large")
                                            : cancelled(j);
    return GENERATOR_OK;
}

static enum generator_error export(struct job *j, struct buf *model) {
    const struct buf *bytes = &j->generator->texture;
    const struct model_texture texture = {.bytes = bytes->bytes, .len = bytes->len, .mime = "image/jpeg"};
    if (model_write(&j->shape.mesh, j->options->format, bytes->len ? &texture : NULL,
                    model)) return GENERATOR_OK;
    return fail(j, GENERATOR_TOO_LARGE, "the model is larger than its buffer may become");
}

static enum generator_error run_stage(struct job *j, const void *image, size_t len, struct buf *model)
{
    switch (j->stage) {
    case STAGE_IMAGE_LOADING:
        return load(j, image, len);
    case STAGE_IMAGE_PREPROCESSING:
        return preprocess(j);
    case STAGE_SHAPE_GENERATION:
        return make_shape(j);
    case STAGE_TEXTURE_SYNTHESIS:
        return make_texture(j);
    case STAGE_MESH_EXPORT:
        return export(j, model);
    case GENERATOR_STAGES:
        break;
    }
    return GENERATOR_OK;
}

/* Memory has to stay flat over jobs of any sizes, so a job that grew the arena leaves one block behind that
 * would have held it whole: the blocks only ever double, and a job that fits allocates nothing. */
static void settle(struct arena *a, size_t held_before)
{
    if (a->held_bytes == held_before) {
        arena_reset(a);
        return;
    }
    size_t bytes = MIN_ARENA;
    while (bytes < a->held_bytes)
        bytes *= 2;
    arena_finish(a);
    arena_alloc(a, bytes < a->max_bytes ? bytes : a->max_bytes, 1);
    arena_reset(a);
}

enum generator_error generator_run(struct generator *g, const void *image, size_t image_len,
                                   const struct generator_options *options, generator_progress *progress,
                                   void *context, struct buf *model, struct generator_result *ret)
{
    assert(options->quality >= 1 && options->quality <= 10);
    assert(options->width > 0 && options->height > 0 && options->depth > 0);
    *ret = (struct generator_result){.segmentation = ""};
    struct job j = {.generator = g, .options = options, .ret = ret, .progress = progress, .context = context};
    enum generator_error error = GENERATOR_OK;
    size_t held = g->arena.held_bytes, model_before = model->len;
    for (int stage = 0; stage < GENERATOR_STAGES && error == GENERATOR_OK; stage++) {
        j.stage = (enum generator_stage)stage;
        nsec start = cpu_now();
        error = report(&j, 0) ? run_stage(&j, image, image_len, model) : cancelled(&j);
        ret->stage_cpu[stage] = cpu_now() - start;
        if (error == GENERATOR_OK && !report(&j, 1))
            error = cancelled(&j);
    }
    if (error != GENERATOR_OK && model->len > model_before) {
        model->len = model_before;
        model->bytes[model_before] = '\0';
    }
    picture_finish(&j.picture);
    settle(&g->arena, held);
    return error;
}
