#include "ledger.h"

#include "container.h"
#include "job_record.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

bool ledger_init(struct ledger *l, struct loop *loop, const struct store *store,
                 const struct profile *profile)
{
    *l = (struct ledger){.store = store, .profile = profile};
    if (store_keeps(store))
        l->journal = journal_create(loop, store);
    return l->journal || !store_keeps(store);
}

void ledger_finish(struct ledger *l)
{
    struct journal *journal = l->journal;
    l->journal = NULL;
    journal_destroy(journal);
}

void ledger_note(struct ledger *l, const struct job *job)
{
    if (!l->journal)
        return;
    struct buf text;
    buf_init(&text, JOB_RECORD_MAX);
    job_record_write(job, job->state, l->profile, &text);
    l->errors += store_write_record(l->store, &job->id, &text, false) != 0;
    buf_finish(&text);
}

bool ledger_settle(struct ledger *l, struct job *job)
{
    if (!l->journal)
        return false;
    job->entry = (struct journal_entry){.id = job->id};
    buf_init(&job->entry.text, JOB_RECORD_MAX);
    job_record_write(job, job->outcome, l->profile, &job->entry.text);
    journal_push(l->journal, &job->entry);
    return true;
}

/* What the next process would not find must not be told of. */
static void fail_unwritten(struct ledger *l, struct job *job, int error)
{
    char message[120];
    snprintf(message, sizeof message, "The job's record cannot be written: %s", strerror(error));
    job_set_error(job, "storage_failed", message);
    job->outcome = JOB_FAILED;
    job->work.error = WORK_STORAGE;
    job->work.failed_stage = STAGE_MESH_EXPORT;
    job->model_bytes = 0;
    store_remove_models(l->store, &job->id);
}

void ledger_collect(struct ledger *l, void (*settled)(void *context, struct job *job), void *context)
{
    if (!l->journal)
        return;
    for (struct journal_entry *entry = journal_take_done(l->journal), *next; entry; entry = next) {
        next = entry->next;
        struct job *job = CONTAINER(struct job, entry, entry);
        l->errors += entry->error != 0;
        buf_finish(&entry->text);
        if (entry->error && job->outcome == JOB_COMPLETED)
            fail_unwritten(l, job, entry->error);
        settled(context, job);
    }
}
