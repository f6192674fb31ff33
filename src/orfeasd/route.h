/*
 * route - which handler answers which path.
 */
#pragma once

#include "exchange.h"

/* Who may ask without the token, when there is one. */
enum access {
    ACCESS_TOKEN, /* nobody */
    ACCESS_QUERY, /* nobody; but it may stand in the query, as access_token */
    ACCESS_OPEN,
    ACCESS_LOOPBACK, /* clients on this machine */
};

/* One row of the table. In a template <name> stands for one segment of the path. */
struct route {
    const char *path;          /* also the label `endpoint` of the metrics */
    const struct handler *get; /* HEAD too; NULL: not allowed */
    const struct handler *post;
    const struct handler *remove; /* DELETE */
    const struct handler *other;  /* all other methods but OPTIONS; NULL: not allowed */
    bool upload;                  /* the body may be as large as an upload */
    int64_t body_max;             /* 0: as `upload` says */
    enum access access;
};

extern const struct route route_table[]; /* the API, see routes.c */
extern const int route_count;

/* The row of `table` (route_table, or a copy with other handlers) that `path` belongs to, with what stood for
 * its <names>; NULL: none. */
const struct route *route_find(const struct route *table, const char *path,
                               char params[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1]);
const struct handler *route_handler(const struct route *route, enum method method);
const char *route_allow(const struct route *route); /* the Allow header */
