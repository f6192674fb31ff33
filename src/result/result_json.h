/*
 * result_json - results_<scenario>.json: everything that was measured and judged, as one JSON document.
 *
 * Seconds, per cent, per minute. Numbers have at most 6 decimals; what does not exist is null. The schema is
 * share/schema/results.schema.json. Pure: no clock, no file.
 */
#pragma once

#include "environment.h"
#include "verdict.h"

#include <jansson.h>

#define RESULT_SCHEMA "orfeas.results/1"

struct result_context { /* what the plan and the record do not know; texts may be NULL: not known */
    const char *version;
    const char *command; /* as typed, without credentials: the caller takes them out */
    uint64_t seed;
    const char *target_url;    /* without credentials, too */
    const char *target_server; /* its Server header */
    const char *target_health; /* what its health path answered; kept as JSON when it is */
    struct environment environment;
};

/* The whole document; the caller owns it. NULL only without memory. */
json_t *result_json(const struct plan *p, const struct record *r, const struct verdict *v,
                    const struct result_context *context);
/* As text, indented, with a newline at its end. */
void result_json_write(const json_t *document, struct buf *out);
