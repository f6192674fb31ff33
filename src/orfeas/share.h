/*
 * share - where the program's own files lie: beside it in the build tree, or where `make install` put them.
 */
#pragma once

#include <stdbool.h>

enum { SHARE_PATH = 4096 };

/* The directory that holds scenarios/ and workflows/: $ORFEAS_SHARE, the source tree of a program that lies in its
 * build directory, or the installed one. */
bool share_dir(char ret[SHARE_PATH]);
/* A program that lies beside this one. */
bool share_program(const char *name, char ret[SHARE_PATH]);
