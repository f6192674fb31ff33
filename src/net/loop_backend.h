/*
 * loop_backend - what loop.c and its two backends share. Private to this layer.
 *
 * loop.c keeps the timers, the queue of operations that are complete or worth a try, and, per socket, which
 * operations are under way; a backend moves bytes. What it learns while it waits it hands on at once
 * (loop_done); what it learns inside the call that started an operation goes through the queue.
 */
#pragma once

#include "loop.h"

struct loop_backend {
    nsec (*now)(struct loop *loop);
    /* Collects I/O; returns at the latest at `deadline` (NSEC_NEVER: when something happened). */
    void (*wait)(struct loop *loop, nsec deadline);
    void (*connect)(struct loop *loop, struct op *op, const struct loop_addr *addr);
    /* Each tries a parked operation: true with op->result when it is over, false when it stays parked. A recv
     * reads into loop->in, or points op->bytes elsewhere. */
    bool (*try_send)(struct loop *loop, struct op *op);
    bool (*try_recv)(struct loop *loop, struct op *op);
    void (*close)(struct loop *loop, int socket);
    void (*wake)(struct loop *loop);
    void (*destroy)(struct loop *loop);
};

struct loop_socket {
    bool open;
    uint32_t generation;              /* of the number: it is used again */
    struct op *connect, *send, *recv; /* started and not done */
    bool readable, writable;          /* the backend's: an attempt may succeed */
    bool ended;                       /* the peer has closed: reading stays possible to its end */
};

struct loop {
    const struct loop_backend *backend;
    struct heap timers;
    struct op *first, *last; /* the queue */
    int queued;
    char *in;                    /* LOOP_RECV_MAX bytes */
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
/* Makes it an open one of a new generation. */
struct loop_socket *loop_socket_open(struct loop *loop, int socket);
/* Puts a parked operation whose result is known into the queue. */
void loop_complete(struct loop *loop, struct op *op, int result);
/* Calls `done` of a parked operation that is over: from wait() only. */
void loop_done(struct loop *loop, struct op *op);
/* What is left of a send, at most LOOP_IOV_MAX pieces: the caller's own array, or `room`. */
const struct iovec *loop_rest(const struct op *op, struct iovec room[LOOP_IOV_MAX], int *ret_count);
