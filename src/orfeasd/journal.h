/*
 * journal - the thread that writes down how jobs ended, so that the main loop never waits for a disk.
 *
 * An entry belongs to the caller and must stay in place, with its text, from journal_push() until
 * journal_take_done() returns it or journal_destroy() has returned. There are never more of them than slots.
 */
#pragma once

#include "loop.h"
#include "store.h"

struct journal_entry {
    struct journal_entry *next;
    struct uuid id;
    struct buf text; /* the whole record */
    int error;       /* set when it is done: 0 or an errno value */
};

struct journal;

/* Wakes `loop` when something is done. NULL with errno when the thread cannot be started. */
struct journal *journal_create(struct loop *loop, const struct store *store);
/* All that was pushed is written first. */
void journal_destroy(struct journal *j);
/* It will replace the job's record and be on the disk before it is done. */
void journal_push(struct journal *j, struct journal_entry *entry);
/* All that is done, linked by `next`; NULL: none. */
struct journal_entry *journal_take_done(struct journal *j);
