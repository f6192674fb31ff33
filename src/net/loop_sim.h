/*
 * loop_sim - a loop in virtual time, with one in-memory server as the peer of every connection.
 *
 * Time stands still while code runs and jumps to the next thing that is due: an hour's run takes milliseconds
 * and is the same every time. When nothing is due any more the loop stops and loop_sim_stalled() says so.
 */
#pragma once

#include "loop.h"

struct sim_server {
    void *context;
    /* A client connects: 0 accepts it, -errno is what the client gets. */
    int (*connected)(void *context, int socket);
    void (*received)(void *context, int socket, const void *bytes, size_t len);
    /* The client has closed; the socket's number may come again. May be NULL. */
    void (*closed)(void *context, int socket);
};

struct loop *loop_sim_create(const struct sim_server *server); /* the server is copied */
bool loop_sim_stalled(const struct loop *loop);
/* At most so many bytes a recv gives and the server hears of at once; 0: no limit. To see code work in
 * pieces. */
void loop_sim_chunk(struct loop *loop, size_t bytes);

enum sim_fault {
    SIM_FAULT_RESET,   /* the connection is reset */
    SIM_FAULT_SHORT,   /* half of the bytes arrive, and then the stream ends */
    SIM_FAULT_HANG,    /* nothing arrives, ever */
    SIM_FAULT_GARBAGE, /* other bytes arrive */
    SIM_FAULTS
};
/* The operation of that number, from 1 in the order of trying (connects, sends, recvs with something to
 * read), fails; a connect is refused, unless it hangs. 0: none. To see that code survives it. */
void loop_sim_fault(struct loop *loop, int64_t number, enum sim_fault fault);
int64_t loop_sim_operations(const struct loop *loop);

/* The server's side; each takes effect after `delay`, in the order of calls for equal times. A socket that
 * the client has closed by then is left alone. */
void loop_sim_reply(struct loop *loop, int socket, const void *bytes, size_t len, nsec delay);
void loop_sim_end(struct loop *loop, int socket, nsec delay);
void loop_sim_reset(struct loop *loop, int socket, nsec delay);
