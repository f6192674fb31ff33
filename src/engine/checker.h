/*
 * checker - checks models while they are downloaded, and takes their hash, away from the loop, so that a
 * check of some milliseconds delays no start. The files as such are never kept (see model_reader.h for what
 * is).
 *
 * A check is the caller's memory: begun, fed with the bytes as they come, and ended; then `done` is called
 * once, from checker_collect(). Until then it can be abandoned at any time: `done` does not come, and the
 * memory is the caller's again at once, whatever the thread is doing. All calls on the loop's thread; the
 * checker's own thread never touches a check, and wakes the loop when one has ended.
 *
 * Bytes travel in pieces of 64 KiB, which go to the thread when they are full and when the check ends. There
 * are 64 MiB of them at most, for all checks of a checker. When none is left (the target sends faster than
 * models can be read, or a thousand downloads are under way) the loop helps: if the thread is reading this
 * very check it waits for the thread to be through with a piece, else it reads itself what there is of this
 * check. Memory stays bounded then, and it is starts that are late, by the time that reading takes, never by
 * that of judging, which the record's lags show.
 *
 * Without a thread (virtual time) everything is done inside the calls, and collected at the next wake.
 */
#pragma once

#include "loop.h"
#include "model_check.h"

struct checking;

/* Zero it before the first use; it can be used again after its end. */
struct check {
    void (*done)(struct check *check);
    /* good from `done` on: */
    struct model_report report;
    uint64_t hash; /* of the bytes (XXH3): the same model twice has the same; never 0 */
    nsec took;     /* reading, hashing and judging, of monotonic time; 0 without a thread */
    /* private: */
    struct checking *checking; /* NULL: not under way */
};

struct checker;

/* NULL with errno when no thread could be started. */
struct checker *checker_create(struct loop *loop, bool threaded);
/* No check is under way. NULL-safe. */
void checker_destroy(struct checker *c);

/* It is not under way. */
void checker_begin(struct checker *c, struct check *check);
void checker_feed(struct checker *c, struct check *check, const void *bytes, size_t len);
/* There are no more bytes. One that was not begun had none at all. */
void checker_end(struct checker *c, struct check *check);
/* Does nothing when it is not under way; then `c` may be NULL. */
void checker_abandon(struct checker *c, struct check *check);
/* Calls `done` of every check that has ended. To be called when the loop wakes. */
void checker_collect(struct checker *c);
