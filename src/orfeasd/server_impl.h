/*
 * server_impl - what the files of the server share among themselves: server.c (its life, connections, the
 * loop), request.c (one request from its first line to its end) and exchange.c (answers and waiting).
 */
#pragma once

#include "backend.h"
#include "exchange.h"
#include "server.h"

#include <microhttpd.h>

enum { SERVER_STATUS_MAX = 600 };

struct request_series { /* of one route and method */
    struct metric_series *under_way, *duration, *request_bytes, *response_bytes;
    struct metric_series *by_status[SERVER_STATUS_MAX], *errors[SERVER_STATUS_MAX];
};

struct server {
    struct loop *loop;
    struct backend *backend;
    const struct settings *settings;
    struct MHD_Daemon *daemon;
    int port;
    struct watch_fd ready; /* MHD's epoll descriptor */
    struct watch_fd left;  /* `held_epoll`: clients of held requests that left */
    int held_epoll;
    struct timer pump, sweep;
    struct exchange *first; /* all connections */
    bool deaf;              /* the listener is closed */
    bool ending;            /* nothing that still comes is served */
    int connections, held;
    int turns;      /* of MHD, since the last sweep */
    int64_t opened; /* connections so far */
    int64_t max_body;
    struct buf text;
    struct request_series series[]; /* (route, method); the last row: no route */
};

/* exchange.c */

/* Queues the answer that was given. */
enum MHD_Result exchange_queue(struct exchange *x);
/* An answer, with the headers that all have; takes the reference. */
void exchange_give(struct exchange *x, struct MHD_Response *response, int status, int64_t len,
                   const char *content_type);
/* Its handler has put it into a list: no more of it until exchange_release(). */
void exchange_suspend(struct exchange *x);
/* Out of its list, if it is in one. */
void exchange_leave(struct exchange *x);
/* `held_epoll` has news. */
void exchange_clients_left(struct watch_fd *watch);

/* request.c: what MHD calls */

void *request_line(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_access(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *bytes, size_t *len,
                               void **request);
void request_completed(void *context, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode code);
/* Its connection is not HTTP any more: it is counted now, and has no deadline. */
void request_upgraded(struct exchange *x);
/* Ends the request that is under way and makes room for the next. */
void request_end(struct exchange *x);

extern const nsec server_header_time;
