/*
 * loop - time and I/O for one thread, in the shape of completions.
 *
 * Start an operation on the caller's memory; later, from loop_run() and never from inside the call that
 * started it, its `done` is called once with the result: bytes (or a socket) when >= 0, else -errno. Two
 * backends: real sockets (epoll) and a simulation in virtual time with in-memory peers (loop_sim.h), so that
 * the same code runs in production and in exact, instant tests.
 *
 * Ownership: ops, timers and their buffers belong to the caller and must stay in place until done was called,
 * they were cancelled, or the socket was closed. Thread: everything on the loop's own thread, but
 * loop_wake().
 */
#pragma once

#include "heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct loop;
struct loop_backend;

enum { LOOP_IOV_MAX = 16, LOOP_SEND_MAX = 1 << 30, LOOP_RECV_MAX = 256 << 10 };

struct loop_addr { /* the simulation ignores it: there is one peer */
    struct sockaddr_storage storage;
    socklen_t len;
};

/* Intrusive; zero it before the first use. */
struct op {
    void (*done)(struct op *op, int result);
    const char
        *bytes; /* of a recv: what came, in the loop's own buffer, good during `done`; NULL: discarded */
    /* of a send, set before it: a bit a piece, of those whose bytes never change as long as the socket is
     * open; they may be referred to where they lie instead of being copied */
    unsigned stable;
    /* of a recv, may be set until it is done: */
    size_t most;  /* takes at most so many bytes; 0: LOOP_RECV_MAX */
    bool discard; /* `most` bytes at most are taken off the stream and thrown away, without a copy of them */
    /* the loop's own: */
    enum { OP_IDLE, OP_PARKED, OP_QUEUED } state;
    bool attempted;         /* queued: `result` is known; else it is yet to be tried */
    struct op *next, *prev; /* in the queue */
    int result;
    int socket;
    const struct iovec *iov; /* send */
    int iov_count;
    size_t sent, total;
};

struct timer {
    struct heap_node node;
    void (*fire)(struct timer *timer);
};

/* Waits for a foreign descriptor to be readable (with `write`: or writable), level-triggered, until removed;
 * not in the simulation. */
struct watch_fd {
    void (*ready)(struct watch_fd *watch);
    int fd;
    bool write;
};

struct loop *loop_epoll_create(void); /* NULL with errno when the kernel refuses */
/* Sockets that are open are closed; operations under way end without `done`. */
void loop_destroy(struct loop *loop);

/* Runs until loop_stop(). Timers that are due run in the order of their times. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Makes loop_run() call `on_wake` soon. From any thread and from signal handlers; several wakes may become
 * one. */
void loop_on_wake(struct loop *loop, void (*on_wake)(void *context), void *context);
void loop_wake(struct loop *loop);

/* Read fresh from the clock at every call. */
nsec loop_now(struct loop *loop);

/* (Re)arms it; one in the past fires at the next turn. */
void timer_set(struct loop *loop, struct timer *timer, nsec due);
void timer_cancel(struct loop *loop, struct timer *timer);
bool timer_armed(const struct timer *timer);

/* A non-blocking TCP connection: the result is a socket, or -errno. Cancel with loop_cancel_connect(). */
void loop_connect(struct loop *loop, struct op *op, const struct loop_addr *addr);
void loop_cancel_connect(struct loop *loop, struct op *op); /* does nothing when it is over */
/* At most one send and one recv are under way on a socket. A send is done when all of it has gone, at most
 * LOOP_SEND_MAX bytes in at most LOOP_IOV_MAX pieces, which stay unchanged until then. */
void loop_send(struct loop *loop, int socket, struct op *op, const struct iovec *iov, int count);
/* Calls `done` of a send now if its result is known already. From within the loop, as every `done`. */
void loop_settle(struct loop *loop, struct op *op);
/* What has come, at most LOOP_RECV_MAX bytes; 0 is the end of the stream. Nobody brings a buffer: of ten
 * thousand connections that wait, none needs one. */
void loop_recv(struct loop *loop, int socket, struct op *op);
/* Its operations end without `done`. */
void loop_close(struct loop *loop, int socket);

bool loop_watch_add(struct loop *loop, struct watch_fd *watch); /* false with errno */
void loop_watch_remove(struct loop *loop, struct watch_fd *watch);
