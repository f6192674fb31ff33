/*
 * generator - a picture in, a model out. The whole work of one job, on the calling thread.
 *
 * decode -> background -> shape -> mesh -> texture -> export. Deterministic: the same bytes for the same input and
 * options, whatever the thread. Knows nothing of HTTP, queues or files.
 */
#pragma once

#include "buf.h"
#include "clock.h"
#include "model_write.h"
#include "picture.h"

#include <stdbool.h>

enum generator_stage {
    STAGE_IMAGE_LOADING,       /* decode */
    STAGE_IMAGE_PREPROCESSING, /* background removal, resampling to the grid */
    STAGE_SHAPE_GENERATION,    /* inflation and mesh */
    STAGE_TEXTURE_SYNTHESIS,   /* colours; an encoded texture when the format takes one */
    STAGE_MESH_EXPORT,         /* the file's bytes */
    GENERATOR_STAGES
};

const char *generator_stage_name(enum generator_stage stage); /* "image_loading" ... */

struct generator_options {
    enum model_format format;
    int quality;                  /* 1 to 10 */
    int width, height, depth;     /* the box that the model must fit into, in millimetres; its proportions are kept */
};

enum generator_error { GENERATOR_OK, GENERATOR_BAD_IMAGE, GENERATOR_NO_FOREGROUND, GENERATOR_TOO_LARGE,
                       GENERATOR_CANCELLED, GENERATOR_DECODER /* who decodes failed, not the picture */ };
const char *generator_error_name(enum generator_error error); /* "bad_image", "no_foreground" ... */

struct generator_result {
    char message[200];            /* for people, when it failed */
    const char *segmentation;     /* "alpha" or "border" */
    double confidence;            /* 0 to 1, of the segmentation */
    int grid;                     /* nodes along the picture's longer side */
    int vertices, triangles;
    nsec stage_cpu[GENERATOR_STAGES]; /* CPU time of the calling thread */
};

/* Called between stages and during the long ones; false cancels. `fraction` in 0..1 of the stage, from counted work. */
typedef bool generator_progress(void *context, enum generator_stage stage, double fraction);

/* Scratch memory, kept from job to job so that a server's memory stays flat. One per thread. */
struct generator;
struct generator *generator_create(void);
void generator_destroy(struct generator *g);
/* Who turns the file's bytes into pixels, on the same thread, within picture_default_limits; without one it is
 * picture_decode(). On an error `why` (PICTURE_ERROR_TEXT bytes) says what was wrong. */
typedef enum generator_error generator_load(void *context, const void *image, size_t len, struct picture *ret,
                                            char *why);
void generator_set_load(struct generator *g, generator_load *load, void *context);
/* Bytes it holds between jobs. Grows with the largest job so far, in doublings, and never otherwise. */
size_t generator_held_bytes(const struct generator *g);

/* Appends the model file to `model`; after any error its content is as before. `progress` may be NULL. */
enum generator_error generator_run(struct generator *g, const void *image, size_t image_len,
                                   const struct generator_options *options, generator_progress *progress,
                                   void *context, struct buf *model, struct generator_result *ret);

