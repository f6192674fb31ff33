/*
 * process_watch - the target's process followed on a thread of its own, for a reading may take long: the
 * kernel walks through the pages of a big process, and one whose memory is locked by a driver that hangs
 * holds whoever asks for it. Nobody waits for it then: neither the probes nor the end of the run.
 *
 * It is read at a steady pace, when it ends (so that the time of that is exact), and once more at the stop.
 * Create, start, stop, collect and destroy from one thread; ask where it is, for its pid and rss from any.
 */
#pragma once

#include "process_follow.h"

struct process_watch_config {
    struct process_follow_config follow;
    nsec every; /* between two readings; longer when one uses more than a twentieth of a core */
};

struct process_watch;

/* Looks for the process. NULL with errno. */
struct process_watch *process_watch_create(const struct process_watch_config *config);
/* Where there is nothing to read there is no thread. False with errno when it could not be started. */
bool process_watch_start(struct process_watch *w);
/* Within 5 seconds. */
void process_watch_stop(struct process_watch *w);
/* After the stop; zero of the record's time is `zero`. */
void process_watch_collect(const struct process_watch *w, struct record *record, nsec zero);
/* NULL does nothing. What a thread that hangs may still touch is left behind. */
void process_watch_destroy(struct process_watch *w);

/* The target is on this machine. From the creation on. */
bool process_watch_is_here(const struct process_watch *w);
/* The process, while it lives; else 0. From the creation on, and another one after a restart. */
int process_watch_pid(const struct process_watch *w);
/* Resident bytes of it and its descendants; NaN while there is none. */
double process_watch_rss(const struct process_watch *w);
