/*
 * summary - a scenario's result for people, at the end of its run: the verdict, each criterion with its
 * evidence, how long everything took, what went wrong, the findings, and which files were written.
 */
#pragma once

#include "terminal.h"
#include "verdict.h"

/* A mark and its style for a verdict: "✓" "✗" "?" "–" and "!" for invalid. */
const char *summary_mark(enum verdict_kind kind);
enum terminal_style summary_style(enum verdict_kind kind);

/* `files` are the paths that were written. */
void summary_write(struct buf *out, const struct terminal *t, const struct plan *p, const struct record *r,
                   const struct verdict *v, const char *const *files, int file_count);
