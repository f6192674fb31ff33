/*
 * embedded - an orfeasd of our own as the target: started on a free loopback port, stopped at the end.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct embedded {
    pid_t pid;
    char url[64];
    char command[512]; /* as it was started, for the results */
};

enum { EMBEDDED_ERROR_TEXT = 400 };

/* True for "embedded" and "embedded?jobs=64&profile=hunyuan3d". */
bool embedded_is(const char *target);
enum embedded_outcome { EMBEDDED_LISTENS, EMBEDDED_USAGE, EMBEDDED_FAILED };

/* Starts it and waits until it listens. `error` says what went wrong and what to do; EMBEDDED_USAGE: with
 * `target`. */
enum embedded_outcome embedded_start(struct embedded *e, const char *target, double time_scale,
                                     char error[EMBEDDED_ERROR_TEXT]);
/* Asks it to end, and ends it when it does not. Returns its status as of waitpid(); 0 of one that was not
 * started. */
int embedded_stop(struct embedded *e);
