/*
 * workers - the threads that make models, one a core, at nice 10 so that the server keeps answering.
 *
 * First come, first served. Pictures are decoded in processes, one a thread, if `decoders` are given. Work
 * belongs to the caller and must stay in place from workers_push() until workers_take_done() returns it or
 * workers_destroy() has returned. Each thread keeps one generator and one buffer, so that memory stays flat
 * from job to job.
 */
#pragma once

#include "clock.h"
#include "decoder.h"
#include "generator.h"
#include "loop.h"
#include "store.h"

#include <stdatomic.h>

enum work_error { WORK_OK, WORK_GENERATOR, WORK_INPUT, WORK_STORAGE, WORK_FAULT /* injected */ };

struct work {
    struct work *next;
    atomic_bool
        cancel; /* set by anyone: ends at the next point, with GENERATOR_CANCELLED or as if nothing were */
    struct uuid id;
    struct generator_options options;
    /* Written by the thread, read by anyone: stage << 16 | fraction in 1/1000. Once a stage shows here,
     * stage_end of those before it is set. */
    _Atomic unsigned progress;
    nsec stage_end[GENERATOR_STAGES]; /* monotonic */
    /* set when it is done: */
    enum work_error error;
    enum generator_error generator_error; /* WORK_GENERATOR */
    int system_error;                     /* WORK_INPUT, WORK_STORAGE */
    enum generator_stage failed_stage;
    struct generator_result result;
    int64_t model_bytes;
    nsec cpu;
};

struct workers;

/* Wakes `loop` when work is done and when all threads are warm. NULL when a thread cannot be started. Threads
 * inherit the caller's signal mask. `decoders` NULL: they decode themselves. */
struct workers *workers_create(struct loop *loop, const struct store *store, struct decoders *decoders,
                               int count);
/* Running work is cancelled, waiting work dropped. */
void workers_destroy(struct workers *w);

/* As many as there are cores. */
int workers_default_count(void);
int workers_count(const struct workers *w);

/* Whether every thread has made its first, tiny model: the code is paged in, its memory allocated. */
bool workers_warm(struct workers *w);
void workers_push(struct workers *w, struct work *work);
/* Takes it back if no thread has begun it; false: it is or will be among what is done. */
bool workers_withdraw(struct workers *w, struct work *work);
/* All that is done, linked by `next` in the order of completion; NULL: none. */
struct work *workers_take_done(struct workers *w);
