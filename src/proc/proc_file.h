/*
 * proc_file - the small files of /proc, read whole. Any thread.
 *
 * `proc` is where it is mounted, "/proc"; tests have a directory of their own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PROC_PATH = 512 };

/* "<proc>/<pid>/<name>"; without a pid (0) "<proc>/<name>". Returns `out`. */
const char *proc_file_path(const char *proc, int pid, const char *name, char out[PROC_PATH]);
/* Reads at most size - 1 bytes, and ends them with a NUL. Returns how many, or -errno. */
int proc_file_read(const char *proc, int pid, const char *name, char *out, size_t size);
/* Of the line "<name>:   123 kB": what stands there, in bytes. False, and no value, when there is none. */
bool proc_file_kib(const char *text, const char *name, double *ret_bytes);
