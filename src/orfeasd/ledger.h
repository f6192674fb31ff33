/*
 * ledger - keeps each job's record up to date, where jobs outlive the process; elsewhere it does nothing.
 *
 * That a job waits or runs is written at once and not waited for: whatever is lost of it, the next process
 * finds a job that was interrupted. How a job ended is on the disk before anybody is told: one that has
 * completed, but whose record cannot be written, has failed. Main thread.
 */
#pragma once

#include "job.h"
#include "journal.h"

struct ledger {
    const struct store *store;
    const struct profile *profile;
    struct journal *journal; /* NULL: nothing is kept */
    int64_t errors;          /* records that could not be written */
};

/* False with errno. */
bool ledger_init(struct ledger *l, struct loop *loop, const struct store *store,
                 const struct profile *profile);
/* What settles is written down first. */
void ledger_finish(struct ledger *l);
/* The job as it is now. */
void ledger_note(struct ledger *l, const struct job *job);
/* True: its end is being written down; ledger_collect() will tell. */
bool ledger_settle(struct ledger *l, struct job *job);
/* Calls `settled` for every job whose end is written down. */
void ledger_collect(struct ledger *l, void (*settled)(void *context, struct job *job), void *context);
