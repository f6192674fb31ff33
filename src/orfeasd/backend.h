/*
 * backend - everything that serves: it owns the parts and ties them together. One main thread, and the
 * workers.
 */
#pragma once

#include "gpu_sim.h"
#include "job_table.h"
#include "metrics.h"
#include "profile.h"
#include "rate_limit.h"
#include "schedule.h"
#include "settings.h"
#include "store.h"

enum backend_readiness { BACKEND_LOADING, BACKEND_READY, BACKEND_STOPPING };

struct backend {
    struct loop *loop;
    const struct settings *settings;
    const struct profile *profile; /* NULL: none */
    struct profile profile_storage;
    struct gpu_sim gpu; /* with a profile that has one */
    struct store store;
    int cleared; /* jobs of an earlier process whose files were removed */
    struct metrics *metrics;
    struct metric_series *request_bytes, *response_bytes; /* F_HTTP_REQUEST_BYTES, F_HTTP_RESPONSE_BYTES */
    struct workers *workers;
    struct job_table *jobs;
    struct schedule schedule;
    struct rate_limit rate;
    struct server *server;
    struct events *events;
    struct sessions *sessions;
    struct ws_conn *sockets; /* all WebSockets */
    int64_t inbound;         /* bytes of messages of theirs that are not complete */
    struct job_feed *feeds;  /* all that listen to one job */
    enum backend_readiness readiness;
    nsec started, started_wall;
    struct timer loaded;  /* the models' load time is over */
    struct timer drained; /* running jobs have had their time */
    nsec closing;         /* since when only the last answers are waited for; 0: not yet */
};

/* False with the reason in `diags`; backend_finish() is to be called all the same. `settings` must outlive
 * it. */
bool backend_init(struct backend *b, struct loop *loop, const struct settings *settings,
                  struct diag_list *diags);
void backend_finish(struct backend *b);

/* The first call stops accepting and lets running jobs end for a short time; requests whose job will not run
 * any more are answered at once. When the time is over, or with the second call, the others are answered too,
 * and when these answers are out (or after a second) the loop stops. */
void backend_stop(struct backend *b);

/* Sets the gauges, for somebody who is about to read them. */
void backend_update_gauges(struct backend *b);
