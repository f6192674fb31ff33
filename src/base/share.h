/*
 * share - where the programs' own files lie: in the source tree of a program that runs from its build
 * directory, in
 * ../share/orfeas of an installed one, or where $ORFEAS_SHARE says. Any thread.
 */
#pragma once

#include <stdbool.h>

enum { SHARE_PATH = 4096 };

/* The directory that holds `what` ("scenarios", "profiles/x.yaml"); false when none does. */
bool share_dir(const char *what, char ret[SHARE_PATH]);
/* A program that lies beside this one. */
bool share_program(const char *name, char ret[SHARE_PATH]);
