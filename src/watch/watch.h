/*
 * watch - the target seen from outside while a scenario is played: health probes, scrapes of /metrics, and
 * its process and machine where these are ours.
 *
 * The first scrape is over before watch_start() returns and the last one begins in watch_stop(): what was
 * done to the target between both is counted between them.
 *
 * It runs on threads and a loop of its own, so that watching delays no user and a busy engine no sample.
 * Create, start, stop, collect and destroy from one thread; the rest from any.
 */
#pragma once

#include "figures.h"
#include "http_client.h"
#include "process_watch.h"
#include "promtext_select.h"
#include "record.h"

struct watch_config {
    struct http_target target;
    const char *health_path;                 /* "": no probes */
    const char *metrics_path;                /* "": no scrapes */
    const struct promtext_selector *metrics; /* that are kept over time; they outlive the watch */
    int metric_count;
    nsec probe_every;
    nsec scrape_every;
    struct process_watch_config process;
};

struct watch;

/* Looks for the target's process, too. NULL with errno. The config's texts outlive it. */
struct watch *watch_create(const struct watch_config *config);
/* Returns when the first scrape has come or failed, after 5 seconds at most; false with errno when the thread
 * could not be started. */
bool watch_start(struct watch *w);
/* Takes a last reading and a last scrape and ends the threads: within 5 seconds, or more by that where one
 * hangs already. */
void watch_stop(struct watch *w);
/* After watch_stop(): adds series, probes and the metrics' state to the record, whose zero of time is `zero`.
 */
void watch_collect(const struct watch *w, struct record *record, nsec zero);
void watch_destroy(struct watch *w);

/* As process_watch.h says. */
bool watch_is_here(const struct watch *w);
int watch_pid(const struct watch *w);
/* The last value of a figure, of the process' where the target does not tell it; NaN when there is none yet.
 */
double watch_latest(const struct watch *w, enum figure figure);
