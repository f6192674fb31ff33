/*
 * loop_backend - what loop.c and its two backends share. Private to this layer.
 *
 * loop.c keeps the timers, the list of complete operations and, per socket, which operations are under way; a
 * backend moves bytes: it tries a parked operation and calls loop_complete() when it has a result.
 */
#pragma once

#include "loop.h"

struct loop_backend {
    nsec (*now)(struct loop *loop);
    /* Collects I/O; returns at the latest at `deadline` (NSEC_NEVER: when something happened). */
    void (*wait)(struct loop *loop, nsec deadline);
    void (*connect)(struct loop *loop, struct op *op, const struct loop_addr *addr);
    void (*try_send)(struct loop *loop, struct op *op);
    void (*try_recv)(struct loop *loop, struct op *op);
    void (*close)(struct loop *loop, int socket);
    void (*wake)(struct loop *loop);
    void (*destroy)(struct loop *loop);
};

struct loop_socket {
    bool open;
    struct op *connect, *send, *recv; /* started and not done */
    bool readable, writable;          /* the backend's: an attempt may succeed */
    bool ended;                       /* the peer has closed: reading stays possible to its end */
};

struct loop {
    const struct loop_backend *backend;
    struct heap timers;
    struct op *first, *last; /* complete, in order */
    int complete_count;
    struct loop_socket *sockets; /* by number */
    int socket_capacity;
    bool stopping;
    void (*on_wake)(void *context);
    void *wake_context;
};

void loop_init(struct loop *loop, const struct loop_backend *backend);
void loop_finish(struct loop *loop);
/* Its entry, made when there was none. The pointer is good until the next call with a larger number. */
struct loop_socket *loop_socket(struct loop *loop, int socket);
void loop_complete(struct loop *loop, struct op *op, int result);
