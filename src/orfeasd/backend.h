/*
 * backend - everything that serves: it owns the parts and ties them together. One main thread, and the
 * workers.
 */
#pragma once

#include "auth.h"
#include "decoder.h"
#include "gpu_sim.h"
#include "gpu_watch.h"
#include "job_table.h"
#include "ledger.h"
#include "machine_stats.h"
#include "metrics.h"
#include "profile.h"
#include "rate_limit.h"
#include "request_log.h"
#include "restore.h"
#include "schedule.h"
#include "settings.h"
#include "sharing.h"
#include "store.h"

enum backend_readiness { BACKEND_LOADING, BACKEND_READY, BACKEND_STOPPING };

struct backend {
    struct loop *loop;
    const struct settings *settings;
    const struct profile *profile; /* NULL: none */
    struct profile profile_storage;
    struct gpu_sim gpu;     /* with a profile that has one */
    struct gpu_watch *gpus; /* NULL: there are no real ones */
    struct machine_stats machine;
    struct store store;
    struct restored restored; /* of an earlier process */
    struct ledger ledger;
    struct metrics *metrics;
    struct decoders decoders; /* zero when workers decode themselves */
    struct workers *workers;
    struct job_table *jobs;
    struct schedule schedule;
    struct sharing sharing; /* with a profile that shares */
    struct faults *faults;  /* NULL: none were asked for */
    const struct route *routes;
    struct rate_limit rate;
    struct auth auth;
    struct request_log *log; /* NULL: none */
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

static inline bool backend_simulates_gpu(const struct backend *b)
{
    return b->profile && b->profile->gpu.present;
}

/* False with the reason in `diags`, which may hold remarks when it is true; backend_finish() is to be called
 * all the same. `settings` must outlive it. */
bool backend_init(struct backend *b, struct loop *loop, const struct settings *settings,
                  struct diag_list *diags);
void backend_finish(struct backend *b);

/* The first call takes no more jobs and lets running ones end for the time to drain; those that wait have
 * failed as interrupted, and their requests are answered at once. Meanwhile connections are served, so that
 * others learn how their jobs ended. When the time is over, or with the second call, running jobs are
 * interrupted and all requests answered, and when these answers are out (or after a second) the loop stops.
 */
void backend_stop(struct backend *b);
