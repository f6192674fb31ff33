/*
 * listen - how a waiting job is told by the target how it stands: by Server-Sent Events, a WebSocket, or
 * Socket.IO.
 *
 * One connection a job. It says nothing of other jobs then, whether or not its messages name theirs; nobody
 * has to know how to unsubscribe, or how many subscriptions a connection may have; and it costs as much as a
 * page does that somebody opens to watch one job.
 *
 * A connection that stood and was lost is made once more, and the target is told again of what it shall
 * tell; lost again before anything was heard, the job fails. What is heard, and what cannot be made up for,
 * goes to the job. All on the worker's thread. What a listener needs belongs to a stock, as with asks.
 */
#pragma once

#include "buf.h"
#include "fail.h"
#include "http_client.h"
#include "plan.h"

#include <jansson.h>

struct job;
struct listen;
struct listens;
struct worker;

struct listen_end { /* why there is nothing more to hear */
    enum fail_kind fail;
    const char *why;                      /* good during the call, as are the others */
    const struct http_exchange *exchange; /* FAIL_STATUS: the refusal; NULL: it was said otherwise */
    const struct buf *body;               /* of it */
};

struct listens {
    struct worker *worker;
    /* Does the text say no more than that the job goes on? That is noted then. */
    bool (*goes_on)(struct job *job, const char *text, size_t len);
    /* The target says how the job stands. The job may stop to listen in here. */
    void (*told)(struct job *job, const json_t *root);
    void (*asked)(struct job *job);    /* a long poll was sent */
    void (*messaged)(struct job *job); /* something came, whether or not it is the job's */
    void (*jumbled)(struct job *job);  /* ... with a number that is not above that of the one before */
    void (*again)(struct job *job);    /* another connection begins: it may be told all once more */
    void (*lost)(struct job *job, const struct listen_end *end); /* the job stops to listen in here */
    nsec again_after;                                            /* a loss, unless the target says when */
    struct listen *made, *stock;                                 /* all there are; those that nobody uses */
};

void listens_init(struct listens *all, struct worker *w);
/* Nobody listens any more. */
void listens_finish(struct listens *all);

/* For `step` of the job; `values` stay while it listens. NULL with a sentence in `error` when the request
 * cannot be rendered. */
struct listen *listen_start(struct listens *all, struct job *job, const struct plan_step *step,
                            const char *const *values, char *error);
/* NULL-safe; also from within what is called back. */
void listen_stop(struct listen *l);
