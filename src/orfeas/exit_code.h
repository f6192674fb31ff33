/*
 * exit_code - what the program's exit status says. Scripts rely on these.
 */
#pragma once

enum exit_code {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,         /* a criterion failed, and nothing worse */
    EXIT_USAGE = 2,        /* nothing was sent */
    EXIT_INCONCLUSIVE = 3, /* or invalid */
    EXIT_UNREACHABLE = 4,  /* or not ready */
    EXIT_INTERNAL = 70,
    EXIT_SIGNAL = 128 /* plus the signal's number */
};
