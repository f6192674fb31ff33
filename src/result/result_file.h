/*
 * result_file - results_<scenario>.json in the results directory. Any thread.
 */
#pragma once

#include "result_json.h"

enum { RESULT_PATH = 4096 };

/* "DIR/results_SCENARIO.json"; false when it does not fit. */
bool result_file_path(const char *dir, const char *scenario, char out[RESULT_PATH]);
/*
 * Makes the directory when it is missing and replaces the file as a whole: a reader sees the old results or
 * the new. Returns NULL, else a message for the user in `error`, which it returns.
 */
enum { RESULT_ERROR = RESULT_PATH + 200 };
const char *result_file_write(const char *dir, const char *scenario, const json_t *document,
                              char error[RESULT_ERROR]);
