/*
 * checker - checks downloaded models away from the loop, so that a check of some milliseconds delays no
 * start.
 *
 * A check is the caller's memory and ends exactly once: `done` is called from checker_collect(). Submit and
 * collect on the loop's thread; when a check has ended the loop is woken. Without a thread (virtual time) the
 * check is done at once and collected at the next wake.
 */
#pragma once

#include "loop.h"
#include "model_check.h"

struct check {
    const void *bytes; /* valid until done */
    size_t len;
    void (*done)(struct check *check);
    struct model_report report;
    uint64_t hash; /* of the bytes (XXH3): the same model twice has the same; never 0 */
    nsec took;     /* of monotonic time; 0 without a thread */
    struct check *next;
};

struct checker;

/* NULL with errno when no thread could be started. */
struct checker *checker_create(struct loop *loop, bool threaded);
/* No check is under way. NULL-safe. */
void checker_destroy(struct checker *c);
void checker_submit(struct checker *c, struct check *check);
/* Calls `done` of every check that has ended. To be called when the loop wakes. */
void checker_collect(struct checker *c);
